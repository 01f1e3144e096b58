"""verify_stage as its specification has it: that one's own tests, ported, and what lies between them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from workc.stages.stage.effect_set import KINDS, PURE, effect_set, effects_json, effects_of_json
from workc.stages.stage.examples import (
    REASONS,
    Errored,
    ExecutionError,
    Mismatch,
    Ok,
    Skipped,
    StageNotFound,
    Tested,
    is_same,
    verdict_of,
    verify_stage,
)
from workc.stages.stage.identity import checked, evidence_id, id_of, signature_id, stage_id
from workc.stages.stage.properties import property_of_json
from workc.stages.stage.refinements import StageError
from workc.stages.stage.types import Any, Bool, Number, Text
from workc.stages.stage.value import (
    Example,
    Lifecycle,
    Stage,
    StageSignature,
    stage_json,
    stage_of_json,
)

UNIQUE = property_of_json({"kind": "unique", "field": "output"})


class ConstExec:
    """Returns one value, whatever comes in."""

    def __init__(self, out):
        self.out = out

    def execute(self, _id, _input):
        return self.out


class EchoExec:
    """Returns what comes in."""

    def execute(self, _id, value):
        return value


def make_stage(effects, examples, **more):
    signature = StageSignature(
        input=Any(), output=Any(), effects=effects, implementation_hash="hash"
    )
    return Stage(
        id="test-stage",
        signature=signature,
        description="test",
        examples=tuple(Example(input=i, output=o) for i, o in examples),
        lifecycle=Lifecycle(state="Active"),
        **more,
    )


def test_pure_stage_passes_when_executor_matches():
    assert verify_stage(make_stage(PURE, [({"x": 1}, {"x": 1})]), EchoExec()).passed()


def test_pure_stage_fails_when_executor_diverges():
    report = verify_stage(make_stage(PURE, [({"x": 1}, {"x": 2})]), ConstExec({"x": 1}))
    assert report.failed()
    assert report.outcome == Tested((Mismatch({"x": 2}, {"x": 1}),))


def test_network_stage_is_skipped():
    report = verify_stage(make_stage(effect_set(["Network"]), [(None, None)]), EchoExec())
    assert report.outcome == Skipped("Network")


def test_llm_stage_is_skipped():
    effects = effect_set([{"effect": "Llm", "model": "any"}])
    assert verify_stage(make_stage(effects, [(None, None)]), EchoExec()).outcome == Skipped("Llm")


def test_canonical_eq_ignores_field_order_and_numeric_form():
    assert is_same({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert is_same(1.0, 1)
    assert not is_same({"a": 1}, {"a": 2})


def test_no_examples_is_skipped():
    report = verify_stage(make_stage(PURE, []), EchoExec())
    assert report.outcome == Skipped("NoExamples")


@pytest.mark.parametrize(
    ("effects", "examples", "reason"),
    [
        (["Network"], 0, "NoExamples"),
        (["Process", "Network"], 1, "Network"),
        (["Process", "NonDeterministic"], 1, "NonDeterministic"),
        (["Network", {"effect": "Llm", "model": "m"}], 1, "Llm"),
        (["Process"], 1, "Process"),
        (["Fallible", {"effect": "Cost", "cents": 1}, "Pure"], 1, None),
        (["Unknown"], 1, None),
        ([{"effect": "FsRead", "path": "/a"}, {"effect": "FsWrite", "path": "/a"}], 1, None),
    ],
)
def test_examples_come_first_and_then_effects_in_their_order(effects, examples, reason):
    stage = make_stage(effect_set(effects), [(1, 1)] * examples)
    outcome = verify_stage(stage, EchoExec()).outcome
    assert outcome == (Tested((Ok(),)) if reason is None else Skipped(reason))


def test_a_stage_that_is_skipped_is_not_run():
    class Never:
        def execute(self, _id, _input):
            raise AssertionError

    assert verify_stage(make_stage(effect_set(["Network"]), [(1, 1)]), Never()).passed()


def test_what_each_reason_says():
    assert str(Skipped("Network")) == "network effect — example outputs are illustrative"
    assert str(Skipped("Llm")) == "LLM effect — output is non-reproducible"
    assert str(Skipped("NonDeterministic")) == "non-deterministic effect"
    assert str(Skipped("Process")) == "process effect — side-effectful"
    assert str(Skipped("NoExamples")) == "no examples declared"
    assert str(Skipped("NoImplementation")) == "no implementation available in this executor"
    assert len(REASONS) == 6


class Script:
    """Gives or raises one thing after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def execute(self, _id, _input):
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_stage_without_implementation_is_skipped_whatever_came_before():
    stage = make_stage(PURE, [(1, 1), (2, 2)])
    report = verify_stage(stage, Script(7, StageNotFound("none")))
    assert (report.outcome, report.passed()) == (Skipped("NoImplementation"), True)


