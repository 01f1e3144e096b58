"""Ed25519 keys in files: PKCS #8 and SubjectPublicKeyInfo in PEM (RFC 8410), as openssl writes them.

A key NAME is two files of one folder: ``NAME.key.pem``, which its owner alone may read, and
``NAME.pub.pem``. Neither is ever overwritten. A private key is not encrypted: who can read the file
can sign.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from workc.adapters.new_file import already_there, write_new
from workc.kernel.failure import Refusal, refuse
from workc.verify.signatures.ed25519 import key_problem, keyid_of

PRIVATE_SUFFIX = ".key.pem"
PUBLIC_SUFFIX = ".pub.pem"
PRIVATE_MODE = 0o600
FOLDER_MODE = 0o700
#: A key is a few hundred bytes; whatever is longer is none.
MAX_KEY_BYTES = 65_536
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class SigningKey:
    """A private key in memory; its repr does not show it."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()

    @property
    def keyid(self) -> str:
        """Returns what the key is called in signatures."""
        return keyid_of(self.public)

    def sign(self, message: bytes) -> bytes:
        """Returns the signature over a message: 64 bytes, the same each time."""
        return self._private.sign(message)

    def pem(self) -> bytes:
        """Returns the secret itself as PKCS #8 in PEM: whoever has it can sign."""
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


class KeyFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where a key stands; ``private`` is None if there is only the public one."""

    name: str
    public_key: bytes
    public: Path
    private: Path | None

    @property
    def keyid(self) -> str:
        """Returns what the key is called in signatures."""
        return keyid_of(self.public_key)


def new_key() -> SigningKey:
    """Returns a new key, drawn by the operating system."""
    return SigningKey(Ed25519PrivateKey.generate())


def write_key(folder: Path, name: str, key: SigningKey) -> KeyFiles:
    """Writes the two files of a key; the folder is made if it is not there.

    Raises:
        FileExistsError: one of them is there already.
        Refusal: ``INVALID_INPUT`` if the name is none for a key.
    """
    if not NAME.fullmatch(name):
        raise refuse("INVALID_INPUT", f"the name of a key is {NAME.pattern}")
    private, public = folder / (name + PRIVATE_SUFFIX), folder / (name + PUBLIC_SUFFIX)
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if os.path.lexists(public):
        raise already_there(public)
    write_new(private, key.pem(), PRIVATE_MODE)
    write_new(public, _public_pem(key.public))
    return KeyFiles(name=name, public_key=key.public, public=public, private=private)


def find_keys(folder: Path) -> list[KeyFiles]:
    """Returns the keys of a folder that have a public file, by name; what is no key is left out."""
    found: list[KeyFiles] = []
    for public in sorted(folder.glob("*" + PUBLIC_SUFFIX)):
        with suppress(OSError, Refusal):
            key = read_public(public)
            name = public.name.removesuffix(PUBLIC_SUFFIX)
            private = folder / (name + PRIVATE_SUFFIX)
            there = private if private.is_file() else None
            found.append(KeyFiles(name=name, public_key=key, public=public, private=there))
    return found


def read_private(path: Path) -> SigningKey:
    """Returns the private key of a file.

    Raises:
        Refusal: ``INVALID_INPUT`` if it holds none, an encrypted one or one of another kind.
        OSError: it cannot be read.
    """
    try:
        key = serialization.load_pem_private_key(_read(path), password=None)
    except TypeError:
        raise _refused(path, "the key is encrypted; workc reads keys that are not") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _refused(path, "it holds no private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _refused(path, "the key is none for Ed25519")
    return SigningKey(key)


def read_public(path: Path) -> bytes:
    """Returns the 32 bytes of the public key of a file.

    Raises:
        Refusal: ``INVALID_INPUT`` if it holds none, or one that nobody should trust.
        OSError: it cannot be read.
    """
    try:
        key = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        raise _refused(path, "it holds no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise _refused(path, "the key is none for Ed25519")
    data = key.public_bytes_raw()
    problem = key_problem(data)
    if problem is not None:
        raise _refused(path, f"the key must not be trusted: {problem}")
    return data


def others_may_read(path: Path) -> bool:
    """Returns whether somebody besides the owner may read a file."""
    return bool(stat.S_IMODE(path.stat().st_mode) & ~PRIVATE_MODE)


def _public_pem(key: bytes) -> bytes:
    return Ed25519PublicKey.from_public_bytes(key).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _read(path: Path) -> bytes:
    try:
        # O_NONBLOCK: opening a FIFO must not hang.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _refused(path, "it is no regular file")
            data = file.read(MAX_KEY_BYTES + 1)
    except ValueError:
        raise refuse("INVALID_INPUT", "the name of a file holds no zero byte") from None
    if len(data) > MAX_KEY_BYTES:
        raise _refused(path, f"it is larger than {MAX_KEY_BYTES:,} bytes")
    return data


def _refused(path: Path, why: str) -> Refusal:
    return refuse("INVALID_INPUT", f"{path}: {why}")
