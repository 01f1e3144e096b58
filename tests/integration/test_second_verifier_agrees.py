"""Two verifiers that share no code give the same verdict on every changed bundle."""

import importlib.util
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify


def load(name):
    path = Path(__file__).parents[1] / "unit" / "verify" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_for_agreement", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bundles, sealing = load("bundles"), load("reseal")
second = sealing.second
EXAMPLES = settings(max_examples=150, deadline=None)
NAMES = ("staged", "success", "partial", "retried", "paid", "halted", "function", "broken_check")
FILES = st.sampled_from(NAMES).map(bundles.bundle)


def agree(files):
    """Asserts that both verdicts are the same, PASS or FAIL, and returns whether it is PASS."""
    first, other = verify(MemoryReader(files)), second.verify(dict(files))
    assert first.ok == (not other), (first.failures[:3], other)
    return first.ok


@pytest.mark.parametrize("name", bundles.NAMES)
def test_they_agree_on_what_the_engine_seals(name):
    assert agree(bundles.bundle(name))


@EXAMPLES
@given(FILES, st.data())
def test_they_agree_on_changed_bytes(files, data):
    path = data.draw(st.sampled_from(sorted(files)))
    content = files[path]
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    new = content[:start] + data.draw(st.binary(max_size=10)) + content[end:]
    assert agree({**files, path: new}) == (new == content)


@EXAMPLES
@given(FILES, FILES, st.data())
def test_they_agree_on_files_moved_swapped_left_out_and_taken_from_elsewhere(files, other, data):
    changed = dict(files)
    paths = st.sampled_from(sorted({*files, *other}))
    for _ in range(data.draw(st.integers(1, 3))):
        to, source = data.draw(paths | st.text(max_size=12)), data.draw(paths)
        if source in other and data.draw(st.booleans()):
            changed[to] = other[source]
        elif source in changed:
            changed[to] = changed.pop(source)
    assert agree(changed) == (changed in (files, other))


def lines_changed(data, lines):
    """Returns the lines with one to three of them moved, doubled, taken out or swapped."""
    lines = list(lines)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        kind = data.draw(st.sampled_from(["drop", "double", "swap", "move"]))
        line = lines[place]
        if kind == "double":
            lines.insert(place, line)
        elif kind == "swap":
            lines[place] = lines[place - 1]
            lines[place - 1] = line
        elif len(lines) > 1:
            lines.pop(place)
            if kind == "move":
                lines.insert(data.draw(st.integers(0, len(lines))), line)
    return lines


@EXAMPLES
@given(FILES, st.data())
def test_they_agree_on_lines_moved_in_the_bytes(files, data):
    lines = files["events.jsonl"].splitlines(keepends=True)
    agree({**files, "events.jsonl": b"".join(lines_changed(data, lines))})


def renumbered(draft):
    """Gives the events places in one row again, lane by lane, so that the table alone can object."""
    count, lane = -1, None
    for event in draft.events:
        if len(event["at"]) == 1:
            count, lane = count + 1, None
            event["at"] = [count]
        elif len(event["at"]) == 3 and lane and lane[0] == event["at"][:2]:
            lane[1] += 1
            event["at"] = [count, lane[2], lane[1]]
        elif len(event["at"]) == 3:
            fresh = lane is None
            count, number = (count + 1, 0) if fresh else (count, lane[2] + 1)
            lane = [event["at"][:2], 0, number]
            event["at"] = [count, number, 0]


@settings(max_examples=300, deadline=None)
@given(FILES, st.data(), st.booleans(), st.booleans())
def test_they_agree_on_events_moved_and_sealed_anew(files, data, renumber, project):
    def edit(draft):
        draft.events = [
            json.loads(line) for line in lines_changed(data, map(json.dumps, draft.events))
        ]
        if renumber:
            renumbered(draft)

    try:
        changed = sealing.reseal(files, edit, project=project)
    except (TypeError, KeyError):
        return  # Without RunStarted and the like there is nothing to project.
    agree(changed)


VALUES = (
    st.none() | st.booleans() | st.integers(-2, 4) | st.sampled_from([2**53 - 1, 2**53, 1.5])
    | st.text(max_size=3)
    | st.sampled_from(["true", "false", "pure", "opaque", "Draft", "failed", "success", [], {}])
)  # fmt: skip


def ways(value, way=()):
    """Yields the way to every value inside a JSON value, the value itself left out."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*way, key)
            yield from ways(inner, (*way, key))


def change_a_value(data, document):
    *way, last = data.draw(st.sampled_from(list(ways(document))))
    for key in way:
        document = document[key]
    if isinstance(document, dict) and data.draw(st.booleans()):
        del document[last]
    else:
        document[last] = data.draw(VALUES)


@settings(max_examples=500, deadline=None)
@given(FILES, st.data(), st.booleans())
def test_they_agree_on_values_of_events_changed_and_sealed_anew(files, data, project):
    def edit(draft):
        change_a_value(data, data.draw(st.sampled_from(draft.events)))

    try:
        changed = sealing.reseal(files, edit, project=project)
    except (TypeError, KeyError, AttributeError, ValueError):
        return  # The value is none that the independent sealer can place.
    agree(changed)


@settings(max_examples=200, deadline=None)
@given(FILES, st.data(), st.sampled_from(["receipt", "manifest"]))
def test_they_agree_on_values_of_documents_changed_and_sealed_anew(files, data, name):
    def edit(draft):
        draft.keep |= {"files"}
        change_a_value(data, getattr(draft, name))

    agree(sealing.reseal(files, edit))
