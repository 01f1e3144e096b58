"""The ids of skills that are stages: those that a test of them reports, computed once."""

from dataclasses import replace

import pytest

from workc.adapters.code import digest_of
from workc.api.programs import built_in_code, code_digests
from workc.api.stage_identity import stage_ids
from workc.library import built_in, texts
from workc.skills.registry import builtin_skills
from workc.stages.skill import skill
from workc.stages.stage.identity import evidence_id
from workc.stages.stage.value import Example
from workc.stages.stage_of_skill import published


@skill(pure=True, examples=[{"input": {"n": 1}, "output": 2}])
def double(n: int) -> int:
    """Returns twice a number."""
    return n * 2


@skill(pure=True)
def bare(n: int) -> int:
    """Returns the number."""
    return n


CODE = {"double": "a" * 64, "bare": "b" * 64, "renamed": "a" * 64}


def test_a_skill_with_examples_has_the_ids_of_the_stage_that_it_publishes():
    found = stage_ids({"double": double, "bare": bare}, CODE)
    stage = published(double, CODE["double"]).stage
    assert found.keys() == {"double"}
    ids = found["double"]
    assert (ids.stage_id, ids.signature_id) == (stage.id, stage.signature_id)
    assert ids.evidence_id == evidence_id(stage)


def test_ids_are_computed_once_for_the_same_code_and_anew_for_another():
    first = stage_ids({"double": double}, CODE)["double"]
    assert stage_ids({"double": double}, CODE)["double"] is first
    other = stage_ids({"double": double}, {"double": "c" * 64})["double"]
    assert (other.signature_id, other.stage_id != first.stage_id) == (first.signature_id, True)


def test_a_copy_with_other_examples_is_believed_for_other_reasons():
    first = stage_ids({"double": double}, CODE)["double"]
    copy = replace(double, examples=(Example(input={"n": 2}, output=4),))
    other = stage_ids({"double": copy}, CODE)["double"]
    assert (other.stage_id, other.evidence_id != first.evidence_id) == (first.stage_id, True)


def test_a_stage_is_the_same_whatever_a_program_calls_it():
    found = stage_ids({"double": double, "renamed": double}, CODE)
    assert found["double"] == found["renamed"]


def test_built_in_skills_are_named_by_their_version_and_have_no_ids():
    skills = builtin_skills()
    assert stage_ids(skills, code_digests(skills)) == {}
    for name, each in skills.items():
        assert built_in_code(each) == code_digests({name: each})[name] != digest_of(each.function)


@pytest.mark.parametrize("lent", built_in.LENT, ids=lambda each: each.name)
def test_a_built_in_skill_with_examples_is_still_that_skill(lent):
    assert built_in_code(lent) == code_digests(builtin_skills())[lent.name]


def test_a_skill_that_only_has_the_name_of_a_built_in_one_is_another():
    assert built_in_code(replace(double, name="json_transform")) == ""
    assert built_in_code(double) == ""
    assert all(built_in_code(each) == "" for each in vars(texts).values() if hasattr(each, "bind"))
