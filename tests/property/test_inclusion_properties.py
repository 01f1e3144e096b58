"""Whatever a proof is, a verdict comes back; and what passes, the independent check passes too."""

import importlib.util
import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from workc.verify.inclusion import verify_proof


def load(name):
    path = Path(__file__).parents[1] / "unit" / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_proofs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


proofs = load("proofs")
FILES = load("bundles").bundle("paid")
PROOFS = [
    proofs.make(FILES, event=0),
    proofs.make(FILES, event=7),
    proofs.make(FILES, file="evidence/program.yaml"),
]
EXAMPLES = settings(max_examples=200, deadline=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def passes(data):
    verdict = verify_proof(data)
    assert verify_proof(data) == verdict
    assert json.dumps(verdict.to_json()).isascii()
    return verdict.ok


def spelled(value):
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "surrogatepass")


def places(value, at=()):
    yield at
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*at, key))


def put(value, at, new):
    *way, last = at
    for key in way:
        value = value[key]
    value[last] = new


@EXAMPLES
@given(st.binary(max_size=300))
def test_any_bytes_fail(data):
    assert not passes(data)


@EXAMPLES
@given(JSON)
def test_any_json_fails(value):
    assert not passes(spelled(value))


@EXAMPLES
@given(st.sampled_from(PROOFS), st.data())
def test_any_edit_of_the_bytes_fails(proof, draws):
    start = draws.draw(st.integers(0, len(proof)))
    stop = draws.draw(st.integers(start, min(len(proof), start + 8)))
    data = proof[:start] + draws.draw(st.binary(max_size=8)) + proof[stop:]
    assert passes(data) == (data == proof)


@EXAMPLES
@given(st.sampled_from(PROOFS), st.data(), JSON)
def test_any_value_in_its_place_fails_unless_the_receipt_is_sealed_anew(proof, draws, new):
    value = json.loads(proof)
    put(value, draws.draw(st.sampled_from(list(places(value))[1:])), new)
    data = spelled(value)
    assert passes(data) == (data == proof)
    receipt = value.get("receipt")
    if isinstance(receipt, dict) and isinstance(receipt.get("proof_digest"), str):
        try:
            receipt["proof_digest"] = proofs.digest_of(receipt)
        except UnicodeEncodeError:
            return
        assert not passes(spelled(value)) or proofs.check(spelled(value)) is None
