"""Whatever is in a bundle, a verdict comes back; and no change of a good one passes."""

import importlib.util
import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify


def load(name):
    path = Path(__file__).parents[1] / "unit" / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_properties", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FILES = load("bundles").bundle("paid")
reseal = load("reseal").reseal
PATHS = st.sampled_from(sorted(FILES))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
EXAMPLES = settings(max_examples=150, deadline=None)


def fails(files):
    verdict = verify(MemoryReader(files))
    assert verify(MemoryReader(files)) == verdict
    assert json.dumps(verdict.to_json()).isascii()
    return not verdict.ok


@EXAMPLES
@given(PATHS, st.binary(max_size=200))
def test_any_bytes_in_any_file_give_a_fail(path, data):
    assert fails({**FILES, path: data}) or data == FILES[path]


@EXAMPLES
@given(PATHS, JSON)
def test_any_json_in_any_file_gives_a_fail(path, value):
    data = json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    assert fails({**FILES, path: data}) or data == FILES[path]


@EXAMPLES
@given(st.dictionaries(st.text() | PATHS, st.binary(max_size=20), max_size=4))
def test_any_files_give_a_fail(files):
    assert fails(files)


@EXAMPLES
@given(st.text(), st.binary(max_size=20))
def test_any_file_more_gives_a_fail(path, data):
    assert fails({**FILES, path: data}) or FILES.get(path) == data


def places(value, at=()):
    """Yields the way to every value inside a JSON value."""
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
@given(st.sampled_from(["manifest.json", "receipt.json"]), st.data(), JSON)
def test_any_value_in_a_document_gives_a_fail(path, data, new):
    document = json.loads(FILES[path])
    put(document, data.draw(st.sampled_from(list(places(document))[1:])), new)
    changed = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    changed = changed.encode("utf-8", "surrogatepass")
    assert fails({**FILES, path: changed}) or changed == FILES[path]


@settings(max_examples=150, deadline=None)
@given(st.data(), JSON)
def test_any_value_in_a_resealed_event_gives_a_verdict(data, new):
    def edit(draft):
        event = data.draw(st.sampled_from(draft.events))
        put(event, data.draw(st.sampled_from(list(places(event))[1:])), new)

    try:
        files = reseal(FILES, edit)
    except (TypeError, ValueError, KeyError, AttributeError):
        return  # The value is none that the independent sealer can place or write.
    verify(MemoryReader(files))
