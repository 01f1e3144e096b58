"""Signing and judging over real folders, as a program does it."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import workc
from workc.adapters.signing_keys import SigningKey, read_private, write_key
from workc.api import signing
from workc.api.signing import NotVerified, sign
from workc.api.trust import load_trust
from workc.kernel.failure import Misuse, Refusal
from workc.verify.signatures.rules import MAX_SIGNATURE_FILES
from workc.verify.signatures.timestamps import LAST_MS, to_ms
from workc.verify.signatures.trust import Trust

VERIFY = Path(__file__).parents[1] / "verify"


def load(name):
    """Returns a helper of the verifier's tests; those find each other by name."""
    sys.path.insert(0, str(VERIFY))
    try:
        spec = importlib.util.spec_from_file_location(f"{name}_for_signing", VERIFY / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(VERIFY))
    return module


FILES = load("bundles").bundle("staged")
helper = load("signing")


@pytest.fixture
def bundle(tmp_path):
    target = tmp_path / "bundle"
    for path, data in FILES.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(data)
    return target


@pytest.fixture
def keys(tmp_path):
    """The private keys 1 and 2 as files, whose public parts the helper knows too."""
    made = [
        SigningKey(Ed25519PrivateKey.from_private_bytes(helper.key(number).seed))
        for number in (1, 2)
    ]
    return [write_key(tmp_path / "keys", f"k{n}", key).private for n, key in enumerate(made)]


@pytest.fixture
def trust(tmp_path):
    path = tmp_path / "trust.json"
    path.write_bytes(helper.trust_file(helper.key(1), helper.key(2)))
    return path