def test_errors_and_mismatches_stand_in_order():
    stage = make_stage(PURE, [(1, 1), (2, 2), (3, 3), (4, 4)])
    report = verify_stage(stage, Script(1, ExecutionError("boom"), 4, ValueError()))
    assert report.outcome == Tested((Ok(), Errored("boom"), Mismatch(3, 4), Errored("ValueError")))
    assert report.failed()
    assert not report.passed()


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ((1, 2), "verified"),
        ((1, 3), "failed"),
        ((1, ExecutionError()), "errored"),
        ((ExecutionError(), 3), "failed"),
        ((StageNotFound(),), "unverifiable"),
    ],
)
def test_the_strict_verdict_calls_nothing_verified_that_was_not_tested(answers, verdict):
    stage = make_stage(PURE, [(1, 1), (2, 2)])
    assert verdict_of(verify_stage(stage, Script(*answers))) == verdict


def test_the_strict_verdict_of_what_is_skipped():
    assert verdict_of(verify_stage(make_stage(PURE, []), EchoExec())) == "unverifiable"
    skipped = verify_stage(make_stage(effect_set(["Network"]), [(1, 1)]), EchoExec())
    assert (verdict_of(skipped), skipped.passed()) == ("skipped", True)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (2**53 + 1, 2**53 + 1, True),
        (2**53 + 1, 2**53 + 2, False),
        (2**53 + 1, float(2**53), False),
        ([2**60, True], [2**60, 1], False),
        ({"a": 2**60}, {"a": 2**60}, True),
        ({"a": 2**60}, {"b": 2**60}, False),
        ([2**60], [2**60, 1], False),
        (True, 1, False),
        (0, False, False),
        (None, 0, False),
        (-0.0, 0, True),
        (math.nan, math.nan, False),
        ("é", "e\u0301", False),
    ],
)
def test_values_that_are_not_confused(one, other, same):
    assert is_same(one, other) == same


def test_the_two_published_ids_come_out():
    assert stage_id("test", Text(), Number(), PURE, "abc123") == (
        "980de483c8940ece66165badd67c41a7f82aa286d1b170da5c12b149049e8ce3"
    )
    assert stage_id("test", Bool(), Bool(), PURE, "identity") == (
        "9ff5f0c6927b8f2eb767e5ed2288dc07f192b2e8c6e78246fdd452a54296dbbc"
    )


NAMED = make_stage(PURE, [(1, 2)], name="n", implementation_code="c", implementation_language="py")


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"name": "m"}, {"signature", "stage", "evidence"}),
        ({"examples": ()}, {"evidence"}),
        ({"implementation_code": "d"}, {"evidence"}),
        ({"implementation_language": "js"}, {"evidence"}),
        ({"properties": (UNIQUE,)}, {"evidence"}),
        ({"tags": ("t",)}, set()),
        ({"description": "other"}, set()),
        ({"lifecycle": Lifecycle(state="Draft")}, set()),
        ({"id": "other"}, set()),
    ],
)
def test_each_id_is_of_its_part_of_a_stage(change, changed):
    def ids(stage):
        of = stage.signature
        return {
            "signature": signature_id(stage.name, of.input, of.output, of.effects),
            "stage": id_of(stage),
            "evidence": evidence_id(stage),
        }

    before, after = ids(NAMED), ids(replace(NAMED, **change))
    assert {name for name in before if before[name] != after[name]} == changed
    assert evidence_id(NAMED, {"a": "1"}) != evidence_id(NAMED, {"a": "2"})


