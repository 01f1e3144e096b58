"""What changed between two stages: each change is named, and what breaks is what subtyping says."""

import pytest
from drawn_types import TYPES
from hypothesis import given
from msgspec.structs import replace
from specs import NUMBER, TEXT, read_all, spec

from workc.stages.stage.difference import bump_of, stage_changes
from workc.stages.stage.subtyping import misfit
from workc.stages.stage.type_difference import type_changes
from workc.stages.stage.types import Any, List, Map, Number, Record, Text, type_json, union


def stage(*args, **more):
    (found,), wrong = read_all(spec(*args, **more))
    assert wrong == []
    return found.stage


LLM = {"effect": "Llm", "model": "m"}
CHANGES = [
    ({}, {}, None, []),
    ({}, {"gives": {"kind": "Any"}}, "major", ["output  widened: Number is Any now"]),
    ({"gives": {"kind": "Any"}}, {}, "minor", ["output  narrowed: Any is Number now"]),
    ({}, {"takes": {"kind": "Any"}}, "minor", ["input  widened: Text is Any now"]),
    ({"takes": {"kind": "Any"}}, {}, "major", ["input  narrowed: Any is Text now"]),
    ({}, {"takes": NUMBER}, "major", ["input  changed: Text is Number now"]),
    (
        {"effects": {"effects": ["Fallible"]}},
        {"effects": {"effects": ["Fallible", "Network"]}},
        "major",
        ['effects  added: {"effect":"Network"}'],
    ),
    ({}, {"effects": {"effects": []}}, "major", ['effects  removed: {"effect":"Pure"}']),
    ({"effects": {"effects": [LLM]}}, {"effects": {"effects": []}}, "minor", ["effects  removed"]),
    (
        {"effects": {"effects": ["Unknown"]}},
        {"effects": {"effects": [LLM]}},
        "minor",
        ["effects  added", "effects  removed"],
    ),
    (
        {"effects": {"effects": [{"effect": "Cost", "cents": 5}]}},
        {"effects": {"effects": [{"effect": "Cost", "cents": 3}]}},
        "minor",
        ["effects  added", "effects  removed"],
    ),
    (
        {"effects": {"effects": [{"effect": "Cost", "cents": 3}]}},
        {"effects": {"effects": [{"effect": "Cost", "cents": 5}]}},
        "major",
        ["effects  added", "effects  removed"],
    ),
    ({}, {"examples": [{"input": "a", "output": 1}]}, "patch", ['examples /0 added: "a"']),
    ({"examples": [{"input": "a", "output": 1}]}, {}, "minor", ['examples  removed: "a"']),
    (
        {"examples": [{"input": "a", "output": 1}]},
        {"examples": [{"input": "a", "output": 2}]},
        "major",
        ['examples /0 for "a": {"output":1} is {"output":2} now'],
    ),
    (
        {"examples": [{"input": "a", "output": 1}, {"input": "b", "output": 1}]},
        {"examples": [{"input": "b", "output": 1.0}, {"input": "a", "output": 1}]},
        None,
        [],
    ),
    ({}, {"properties": [{"kind": "idempotent"}]}, "minor", ["properties  added"]),
    ({"properties": [{"kind": "idempotent"}]}, {}, "major", ["properties  removed"]),
    ({}, {"capabilities": ["gpu"]}, "major", ["capabilities  added: gpu"]),
    ({"capabilities": ["gpu"]}, {}, "minor", ["capabilities  removed: gpu"]),
    ({}, {"cost": {"tokens_est": 3}}, "patch", ["cost /tokens_est unknown is 3 now"]),
    (
        {},
        {"implementation_code": "x"},
        "patch",
        ["implementation_hash  changed", "implementation_code  changed"],
    ),
    ({}, {"implementation_language": None}, "patch", ["implementation_language  removed"]),
    ({}, {"description": "d"}, "patch", ["description  changed"]),
    ({}, {"ui_style": "u"}, "patch", ["ui_style  added"]),
    ({"tags": ["a"]}, {"tags": ["b"]}, "patch", ["tags  added: b", "tags  removed: a"]),
    ({}, {"aliases": ["b"]}, "patch", ["aliases  added: b"]),
]


@pytest.mark.parametrize(("old", "new", "bump", "said"), CHANGES)
def test_each_change_is_named_with_what_it_asks_for(old, new, bump, said):
    found = stage_changes(stage(**old), stage(**new))
    assert bump_of(found) == bump
    shown = [f"{each.part} {each.at} {each.what}" for each in found]
    assert len(shown) == len(said)
    assert all(text.startswith(start) for text, start in zip(shown, said, strict=True)), shown
    assert any(each.breaking for each in found) is (bump == "major")


def test_another_name_breaks_unless_the_old_one_is_an_alias():
    before = stage("a", description="d")
    assert bump_of(stage_changes(before, stage("b", description="d"))) == "major"
    assert bump_of(stage_changes(before, stage("b", description="d", aliases=["a"]))) == "minor"


def test_types_are_compared_where_they_differ():
    old = Record({"a": List(Number()), "b": Text(), "c": Text()}, frozenset({"c"}))
    new = Record({"a": List(Any()), "c": Text(), "d": Map(Text(), Any())}, frozenset({"d"}))
    assert [(c.at, c.relation, c.old, c.new) for c in type_changes(old, new)] == [
        ("/a/*", "widened", "Number", "Any"),
        ("/b", "changed", "required Text", "no member"),
        ("/c", "narrowed", "optional Text", "required Text"),
        ("/d", "widened", "no member", "optional Map<Text, Any>"),
    ]


@given(TYPES, TYPES)
def test_the_places_say_together_what_subtyping_says_of_the_whole(old, new):
    relations = {each.relation for each in type_changes(old, new)}
    assert (misfit(old, new) is None) is not bool(relations & {"narrowed", "changed"})
    assert (misfit(new, old) is None) is not bool(relations & {"widened", "changed"})


@given(TYPES, TYPES)
def test_a_stage_breaks_exactly_if_the_new_one_does_not_fit_in_the_place_of_the_old(one, other):
    before = stage(takes=type_json(one), gives=TEXT)
    after = stage(takes=type_json(other), gives=TEXT)
    breaks = any(each.breaking for each in stage_changes(before, after))
    assert breaks is (misfit(one, other) is not None)
    before, after = stage(gives=type_json(one)), stage(gives=type_json(other))
    breaks = any(each.breaking for each in stage_changes(before, after))
    assert breaks is (misfit(other, one) is not None)


@given(TYPES)
def test_a_type_does_not_differ_from_itself(item):
    assert [*type_changes(item, item)] == []
    assert stage_changes(stage(takes=type_json(item)), stage(takes=type_json(item))) == []


def test_what_is_only_spelled_otherwise_breaks_nobody():
    loose = replace(stage(), name="x")
    assert stage_changes(loose, loose) == []
    wide = union([Any(), Text()])
    assert [each.relation for each in type_changes(Any(), wide)] == ["same"]
