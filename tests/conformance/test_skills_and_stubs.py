"""A stubbed skill and the real one pass one suite: the real one against real servers."""

import pytest

from workc import HttpCallSkill, LLMInvokeSkill, Runtime
from workc.testkit.conformance.expect import NotConforming
from workc.testkit.conformance.skills import (
    MODEL_RESPONSES,
    SKILL_CASES,
    SKILL_REPLIES,
    http_responses,
    said,
)
from workc.testkit.provider import Provider

STUB_URL = "http://stub.example"


@pytest.fixture(scope="module")
def server():
    # Derived answers come from said(); the pages of http_call are served beside them.
    with Provider(respond=said) as provider:
        provider.replies.update(SKILL_REPLIES)
        yield provider


def stubbed(http, model):
    runtime = Runtime(allow_external=False, budget_cents=100)
    runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses=http))
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=model))
    return runtime


@pytest.mark.parametrize("sentence", SKILL_CASES)
def test_the_real_skills_conform(sentence, server):
    SKILL_CASES[sentence](Runtime(budget_cents=100), server.base_url)


@pytest.mark.parametrize("sentence", SKILL_CASES)
def test_the_stubbed_skills_conform(sentence):
    SKILL_CASES[sentence](stubbed(http_responses(STUB_URL), MODEL_RESPONSES), STUB_URL)


#: What these check is said before an answer is read.
READS_NO_ANSWER = {"http_call is told as a side effect", "llm_invoke refuses before it sends"}


@pytest.mark.parametrize("sentence", sorted(SKILL_CASES.keys() - READS_NO_ANSWER))
def test_a_stub_that_makes_answers_up_fails_every_case_that_reads_one(sentence):
    answers = {f"{STUB_URL}{path}": {"status": 418} for path in SKILL_REPLIES}
    runtime = stubbed(answers, {"summarize": {"text": "x"}, "limit": {}, "break": {}})
    with pytest.raises(NotConforming):
        SKILL_CASES[sentence](runtime, STUB_URL)
