"""A registry of stages on a real disk: several processes at once, files changed by hand, search."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from workc import Refusal
from workc.adapters import stage_search
from workc.adapters.stage_search import Wanted
from workc.api.stage_files import InvalidSpecs, read_stages
from workc.api.stages import INDEX, OBJECTS, Registry
from workc.stages.stage.lifecycle import FOLLOWS, IN_USE
from workc.stages.stage.type_words import type_of_text
from workc.stages.stage.types import type_json
from workc.stages.stage.words import words_of

HERE = Path(__file__).parent
STATES = tuple(FOLLOWS)


def spec(name, code="x", takes="Text", gives="Number", **more):
    types = {
        "input": type_json(type_of_text(takes)),
        "output": type_json(type_of_text(gives)),
        "effects": {"effects": [{"effect": "Pure"}]},
    }
    said = {"name": name, "description": f"Does {name}.", "signature": types}
    return {**said, "implementation_code": code, **more}


def write(path, *specs):
    path.write_text(json.dumps([*specs]))
    return path


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "registry")


def add(registry, *specs, replace=False):
    """Adds stages and returns what became of each."""
    path = write(registry.folder.parent / "specs.json", *specs)
    return registry.add(read_stages([path]), replace=replace)


def test_several_processes_at_once_lose_nothing_and_agree_on_one_active_stage(tmp_path):
    folder, each, processes = tmp_path / "registry", 5, 4
    begun = [
        subprocess.Popen(
            [
                sys.executable,
                HERE / "stages_at_once.py",
                folder,
                write(tmp_path / f"{number}.json", spec("shared", f"of {number}")),
                str(each),
                str(number),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    printed = [process.communicate()[0].split() for process in begun]
    assert [process.returncode for process in begun] == [0] * processes
    registry = Registry(folder)
    rows = registry.rows(STATES)
    assert {row.id for row in rows if row.name != "shared"} == {i for ids in printed for i in ids}
    shared = [row for row in rows if row.name == "shared"]
    assert sorted(row.state for row in shared) == ["Active"] + ["Deprecated"] * (processes - 1)
    (active,) = (row.id for row in shared if row.state == "Active")
    assert {registry.chain(row.id)[-1].id for row in shared} == {active}


def test_what_was_added_when_its_process_was_killed_is_there(tmp_path):
    shared = write(tmp_path / "s.json", spec("shared"))
    with subprocess.Popen(
        [sys.executable, HERE / "stages_at_once.py", tmp_path / "registry", shared, "1000", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        told = {process.stdout.readline().strip() for _ in range(3)}
        os.kill(process.pid, signal.SIGKILL)
        told |= {*process.stdout.read().split()}
    registry = Registry(tmp_path / "registry")
    rows = registry.rows(STATES)
    # One more may have been committed that nobody was told of.
    assert told <= {row.id for row in rows}
    assert len(rows) <= len(told) + 1
    assert all(registry.load(row).id == row.id for row in rows)


def test_a_stage_is_added_once_and_replaced_only_if_that_is_said(registry):
    (first,) = add(registry, spec("a"))
    assert first.what == "added"
    (again,) = add(registry, spec("a"))
    assert (again.id, again.what) == (first.id, "known")
    other = spec("a", examples=[{"input": "x", "output": 1}])
    with pytest.raises(InvalidSpecs, match="1 problem"):
        add(registry, other)
    registry.activate(first.id)
    (replaced,) = add(registry, other, replace=True)
    assert (replaced.id, replaced.what, replaced.state) == (first.id, "replaced", "Active")
    stage = registry.load(registry.named(first.id))
    assert len(stage.examples) == 1
    assert stage.lifecycle.state == "Active"


def problems(registry, *specs):
    with pytest.raises(InvalidSpecs) as refused:
        add(registry, *specs)
    return [(each.at, each.message) for each in refused.value.problems]


def test_all_is_checked_before_anything_is_added(registry):
    add(registry, spec("there", lifecycle="Active"))
    found = problems(
        registry,
        spec("new"),
        spec("new"),
        spec("there", "y", lifecycle="Active"),
        spec("one", "1", lifecycle="Active"),
        spec("one", "2", lifecycle="Active"),
        spec("there", lifecycle="Draft"),
        spec("gone", lifecycle={"Deprecated": {"successor_id": "f" * 64}}),
    )
    assert [at for at, _ in found] == [
        "/1",
        "/2/lifecycle",
        "/4/lifecycle",
        "/5/lifecycle",
        "/6/lifecycle",
    ]
    said = ["already", "one stage of a signature", "one stage", "is Active here", "is not there"]
    assert all(words in message for words, (_, message) in zip(said, found, strict=True)), found
    assert [row.name for row in registry.rows(STATES)] == ["there"]


def test_a_chain_comes_with_a_file_but_no_circle(registry):
    ids = [each.id for each in add(registry, spec("a"), spec("b"), spec("c"))]
    other = Registry(registry.folder.parent / "other")
    to = [{"Deprecated": {"successor_id": each}} for each in ids]
    found = add(
        other, spec("a", lifecycle=to[1]), spec("b", lifecycle=to[2]), spec("c", lifecycle="Active")
    )
    assert [each.state for each in found] == ["Deprecated", "Deprecated", "Active"]
    assert [row.name for row in other.chain(ids[0])] == ["a", "b", "c"]
    third = Registry(registry.folder.parent / "third")
    circle = problems(third, spec("a", lifecycle=to[1]), spec("b", lifecycle=to[0]))
    assert len(circle) == 2
    assert all("lead" in message for _, message in circle)


def test_a_lifecycle_is_walked_and_its_rules_hold(registry):
    one, two, other = (e.id for e in add(registry, spec("s", "1"), spec("s", "2"), spec("o")))

    def refused(move, *arguments):
        with pytest.raises(Refusal) as refusal:
            move(*arguments)
        assert refusal.value.failure.code == "INVALID_INPUT"
        return refusal.value.failure.message

    assert "not Deprecated" in refused(registry.deprecate, one, two)
    assert [(m.before, m.after) for m in registry.activate(one)] == [("Draft", "Active")]
    assert registry.activate(one) == []
    moved = registry.activate(two)
    assert [(m.id, m.after, m.successor) for m in moved] == [
        (one, "Deprecated", two),
        (two, "Active", None),
    ]
    # Back again: the chain turns round and does not close.
    registry.activate(one)
    assert [row.id for row in registry.chain(two)] == [two, one]
    assert "lead to" in refused(registry.deprecate, one, two)
    assert "own successor" in refused(registry.deprecate, one, one)
    registry.deprecate(one, other)
    assert registry.deprecate(one, other) == []
    assert [row.id for row in registry.chain(two)] == [two, one, other]
    registry.bury(other)
    assert registry.bury(other) == []
    assert "stays so" in refused(registry.activate, other)
    assert "nobody's successor" in refused(registry.deprecate, two, other)


def test_ids_are_shortened_as_far_as_they_are_one(registry):
    for number in range(20):
        add(registry, spec(f"n{number}"))
    ids = [row.id for row in registry.rows(STATES)]
    for each in ids:
        assert registry.named(each).id == registry.named(each[:10].upper()).id == each
    starts = [each[0] for each in ids]
    shared = next(start for start in starts if starts.count(start) > 1)
    for text, said in (
        (shared, "several ids"),
        ("z", "no stage"),
        ("", "no stage"),
        ("0" * 70, "no"),
    ):
        with pytest.raises(Refusal, match=said):
            registry.named(text)


def changed(registry, call):
    with pytest.raises(Refusal) as refusal:
        call()
    failure = refusal.value.failure
    assert failure.code == "STAGE_CHANGED"
    assert str(registry.folder) in failure.message
    return failure.message


#: Ways to change a stage's file, each with what is said of it.
EDITS = [
    ("it cannot be read", lambda path: path.unlink()),
    ("not those that were added", lambda path: path.write_bytes(b"")),
    ("not those", lambda path: path.write_bytes(path.read_bytes() + b" ")),
    ("not those", lambda path: path.write_bytes(path.read_bytes().replace(b"Does", b"Doez"))),
    ("it cannot be read", lambda path: (path.unlink(), path.symlink_to("/dev/null"))),
    ("it cannot be read", lambda path: (path.unlink(), os.mkfifo(path))),
]


@pytest.mark.parametrize(("said", "edit"), EDITS)
def test_a_file_that_was_changed_is_named_and_refused(registry, said, edit):
    (added,) = add(registry, spec("a"))
    (path,) = (registry.folder / OBJECTS).iterdir()
    edit(path)
    message = changed(registry, lambda: registry.load(registry.named(added.id)))
    assert path.name in message
    assert said in message
    for move in (registry.activate, registry.bury):
        changed(registry, lambda move=move: move(added.id))
    assert [row.state for row in registry.rows(STATES)] == ["Draft"]
    if os.path.lexists(path):
        changed(registry, lambda: add(registry, spec("a")))
        path.unlink()
    # What is gone comes back from where it was made.
    add(registry, spec("a"))
    assert registry.load(registry.named(added.id)).name == "a"


def test_an_index_that_was_changed_is_refused(registry):
    one, two = (each.id for each in add(registry, spec("a"), spec("b")))
    index = registry.folder / INDEX

    def edit(statement, *values):
        connection = sqlite3.connect(index, isolation_level=None)
        connection.execute(statement, values)
        connection.close()

    objects = {row.id: row.object for row in registry.rows(STATES)}
    for value, said in ((objects[two], "another stage's file"), ("../../x", "no digest")):
        edit("UPDATE stages SET object = ? WHERE id = ?", value, one)
        assert said in changed(registry, lambda: registry.load(registry.named(one)))
    edit("UPDATE stages SET object = ? WHERE id = ?", objects[one], one)
    registry.load(registry.named(one))
    for of, by in ((one, two), (two, one)):
        edit("UPDATE stages SET state = 'Deprecated', successor = ? WHERE id = ?", by, of)
    assert "lead back" in changed(registry, lambda: registry.chain(one))
    edit("UPDATE stages SET successor = ? WHERE id = ?", "f" * 64, two)
    assert "not there" in changed(registry, lambda: registry.chain(one))
    edit("UPDATE stages SET description = x'ff' WHERE id = ?", one)
    assert "a row of the index" in changed(registry, lambda: registry.rows(STATES))
    edit("PRAGMA user_version = 9")
    assert "version 9" in changed(registry, lambda: registry.rows(STATES))
    index.write_bytes(b"x" * 5000)
    assert "damaged" in changed(registry, lambda: registry.rows(STATES))


def test_two_active_stages_of_a_signature_are_not_even_to_be_written_by_hand(registry):
    one, two = (each.id for each in add(registry, spec("s", "1"), spec("s", "2")))
    registry.activate(one)
    with (
        sqlite3.connect(registry.folder / INDEX) as connection,
        pytest.raises(sqlite3.IntegrityError),
    ):
        connection.execute("UPDATE stages SET state = 'Active' WHERE id = ?", (two,))
    connection.close()


def find(registry, query="", *, limit=20, states=IN_USE, **types):
    given = {name: type_of_text(text) for name, text in types.items()}
    words = tuple(words_of(query))
    return [
        row.name for row in registry.find(Wanted(words=words, limit=limit, states=states, **given))
    ]


def test_what_has_the_words_in_its_name_comes_first_and_ties_are_in_order_of_ids(registry):
    add(
        registry,
        spec("x one", examples=[{"input": "json parse", "output": 1}]),
        spec("x two", description="Will parse JSON."),
        spec("x three", tags=["parse"], aliases=["JSON"]),
        spec("parse json"),
        spec("json", "2", tags=["parse"]),
        spec("parse", description="Nothing else."),
        *(spec(f"many {number}") for number in range(9)),
    )
    found = find(registry, "JSON parse")
    assert (found[0], {*found[1:3]}, found[3:]) == (
        "parse json",
        {"x three", "json"},
        ["x two", "x one"],
    )
    assert find(registry, "JSON parse", limit=2) == found[:2]
    many = find(registry, "many")
    assert many == [
        row.name for row in sorted(registry.rows(STATES), key=lambda r: r.id) if row.name in many
    ]
    assert find(registry, "pars") == []
    assert find(registry, 'parse" OR "many') == []
    assert find(registry, "NOT") == []


def test_what_was_replaced_is_found_by_its_new_words_alone(registry):
    add(registry, spec("a", tags=["umbrella"]))
    add(registry, spec("a", tags=["lantern"]), replace=True)
    assert (find(registry, "umbrella"), find(registry, "lantern")) == ([], ["a"])
    assert registry.meant(["umbrela", "lanterm"]) == {"umbrela": [], "lanterm": ["lantern"]}


def test_stages_are_found_by_what_they_take_and_give(registry):
    add(
        registry,
        spec("any", takes="Any", gives="Any"),
        spec("text", takes="Text", gives="Number"),
        spec("list", takes="List<Text>", gives="List<Number>"),
        spec("record", takes="{a: Text, b?: Number}", gives="Text | Null"),
    )
    assert {*find(registry, takes="Text")} == {"any", "text"}
    assert {*find(registry, takes="{a: Text}")} == {"any", "record"}
    assert {*find(registry, takes='"a" | "b"')} == {"any", "text"}
    assert {*find(registry, takes="Any")} == {"any"}
    assert {*find(registry, gives="Any")} == {"any", "text", "list", "record"}
    assert {*find(registry, gives="Text | Null | Number")} == {"text", "record"}
    assert find(registry, "does", takes="Text", gives="Number") == ["text"]
    assert find(registry, "does record", takes="Text") == []


def test_however_many_fit_the_types_the_answer_is_the_same(registry, monkeypatch):
    add(
        registry,
        *(spec(f"n{number}", tags=["odd"] * (number % 2)) for number in range(30)),
        *(spec(f"odd {number}", takes="Number") for number in range(5)),
        spec("other odd", gives="Text", description="Text."),
    )
    questions = [
        {"query": words, "limit": limit, **types}
        for words in ("", "odd", "does n3", "n1 odd", "none")
        for limit in (1, 3, 99)
        for types in ({"takes": "Text"}, {"gives": "Number"}, {"takes": "Text", "gives": "Text"})
    ]
    few = [find(registry, **question) for question in questions]
    monkeypatch.setattr(stage_search, "_MAX_FEW", 0)
    assert [find(registry, **question) for question in questions] == few
    assert [len(found) for found in few if found]


def test_those_that_are_not_used_any_more_are_found_if_that_is_asked_for(registry):
    one, two = (each.id for each in add(registry, spec("a", lifecycle="Active"), spec("b")))
    registry.deprecate(one, two)
    registry.bury(two)
    assert find(registry, "does") == []
    assert {*find(registry, "does", states=STATES)} == {"a", "b"}


def test_a_misspelt_word_is_said_with_those_that_may_have_been_meant(registry):
    add(registry, spec("parse json"), spec("parsed"), spec("sparse"))
    assert registry.meant(["json", "prase", "pars", "zzzzz"]) == {
        "prase": ["parse", "sparse"],
        "pars": ["parse", "parsed"],
        "zzzzz": [],
    }


def test_a_registry_that_cannot_be_opened_is_unavailable(registry):
    add(registry, spec("a"))
    index = registry.folder / INDEX
    index.unlink()
    index.mkdir()
    with pytest.raises(Refusal, match="no registry"):
        registry.rows(STATES)
    with pytest.raises(Refusal) as refusal:
        add(registry, spec("a"))
    assert refusal.value.failure.code == "STORE_UNAVAILABLE"
