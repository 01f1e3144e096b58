"""`workc stage sign` and `verify`: whatever changed since is named in the refusal."""

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TEXT = {"kind": "Text"}


def spec(**more):
    said = {
        "name": "count",
        "description": "Counts.",
        "signature": {
            "input": TEXT,
            "output": {"kind": "Number"},
            "effects": {"effects": ["Pure"]},
            "implementation_hash": "kept",
        },
        "implementation_code": "def run(x): return len(x)",
        "implementation_language": "python",
        "examples": [{"input": "abc", "output": 3}, {"input": "", "output": 0}],
        "properties": [{"kind": "range", "field": "output", "min": 0}],
    }
    return {**said, **more}


@pytest.fixture
def put(folder):
    def write(*specs):
        (folder / "specs.json").write_text(json.dumps(specs))
        return "specs.json"

    return write


@pytest.fixture
def stage(workc, put):
    """Adds a stage, makes two keys and a trust file of the first, and returns the stage's id."""
    for name in ("release", "other"):
        assert workc("keys", "new", name, "--out", "keys").exit_code == 0
    for name in ("release", "other"):
        made = workc("keys", "trust", f"keys/{name}.pub.pem", "--out", f"{name}.json")
        assert made.exit_code == 0
    return workc("stage", "add", put(spec()), "--json").document["stages"][0]["id"]


def sign(workc, stage, *more, key="release"):
    return workc("stage", "sign", stage, "--key", f"keys/{key}.key.pem", *more)


def verify(workc, stage, *more, trust="release.json"):
    return workc("stage", "verify", stage, "--trust", trust, *more)


def test_a_signed_stage_passes_and_carries_its_signature(workc, stage):
    unsigned = verify(workc, stage)
    assert unsigned.exit_code == 6
    assert unsigned.stdout.startswith(f"✗ UNDECIDED  {stage[:12]}  count\n")
    assert "/ed25519_signature: nobody signed it" in unsigned.stdout
    signed = sign(workc, stage)
    assert (signed.exit_code, signed.stderr) == (0, "")
    assert signed.stdout.startswith(f"✓ SIGNED  count\n  stage     {stage}\n")
    again = sign(workc, stage)
    assert "SIGNED BEFORE" in again.stdout
    passed = verify(workc, stage)
    assert passed.exit_code == 0
    assert passed.stdout.startswith(f"✓ PASS  {stage[:12]}  count\n  signer    release\n")
    found = workc("stage", "get", stage, "--json").document["stage"]
    key = base64.b64decode(found["signer_public_key"])
    Ed25519PublicKey.from_public_bytes(key)
    assert len(base64.b64decode(found["ed25519_signature"])) == 64


def test_a_signature_goes_with_the_stage_to_another_registry(workc, stage, folder):
    sign(workc, stage)
    whole = workc("stage", "get", stage, "--json").document["stage"]
    (folder / "whole.json").write_text(json.dumps(whole))
    there = ("--registry", "there")
    assert workc("stage", "add", "whole.json", *there).exit_code == 0
    assert verify(workc, stage, *there).exit_code == 0
    whole["examples"].append({"input": "x", "output": 1})
    (folder / "whole.json").write_text(json.dumps(whole))
    assert workc("stage", "add", "whole.json", "--replace", *there).exit_code == 0
    failed = verify(workc, stage, *there)
    assert failed.exit_code == 5
    assert "what was signed is not here to be compared" in failed.stdout


CHANGES = [
    ({"implementation_code": "def run(x): return 1"}, ["/implementation_code"]),
    ({"implementation_language": "js"}, ["/implementation_language"]),
    ({"examples": [{"input": "abc", "output": 4}, {"input": "", "output": 0}]}, ["/examples/0"]),
    ({"examples": [{"input": "abc", "output": 3}]}, ["/examples/1"]),
    ({"examples": [*spec()["examples"], {"input": "x", "output": 1}]}, ["/examples/2"]),
    ({"properties": [{"kind": "range", "field": "output", "min": 1}]}, ["/properties/0"]),
    ({"properties": []}, ["/properties/0"]),
    ({"properties": [], "examples": []}, ["/examples/0", "/examples/1", "/properties/0"]),
]


@pytest.mark.parametrize(("change", "places"), CHANGES)
def test_what_was_changed_since_is_named(workc, stage, put, change, places):
    sign(workc, stage)
    replaced = workc("stage", "add", put(spec(**change)), "--replace")
    assert replaced.exit_code == 0
    failed = verify(workc, stage, "--json")
    assert failed.exit_code == 5
    document = failed.document
    assert (document["verdict"], document["exit"], document["signer"]) == ("FAIL", 5, "release")
    assert [each["at"] for each in document["findings"]] == places
    assert workc("stage", "add", put(spec()), "--replace").exit_code == 0
    assert verify(workc, stage).exit_code == 0