def test_a_stage_whose_ids_are_not_those_of_its_content_is_refused():
    right = replace(NAMED, id=id_of(NAMED))
    assert checked(right) is right
    of = right.signature
    promised = signature_id("n", of.input, of.output, of.effects)
    assert checked(replace(right, signature_id=promised))
    for wrong in (replace(right, id="0" * 64), replace(right, signature_id="0" * 64)):
        with pytest.raises(StageError, match="that of the content"):
            checked(wrong)


def test_a_stage_comes_back_from_its_json():
    full = Stage(
        id="i",
        signature_id="s",
        signature=StageSignature(
            input=Text(), output=Number(), effects=PURE, implementation_hash="h"
        ),
        capabilities=frozenset({"Network"}),
        description="d",
        examples=(Example(input=None, output=[1]),),
        lifecycle=Lifecycle(state="Deprecated", successor_id="j"),
        ed25519_signature="e",
        signer_public_key="k",
        implementation_code="c",
        implementation_language="python",
        ui_style="u",
        tags=("t",),
        aliases=("a",),
        name="n",
        properties=(UNIQUE,),
    )
    assert stage_of_json(stage_json(full)) == full
    assert stage_of_json(stage_json(NAMED)) == NAMED


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": None}, "id is a text"),
        ({"descripton": "d"}, "has no 'descripton'"),
        ({"signature": {}}, "lacks effects"),
        ({"cost": {"time": 1}}, "cost"),
        ({"examples": {}}, "examples is a list"),
        ({"examples": [{"input": 1}]}, "example 0 lacks output"),
        ({"examples": [{"input": 1, "output": math.inf}]}, "no JSON value"),
        ({"lifecycle": "Actve"}, "lifecycle"),
        ({"lifecycle": {"Deprecated": {}}}, "lacks successor_id"),
        ({"properties": [1]}, "no kind of property"),
        ({"properties": [{"kind": "unqiue", "field": "output"}]}, "did you mean unique"),
        ({"tags": [1]}, "tags is a text"),
        ({"name": 1}, "name is a text"),
    ],
)
def test_what_is_no_stage_is_refused(change, words):
    with pytest.raises(StageError, match=words):
        stage_of_json({**stage_json(NAMED), **change})


EFFECTS = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: (
        st.just(kind)
        if KINDS[kind] is None
        else (st.integers(0, 99) if KINDS[kind][1] is int else st.text(max_size=3)).map(
            lambda of: {"effect": kind, KINDS[kind][0]: of}
        )
    )
)


@given(st.lists(EFFECTS, max_size=6), st.randoms())
def test_a_set_of_effects_is_written_in_one_way(said, chance):
    made = effect_set(said)
    shuffled = [*said, *said[:1]]
    chance.shuffle(shuffled)
    assert effect_set(shuffled) == made
    assert effects_of_json(effects_json(made)) == made


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Netwrk", "did you mean Network"),
        ({"effect": "Llm"}, "lacks model"),
        ({"effect": "Llm", "model": 1}, "model of the effect Llm is a text"),
        ({"effect": "Cost", "cents": -1}, "not below 0"),
        ({"effect": "Cost", "cents": True}, "whole number"),
        ({"effect": "Pure", "path": "x"}, "has no 'path'"),
        (1, "an effect is its name"),
        ({"effect": ["Pure"]}, "is no effect"),
    ],
)
def test_what_is_no_effect_is_refused(said, words):
    with pytest.raises(StageError, match=words):
        effect_set([said])
