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


bundles = load("bundles")
FILES = bundles.bundle("paid")
reseal = load("reseal").reseal
PATHS = st.sampled_from(sorted(FILES))
BUNDLES = st.sampled_from(bundles.NAMES).map(bundles.bundle)
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


@EXAMPLES
@given(BUNDLES, st.data(), st.binary(max_size=20))
def test_any_bytes_put_anywhere_into_any_file_of_any_bundle_give_a_fail(files, data, new):
    path = data.draw(st.sampled_from(sorted(files)))
    start = data.draw(st.integers(0, len(files[path])))
    end = data.draw(st.integers(start, min(len(files[path]), start + 20)))
    changed = files[path][:start] + new + files[path][end:]
    assert fails({**files, path: changed}) or changed == files[path]


@EXAMPLES
@given(BUNDLES, BUNDLES, st.data())
def test_any_lines_in_any_order_give_a_fail(files, other, data):
    known = [*files["events.jsonl"].splitlines(True), *other["events.jsonl"].splitlines(True)]
    lines = data.draw(st.lists(st.sampled_from(known) | st.binary(max_size=20), max_size=20))
    log = b"".join(lines)
    assert fails({**files, "events.jsonl": log}) or log == files["events.jsonl"]


@EXAMPLES
@given(BUNDLES, BUNDLES, st.data())
def test_any_files_of_two_bundles_under_any_names_give_a_fail(files, other, data):
    contents = st.sampled_from([*files.values(), *other.values()])
    names = st.sampled_from([*files, *other]) | st.text(max_size=12)
    changed = {**files, **data.draw(st.dictionaries(names, contents, min_size=1, max_size=5))}
    for path in data.draw(st.sets(st.sampled_from(sorted(files)), max_size=2)):
        changed.pop(path, None)
    assert fails(changed) or changed in (files, other)


class Pieces(MemoryReader):
    """Gives files in pieces of the sizes that were drawn, empty ones too."""

    def __init__(self, files, sizes):
        super().__init__(files)
        self.sizes = sizes

    def chunks(self, path, size):
        data = b"".join(super().chunks(path, size))
        for piece in self.sizes:
            yield data[:piece]
            data = data[piece:]
        yield data


@EXAMPLES
@given(BUNDLES, PATHS, st.binary(max_size=40), st.lists(st.integers(0, 3000), max_size=12))
def test_the_pieces_in_which_files_come_change_no_verdict(files, path, data, sizes):
    for changed in (files, {**files, path: data}):
        assert verify(Pieces(changed, sizes)) == verify(MemoryReader(changed))


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