@pytest.mark.parametrize("name", ["description", "tags", "aliases", "cost"])
def test_what_is_no_evidence_may_change(workc, stage, put, name):
    sign(workc, stage)
    value = {"description": "x", "cost": {"tokens_est": 1}}.get(name, ["x"])
    workc("stage", "add", put(spec(**{name: value})), "--replace")
    assert verify(workc, stage).exit_code == 0


@pytest.mark.parametrize("part", ["input", "output", "effects", "implementation_hash"])
def test_what_makes_it_another_stage_leaves_it_unsigned(workc, stage, put, part):
    sign(workc, stage)
    whole = workc("stage", "get", stage, "--json").document["stage"]
    other = {"effects": {"effects": ["Network"]}, "implementation_hash": "other"}
    signature = {**spec()["signature"], part: other.get(part, {"kind": "Any"})}
    signed = {name: whole[name] for name in ("ed25519_signature", "signer_public_key")}
    added = workc("stage", "add", put(spec(signature=signature, **signed)), "--json")
    (new,) = (each["id"] for each in added.document["stages"])
    assert new != stage
    assert verify(workc, new).exit_code == 5
    assert verify(workc, stage).exit_code == 0


def test_dependencies_are_signed_too(workc, stage, folder):
    (folder / "lock.txt").write_text("a==1")
    lock = ("--dependency", "lock=lock.txt")
    sign(workc, stage, *lock)
    assert verify(workc, stage, *lock).exit_code == 0
    missing = verify(workc, stage)
    assert missing.exit_code == 6
    assert "/dependencies/lock: it was signed, and is not given" in missing.stdout
    more = verify(workc, stage, *lock, "--dependency", "b=lock.txt")
    assert (more.exit_code, "/dependencies/b: it was not signed" in more.stdout) == (5, True)
    (folder / "lock.txt").write_text("a==2")
    changed = verify(workc, stage, *lock)
    assert (changed.exit_code, "/dependencies/lock: it is another" in changed.stdout) == (5, True)
    for text in ("lock", "=lock.txt", "lock=none.txt"):
        assert sign(workc, stage, "--dependency", text).exit_code == 2
    assert sign(workc, stage, *lock, *lock).exit_code == 2


def test_who_is_not_trusted_has_not_signed(workc, stage):
    sign(workc, stage, key="other")
    assert verify(workc, stage, trust="other.json").exit_code == 0
    failed = verify(workc, stage)
    assert (failed.exit_code, "no key of the trust file" in failed.stdout) == (5, True)


def test_a_trust_file_has_its_say(workc, stage, folder):
    sign(workc, stage)
    trust = json.loads((folder / "release.json").read_text())
    entry = {**trust["keys"][0], "not_after": "2027-01-01T00:00:00Z"}
    (folder / "until.json").write_text(json.dumps({**trust, "keys": [entry]}))
    late = ("--at", "2027-06-01T00:00:00Z")
    early = ("--at", "2026-06-01T00:00:00Z")
    assert verify(workc, stage, *early, trust="until.json").exit_code == 0
    failed = verify(workc, stage, *late, trust="until.json")
    assert (failed.exit_code, "not valid at this time" in failed.stdout) == (5, True)
    other = json.loads((folder / "other.json").read_text())["keys"]
    two = {**trust, "threshold": 2, "keys": [*trust["keys"], *other]}
    (folder / "two.json").write_text(json.dumps(two))
    both = verify(workc, stage, trust="two.json")
    assert (both.exit_code, "demands 2" in both.stdout) == (5, True)
    inside = folder / ".workc/stages/trust.json"
    inside.write_text(json.dumps(trust))
    assert verify(workc, stage, trust=str(inside)).exit_code == 2
    assert verify(workc, stage, trust="none.json").exit_code == 2
    assert sign(workc, stage, key="none").exit_code == 2


def test_a_forged_signature_is_none(workc, stage, put):
    sign(workc, stage)
    whole = workc("stage", "get", stage, "--json").document["stage"]
    data = bytearray(base64.b64decode(whole["ed25519_signature"]))
    data[40] ^= 1
    for text in (base64.b64encode(data).decode(), "", "x" * 88):
        forged = {"ed25519_signature": text, "signer_public_key": whole["signer_public_key"]}
        unsaid = workc("stage", "add", put(spec(**forged)))
        assert (unsaid.exit_code, "signature" in unsaid.stderr) == (2, True)
        assert workc("stage", "add", put(spec(**forged)), "--replace").exit_code == 0
        failed = verify(workc, stage)
        assert failed.exit_code == 5
        assert "not the one that the key has made" in failed.stdout


def test_a_changed_envelope_is_named(workc, stage, folder, put):
    sign(workc, stage)
    workc("stage", "add", put(spec(examples=[])), "--replace")
    for path in (folder / ".workc/stages/objects").iterdir():
        if b"payloadType" in path.read_bytes():
            path.write_bytes(b"{}")
    failed = verify(workc, stage)
    assert (failed.exit_code, "STAGE_CHANGED" in failed.stderr) == (5, True)
