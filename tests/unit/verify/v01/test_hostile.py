"""Whatever the bytes are, there is a verdict and no exception; what was not sealed anew fails."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from judging import verdict_of
from sealing import PARTS, bundle, draft

from workc.verify.reader import MemoryReader, ReadError
from workc.verify.verifier import verify

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**63), max_value=2**64 - 1)
    | st.text(max_size=8)
    | st.sampled_from(["success", "Lock", "Act", "0" * 64, "2026-01-02T03:04:05Z", "fs:/", "a@1"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(sorted(PARTS))


def places(value, at=()):
    """Yields where each value in a document stands."""
    yield at
    pairs = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for key, inner in pairs:
        yield from places(inner, (*at, key))


def put(value, at, new):
    for key in at[:-1]:
        value = value[key]
    value[at[-1]] = new


@st.composite
def resealed(draw):
    """Draws a bundle with values of receipt and payloads replaced, and sealed anew if it can be."""
    d = draft(draw(NAMES))
    for _ in range(draw(st.integers(1, 3))):
        root = draw(st.sampled_from([d.receipt, d.events, d.manifest]))
        at = draw(st.sampled_from([place for place in places(root) if place]))
        put(root, at, draw(VALUES))
    try:
        return d.seal()
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


@given(resealed())
@settings(deadline=None, max_examples=400)
def test_a_bundle_with_other_values_in_it_gets_a_verdict(files):
    if files is not None:
        verdict = verdict_of(files)
        assert verdict.ok == (not verdict.failures)


@st.composite
def replaced(draw):
    """Draws a bundle with one value of a document replaced and nothing sealed anew."""
    files = bundle(draw(NAMES))
    path = draw(st.sampled_from(["receipt.json", "manifest.json"]))
    document = json.loads(files[path])
    at = draw(st.sampled_from([place for place in places(document) if place]))
    put(document, at, draw(VALUES))
    before = files[path]
    files[path] = json.dumps(
        document, sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ).encode("utf-8", "surrogatepass")
    return files, files[path] != before


@given(replaced())
@settings(deadline=None, max_examples=300)
def test_a_value_replaced_and_not_sealed_anew_fails(drawn):
    files, changed = drawn
    assert verdict_of(files).ok != changed


@given(NAMES, st.data())
@settings(deadline=None, max_examples=300)
def test_bytes_put_anywhere_fail(name, data):
    files = bundle(name)
    path = data.draw(st.sampled_from(sorted(files)))
    old = files[path]
    start = data.draw(st.integers(0, len(old)))
    end = data.draw(st.integers(start, min(len(old), start + 8)))
    files[path] = old[:start] + data.draw(st.binary(max_size=8)) + old[end:]
    assert verdict_of(files).ok == (files[path] == old)


@given(st.dictionaries(st.sampled_from(sorted(bundle("full"))), st.binary(max_size=40)))
@settings(deadline=None, max_examples=200)
def test_files_of_any_bytes_get_a_verdict(files):
    changed = {**bundle("full"), **files}
    assert verdict_of(changed).ok == (changed == bundle("full"))


@given(NAMES, st.data())
@settings(deadline=None, max_examples=100)
def test_a_reader_that_fails_anywhere_gives_no_exception(name, data):
    files = bundle(name)
    broken = data.draw(st.sets(st.sampled_from(sorted(files)), min_size=1))

    class Broken(MemoryReader):
        def chunks(self, path, size):
            if path in broken:
                yield files[path][:1]
                raise ReadError("gone")
            yield from super().chunks(path, size)

    verdict = verify(Broken(files))
    assert verdict.undecided
    assert {finding.path for finding in verdict.failures} <= broken


def test_a_receipt_has_a_million_opening_brackets_and_no_more():
    files = dict(bundle("full"))
    receipt = files["receipt.json"]
    own = receipt.count(b"[") + receipt.count(b"{")

    def judged(more):
        data = b'{"a":"' + b"[" * (1_000_000 - own + more) + b'",' + receipt[1:]
        return verify(MemoryReader({**files, "receipt.json": data})).codes()

    assert "LIMIT_EXCEEDED" not in judged(0)
    assert "LIMIT_EXCEEDED" in judged(1)
