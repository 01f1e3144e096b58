"""Whatever the bytes are, an archive is the one archive of its files, or it gives a verdict."""

import importlib.util
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from workc.bundle.archive import Content, pieces
from workc.bundle.archive_parser import ArchiveError, MemoryRanges, check_entries, read_entries
from workc.bundle.layout import LIMITS, path_danger
from workc.verify.archive import ArchiveReader
from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify


def load(name):
    path = Path(__file__).parents[1] / "unit" / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_archives", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


naive = load("archives")
EXAMPLES = settings(max_examples=300, deadline=None)
SEGMENTS = st.sampled_from(["a", "b", "evidence", "receipt.json", "a-b", "A", ".x"])
PATHS = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)
TREES = st.dictionaries(PATHS, st.binary(max_size=40), max_size=5)
SMALL = naive.archive({"evidence/a": b"one", "evidence/b": b"", "receipt.json": b"{}"})
NUMBERS = st.sampled_from([0, 1, 2, 8, 0xFFFE, 0xFFFF, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 63, 2**64 - 1])


def written(files):
    found = pieces(Content(path, len(files[path]), [files[path]]) for path in sorted(files))
    return b"".join(piece for _, piece in sorted(found, key=lambda pair: (pair[0], len(pair[1]))))


def read(data):
    """Returns the files of an archive, or None if it is none."""
    ranges = MemoryRanges(data)
    try:
        entries = read_entries(ranges, LIMITS)
        check_entries(ranges, entries)
    except ArchiveError:
        return None
    return {e.path: data[e.data_offset : e.data_offset + e.size] for e in entries}


def judged(data):
    """Returns whether the bytes pass; whatever they are, they do not raise, and twice the same."""
    verdict = verify(ArchiveReader(MemoryRanges(data)))
    assert verify(ArchiveReader(MemoryRanges(data))) == verdict
    if read(data) is None:
        assert verdict.failures[0].step == "names"
        assert verdict.codes()[0] in {"BUNDLE_MALFORMED", "UNSAFE_PATH", "LIMIT_EXCEEDED"}
    return verdict.ok


@EXAMPLES
@given(TREES)
def test_any_files_have_one_archive_and_come_back_from_it(files):
    data = written(files)
    assert data == naive.archive(files)
    assert read(data) == files
    packed, loose = verify(ArchiveReader(MemoryRanges(data))), verify(MemoryReader(files))
    # Which of two twins is named depends on the order in which a reader gives them.
    assert what(packed) == what(loose)


def what(verdict):
    return {(finding.step, finding.code) for finding in verdict.failures}


@EXAMPLES
@given(st.binary(max_size=300))
def test_any_bytes_give_a_verdict(data):
    assert not judged(data)


@EXAMPLES
@given(st.data())
def test_any_edits_of_an_archive_are_refused(draws):
    data = SMALL
    for _ in range(draws.draw(st.integers(1, 3))):
        start = draws.draw(st.integers(0, len(data)))
        stop = draws.draw(st.integers(start, min(len(data), start + 8)))
        data = data[:start] + draws.draw(st.binary(max_size=8)) + data[stop:]
    assert not judged(data)
    assert data == SMALL or read(data) is None


@EXAMPLES
@given(TREES, st.data())
def test_what_is_accepted_is_the_archive_of_its_files_whatever_its_headers_say(files, draws):
    draft = naive.Draft(files)
    draft.is_large = draws.draw(st.booleans())
    places = [*draft.heads, *draft.entries, draft.end, draft.end_64, draft.locator]
    for _ in range(draws.draw(st.integers(0, 3))):
        place = draws.draw(st.sampled_from(places))
        numbers = [name for name, value in place.items() if isinstance(value, int)]
        sums = ["disk", "entries", "here", "length", "offset", "names", "extras", "comments"]
        name = draws.draw(st.sampled_from([*numbers, *sums]))
        place[name] = draws.draw(NUMBERS)
    data = draft.data()
    judged(data)
    found = read(data)
    assert found is None or naive.archive(found) == data


@EXAMPLES
@given(st.text(min_size=1, max_size=20))
def test_only_safe_names_are_accepted(path):
    draft = naive.Draft({"x": b"1"})
    draft.both(0, name=path.encode("utf-8", "surrogatepass"))
    assert (read(draft.data()) is None) == (path_danger(path) is not None)
