"""Judging what trials show: examples, tolerances, where a difference is, failures."""

import pytest

from workc.kernel import jcs
from workc.stages.stage.effect_set import PURE
from workc.stages.stage.examples import ExecutionError, Mismatch, Ok, Tested, verify_stage
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.judging import WORDS, of_passes, verdict_of_findings
from workc.stages.stage.refinements import StageError
from workc.stages.stage.trial import Call, Reached, Trial
from workc.stages.stage.types import Any
from workc.stages.stage.value import Example, Stage, StageSignature, example_json, example_of_json


def stage(*examples):
    signature = StageSignature(input=Any(), output=Any(), effects=PURE, implementation_hash="h")
    return Stage(id="i", signature=signature, description="d", examples=examples)


def made(value):
    return Call(output=jcs.encode(value).decode())


def judged(example, call, other=None):
    first, second = Trial(calls=(call,)), Trial(calls=(other or call,))
    return [(each.word, each.message) for each in of_passes(stage(example), first, second)]


NEAR = {"output": {"a": [1.0, 2], "b": "x"}, "tolerance": {"/a/0": 0.1, "/a/1": 1}}


@pytest.mark.parametrize(
    ("actual", "fits"),
    [
        ({"a": [1.0, 2], "b": "x"}, True),
        ({"a": [1.05, 1], "b": "x"}, True),
        ({"a": [0.95, 3], "b": "x"}, True),
        ({"a": [1.2, 2], "b": "x"}, False),
        ({"a": [1.0, 3.5], "b": "x"}, False),
        ({"a": [1.0, 2], "b": "y"}, False),
        ({"a": [1.0, 2, 3], "b": "x"}, False),
        ({"a": [1.0, 2]}, False),
        ({"a": [True, 2], "b": "x"}, False),
        ({"a": ["1", 2], "b": "x"}, False),
        ([], False),
    ],
)
def test_a_tolerance_is_for_numbers_at_its_pointer_alone(actual, fits):
    assert (judged(Example(input=1, **NEAR), made(actual)) == []) is fits


@pytest.mark.parametrize(
    ("expected", "actual", "where"),
    [
        (1, 2, "the output differs"),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "/a/b differs"),
        ({"a": 1}, {}, "/a is missing"),
        ({}, {"a": 1}, "/a was not expected"),
        ([1, [2]], [1, [3]], "/1/0 differs"),
        ([1], [1, 2], "the output differs"),
    ],
)
def test_the_first_difference_is_named(expected, actual, where):
    assert judged(Example(input=1, output=expected), made(actual)) == [("WRONG_OUTPUT", where)]


def test_what_two_processes_made_is_compared_first():
    example = Example(input=1, output=1)
    assert judged(example, made(1), made(2))[0][0] == "NONDETERMINISTIC"
    assert judged(example, made(1), Call(code="SKILL_FAILED"))[0][0] == "NONDETERMINISTIC"
    # The words of a failure may differ.
    failed = [Call(code="SKILL_FAILED", message=words) for words in ("a", "b")]
    assert judged(Example(input=1, error_code="SKILL_FAILED"), *failed) == []
    assert judged(example, *failed)[0][0] == "RAISED"


def test_an_effect_that_is_refused_is_what_the_failure_comes_from():
    call = Call(code="EXTERNAL_CALL_BLOCKED", message="m")
    trial = Trial(calls=(call,), reached=(Reached("Network", "asks"),))
    found = of_passes(stage(Example(input=1, output=1)), trial, trial)
    assert [(each.word, each.effect) for each in found] == [("UNDECLARED_EFFECT", "Network")]


def test_every_word_has_a_verdict_and_failed_goes_before_errored():
    assert {verdict for verdict, _ in WORDS.values()} == {"failed", "errored"}
    trial = Trial(refused="no such module")
    found = of_passes(stage(), trial, trial)
    assert [each.word for each in found] == ["UNLOADABLE"]
    assert verdict_of_findings(found) == "errored"
    assert verdict_of_findings(()) == "verified"


class Script:
    def __init__(self, answer):
        self.answer = answer

    def execute(self, _id, _input):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ExecutionError("m", "INVALID_INPUT"), Ok()),
        (
            ExecutionError("m", "TIMEOUT"),
            Mismatch({"error_code": "INVALID_INPUT"}, {"error_code": "TIMEOUT"}),
        ),
        (7, Mismatch({"error_code": "INVALID_INPUT"}, 7)),
    ],
)
def test_an_example_of_a_failure_is_held_against_its_code(answer, outcome):
    report = verify_stage(stage(Example(input=1, error_code="INVALID_INPUT")), Script(answer))
    assert report.outcome == Tested((outcome,))


def test_examples_come_back_from_their_json_and_are_part_of_the_evidence():
    said = [
        {"input": 1, "output": None},
        {"input": 1, "error_code": "TIMEOUT"},
        {"input": 1, "output": 2, "tolerance": {"": 0.5}},
    ]
    examples = [example_of_json(each, "e") for each in said]
    assert [example_json(each) for each in examples] == said
    assert len({evidence_id(stage(each)) for each in examples}) == 3


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"input": 1}, "lacks output"),
        ({"input": 1, "output": 1, "error_code": "A"}, "has no 'output'"),
        ({"input": 1, "error_code": 1}, "is a text"),
        ({"input": 1, "output": 1, "tolerance": {"": -1}}, "none below 0"),
        ({"input": 1, "output": 1, "tolerance": {"": "a"}}, "numbers by pointer"),
        ({"input": 1, "error_code": "A", "tolerance": {}}, "has no 'tolerance'"),
        (1, "is an object"),
    ],
)
def test_what_is_no_example_is_refused(value, said):
    with pytest.raises(StageError, match=said):
        example_of_json(value, "e")
