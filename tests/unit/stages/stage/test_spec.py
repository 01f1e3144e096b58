"""Stages as people write them: every malformed part has its place, and nothing is passed over."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from specs import NUMBER, TEXT, read_all, spec

from workc.stages.stage.identity import checked
from workc.stages.stage.refinements import StageError
from workc.stages.stage.value import stage_json, stage_of_json


def problems(value):
    found, wrong = read_all(value)
    assert bool(wrong) or found
    return [(each.at, each.message) for each in wrong]


def test_ids_and_the_digest_of_the_code_are_computed():
    (found,), wrong = read_all(spec())
    assert wrong == []
    assert checked(found.stage) is found.stage
    assert found.stage.signature_id is not None
    code = spec()["implementation_code"].encode()
    assert found.stage.signature.implementation_hash == hashlib.sha256(code).hexdigest()
    assert (found.at, found.says_lifecycle) == ("", False)


def test_what_is_said_is_kept_and_compared():
    (found,), _ = read_all(spec())
    whole = stage_json(found.stage)
    (again,), wrong = read_all([whole])
    assert (again.stage, wrong, again.at, again.says_lifecycle) == (found.stage, [], "/0", True)
    for name in ("id", "signature_id"):
        (problem,) = problems({**whole, name: "0" * 64})
        assert problem[0] == f"/{name}"
        assert "that of the content" in problem[1]


@pytest.mark.parametrize(
    ("value", "at", "said"),
    [
        (1, "", "a stage is an object"),
        ([], "", "holds no stage"),
        ({"description": "d"}, "", "lacks signature"),
        (spec(descripton="d"), "/descripton", "did you mean description?"),
        (spec(zzzz=1), "/zzzz", "no such member"),
        (spec(description=1), "/description", "is a text"),
        (spec(tags="a"), "/tags", "is a list"),
        (spec(tags=["a", 1]), "/tags/1", "is a text"),
        (spec(tags=["a", "a"]), "/tags/1", "twice"),
        (spec(aliases=["a", "b", "a"]), "/aliases/2", "twice"),
        (spec(capabilities=["x", "x"]), "/capabilities/1", "twice"),
        (spec(cost={"time": 1}), "/cost", "unknown field"),
        (spec(lifecycle="Actve"), "/lifecycle", "Draft, Active, Tombstone"),
        (spec(lifecycle={"Deprecated": {}}), "/lifecycle", "successor_id"),
        (spec(examples=[{"input": "a"}]), "/examples/0", "lacks output"),
        (spec(examples=[{"input": "a", "output": 1, "ouput": 1}]), "/examples/0", "no 'ouput'"),
        (spec(examples=[{"input": 1, "output": 1}]), "/examples/0/input", "expected Text"),
        (
            spec(gives={"kind": "List", "value": TEXT}, examples=[{"input": "a", "output": [1]}]),
            "/examples/0/output/0",
            "expected Text",
        ),
        (spec(properties=[{"kind": "unqiue"}]), "/properties/0", "did you mean unique?"),
        (spec(effects={"effects": ["Pure", "Netwrk"]}), "/signature/effects/effects/1", "Network?"),
        (
            spec(effects={"effects": ["Pure", {"effect": "Pure"}]}),
            "/signature/effects/effects/1",
            "twice",
        ),
        (spec(effects=["Pure"]), "/signature/effects", "an object with effects"),
        (spec(takes={"kind": "Txt"}), "/signature/input", "no kind of type"),
        (spec(takes={"kind": "Text", "vale": 1}), "/signature/input", "no 'vale'"),
        (
            spec(takes={"kind": "List", "value": {"kind": "Txt"}}),
            "/signature/input/value",
            "no kind of type",
        ),
        (
            spec(gives={"kind": "Map", "value": {"key": TEXT, "value": {"kind": "?"}}}),
            "/signature/output/value/value",
            "no kind of type",
        ),
        (
            spec(gives={"kind": "Union", "value": [TEXT, {"kind": "?"}]}),
            "/signature/output/value/1",
            "no kind of type",
        ),
        (
            spec(gives={"kind": "Record", "value": {"a/b": {"kind": "?"}}}),
            "/signature/output/value/a~1b",
            "no kind of type",
        ),
        (
            spec(
                gives={
                    "kind": "Refined",
                    "value": {"base": NUMBER, "refinement": {"kind": "Rnge"}},
                }
            ),
            "/signature/output/value/refinement",
            "no kind of refinement",
        ),
        (spec(implementation_code=None), "/signature", "no implementation_code to hash"),
    ],
)
def test_each_malformed_part_has_its_place(value, at, said):
    found = problems(value)
    assert [place for place, _ in found] == [at]
    assert said in found[0][1]


def test_all_that_is_wrong_is_found_at_once_and_the_rest_is_read():
    wrong = spec(tags=[1, 2], takes={"kind": "?"}, examples=[{"input": 1}])
    found, told = read_all([spec("a"), wrong, spec("b"), spec("c", id="0")])
    assert [each.stage.name for each in found] == ["a", "b"]
    assert [each.at for each in told] == [
        "/1/signature/input",
        "/1/tags/0",
        "/1/tags/1",
        "/1/examples/0",
        "/3/id",
    ]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["Text", "kind", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "value", "base", "key", "effects"]), inner)
    ),
    max_leaves=6,
)
PLACES = st.sampled_from([*spec(), "tags", "examples", "lifecycle", "cost", "properties", "id"])


@given(PLACES, JUNK, st.booleans())
def test_whatever_stands_in_a_member_is_read_whole_or_refused(name, junk, inside):
    value = spec()
    if inside and name in ("name", "description"):
        value["signature"] = {**value["signature"], "input": junk}
    else:
        value[name] = junk
    found, wrong = read_all(value)
    if wrong:
        assert all(each.at.startswith("/") or each.at == "" for each in wrong)
        assert found == []
    else:
        assert stage_of_json(stage_json(found[0].stage)) == found[0].stage


def test_where_one_is_refused_the_reader_of_stages_refuses_too():
    value = spec(tags=[1])
    with pytest.raises(StageError):
        stage_of_json({"id": "", **value})
