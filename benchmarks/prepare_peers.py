"""Lets each peer list or sign the files of a bundle; run by the peers' own Python.

Usage: ``prepare_peers.py BUNDLE FOLDER``: what they make goes into FOLDER.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import bagit
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from in_toto.models.layout import Inspection, Layout, Step
from in_toto.models.metadata import Metablock
from securesystemslib.signer import CryptoSigner

HERE = Path(sys.executable).parent


def write_keys(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, stem: Path) -> None:
    """Writes both halves of a key as PEM."""
    stem.with_suffix(".pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    stem.with_suffix(".pub").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )


def layout(key: ed25519.Ed25519PrivateKey, folder: Path) -> None:
    """Writes a layout that demands the files as they were, and nothing beside them."""
    signer = CryptoSigner(key)
    step = Step(name="seal")
    step.pubkeys = [signer.public_key.keyid]
    step.expected_products = [["ALLOW", "*"]]
    look = Inspection(name="look")
    look.set_run_from_string("true")
    look.expected_materials = [
        ["MATCH", "*", "WITH", "PRODUCTS", "FROM", "seal"],
        ["ALLOW", "look.link"],  # Each verification leaves this file behind.
        ["DISALLOW", "*"],
    ]
    keyid = signer.public_key.keyid
    whole = Layout()
    whole.keys = {keyid: {**signer.public_key.to_dict(), "keyid": keyid}}
    whole.steps, whole.inspect = [step], [look]
    whole.set_relative_expiration(months=12)
    block = Metablock(signed=whole)
    block.create_signature(signer)
    block.dump(str(folder / "root.layout"))


def main(bundle: Path, folder: Path) -> None:
    """Prepares everything."""
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(bundle)}\n"
        for path in files
    ]
    (folder / "SUMS").write_text("".join(lines))
    shutil.copytree(bundle, folder / "bag")
    shutil.copytree(bundle, folder / "product")
    bagit.make_bag(str(folder / "bag"), checksums=["sha256"])
    key = ed25519.Ed25519PrivateKey.generate()
    write_keys(key, folder / "key")
    write_keys(ec.generate_private_key(ec.SECP256R1()), folder / "ec")
    record = [str(HERE / "in-toto-run"), "--step-name", "seal", "--no-command", "--products", "."]
    keys = ["--signing-key", str(folder / "key.pem"), "--metadata-directory", str(folder)]
    subprocess.run([*record, *keys], check=True, cwd=folder / "product")
    layout(key, folder)
    sign = [str(HERE / "model_signing"), "sign", "key", str(bundle)]
    outs = ["--private_key", str(folder / "ec.pem"), "--signature", str(folder / "model.sig")]
    subprocess.run([*sign, *outs], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