def content(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_signing_adds_the_file_that_the_page_describes_and_nothing_else(bundle, keys):
    signed = sign(bundle, keys[0])
    assert content(bundle) == helper.signed(FILES, helper.key(1))
    assert signed.file == helper.path_of(helper.key(1))
    receipt = json.loads(FILES["receipt.json"])
    assert (signed.run_id, signed.proof_digest) == (receipt["run_id"], receipt["proof_digest"])
    assert signed.is_new
    assert signed.to_json()["schema"] == "workc.signed/1"


def test_a_signed_bundle_passes_with_its_signers(bundle, keys, trust):
    sign(bundle, keys[0])
    sign(bundle, read_private(keys[1]))
    verdict = workc.verify_bundle(bundle, trust=trust, require_signature=True, at_ms=0)
    assert verdict.ok
    assert {signer.keyid for signer in verdict.signers} == {
        helper.key(1).keyid,
        helper.key(2).keyid,
    }
    assert verdict.to_json()["signers"] == [
        {"name": signer.name, "keyid": signer.keyid} for signer in verdict.signers
    ]


def test_signing_twice_with_one_key_changes_nothing(bundle, keys):
    sign(bundle, keys[0])
    before = content(bundle)
    again = sign(bundle, keys[0])
    assert not again.is_new
    assert content(bundle) == before


def test_the_same_run_signed_elsewhere_has_the_same_signature(bundle, keys, tmp_path):
    shutil.copytree(bundle, tmp_path / "copy")
    sign(bundle, keys[0])
    sign(tmp_path / "copy", keys[0])
    assert content(bundle) == content(tmp_path / "copy")


def test_a_signature_that_would_break_the_bundle_is_not_added(bundle, keys):
    name = Path(helper.path_of(helper.key(1))).name
    (bundle / "signatures").mkdir()
    twin = bundle / "signatures" / (name.removesuffix(".dsse.json").upper() + ".dsse.json")
    twin.write_bytes(b"{}")
    with pytest.raises(Refusal, match="in case only"):
        sign(bundle, keys[0])
    twin.unlink()
    for number in range(MAX_SIGNATURE_FILES):
        (bundle / "signatures" / f"j{number}.dsse.json").write_bytes(b"{}")
    with pytest.raises(Refusal, match="as many as it may have"):
        sign(bundle, keys[0])
    (bundle / "signatures" / "j0.dsse.json").unlink()
    assert sign(bundle, keys[0]).is_new
    assert workc.verify_bundle(bundle).ok


def test_a_bundle_that_does_not_verify_is_not_signed(bundle, keys):
    (bundle / "events.jsonl").write_bytes(b"")
    with pytest.raises(NotVerified, match=r"HASH_MISMATCH.*not signed") as caught:
        sign(bundle, keys[0])
    assert caught.value.verdict.verdict == "FAIL"
    assert caught.value.failure.code == "BUNDLE_INVALID"
    findings = [finding.to_json() for finding in caught.value.verdict.failures]
    assert caught.value.failure.details == {"findings": findings}
    assert not (bundle / "signatures").exists()


def test_another_file_in_its_place_is_kept(bundle, keys):
    place = bundle / helper.path_of(helper.key(1))
    place.parent.mkdir()
    place.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        sign(bundle, keys[0])
    assert place.read_bytes() == b"mine"


def test_a_bundle_that_changed_after_it_was_verified_is_not_signed(bundle):
    with pytest.raises(Refusal, match="changed while it was verified"):
        signing._receipt(bundle, "0" * 64)
    (bundle / "receipt.json").write_bytes(b"{}")
    with pytest.raises(Refusal, match="cannot be signed"):
        signing._receipt(bundle, "0" * 64)


def test_a_signed_bundle_replays_as_before(bundle, keys):
    before = workc.replay(bundle)
    sign(bundle, keys[0])
    after = workc.replay(bundle)
    assert after.identical is before.identical is True
    assert after.replayed_digest == before.replayed_digest == before.proof_digest


def test_a_trust_file_may_be_a_path_its_bytes_or_what_was_read(bundle, keys, trust):
    sign(bundle, keys[0])
    read = load_trust(trust)
    assert isinstance(read, Trust)
    for given in (trust, str(trust), trust.read_bytes(), read):
        assert workc.verify_bundle(bundle, trust=given, require_signature=True).ok
    files = content(bundle)
    assert workc.verify_bundle(files, trust=trust, require_signature=True).ok
    assert workc.verify_bundle(FILES, trust=trust, require_signature=True).codes() == (
        "SIGNATURE_MISSING",
    )


def test_keys_must_be_valid_at_the_time_that_is_given(bundle, keys):
    sign(bundle, keys[0])
    trust = helper.trust_file(helper.key(1).entry(not_after="2030-01-01T00:00:00Z"))
    last = to_ms("2030-01-01T00:00:00Z")
    assert workc.verify_bundle(bundle, trust=trust, at_ms=last).ok
    late = workc.verify_bundle(bundle, trust=trust, at_ms=last + 1)
    assert late.codes() == ("SIGNER_UNTRUSTED",)
    assert workc.verify_bundle(bundle, trust=trust).ok


def test_nothing_is_demanded_of_signatures_without_a_trust_file(bundle):
    for more in ({"require_signature": True}, {"at_ms": 0}):
        with pytest.raises(Misuse, match="need a trust file"):
            workc.verify_bundle(bundle, **more)


def test_a_time_is_judged_at_its_bounds_and_past_them(bundle, trust):
    for at_ms in (0, LAST_MS):
        assert workc.verify_bundle(bundle, trust=trust, at_ms=at_ms).ok
    for at_ms in (-1, LAST_MS + 1):
        with pytest.raises(Misuse, match="at_ms is a whole number from 0"):
            workc.verify_bundle(bundle, trust=trust, at_ms=at_ms)


@pytest.mark.parametrize("place", ["trust.json", "signatures/trust.json", "evidence/x/../t.json"])
def test_a_trust_file_inside_the_bundle_is_refused(bundle, trust, place, tmp_path):
    (bundle / "signatures").mkdir(exist_ok=True)
    (bundle / "evidence" / "x").mkdir(exist_ok=True)
    shutil.copy(trust, bundle / place)
    (tmp_path / "link.json").symlink_to(bundle / place)
    for path in (bundle / place, tmp_path / "link.json"):
        with pytest.raises(Misuse, match="inside the bundle"):
            workc.verify_bundle(bundle, trust=path)


def test_what_is_no_trust_file_is_refused_with_its_name(bundle, tmp_path):
    path = tmp_path / "typo.json"
    path.write_text('{"schema": "workc.trust/1", "keys": [], "treshold": 1, "min_version": "0.2"}')
    with pytest.raises(Refusal, match=r"typo.json is no trust file: .*treshold"):
        workc.verify_bundle(bundle, trust=path)
    with pytest.raises(Refusal, match="the trust file is no trust file"):
        workc.verify_bundle(bundle, trust=b"")
    with pytest.raises(FileNotFoundError):
        workc.verify_bundle(bundle, trust=tmp_path / "nowhere")
    with pytest.raises(Refusal, match="zero byte"):
        workc.verify_bundle(bundle, trust="a\0b")
