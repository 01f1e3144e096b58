"""The audit: what a call may cost where part of it is not known yet."""

import pytest

from workc import Runtime
from workc.api.audit import audit
from workc.api.settings import Settings

TEXT = """workc: 1
name: ask
inputs:
  base: {type: string}
  n: {type: integer}
  text: {type: string, default: hello}
budget: {ceiling_cents: CENTS}
steps:
  one:
    skill: llm_invoke
    with: {model: MODEL, max_tokens: MAX, prompt: "${inputs.text}"MORE}
"""


def cost(tmp_path, *, model="gpt-4o-mini", most="100", more="", cents=5, given=None):
    text = TEXT.replace("MODEL", model).replace("MAX", most).replace("MORE", more)
    path = tmp_path / "ask.yaml"
    path.write_text(text.replace("CENTS", str(cents)))
    found = audit(Runtime().load(path), given or {}, Settings(environment={}))
    codes = [remark.code for remark in found.remarks if remark.level == "problem"]
    return found.plan[0].cost, codes


BASE = ", base_url: '${inputs.base}'"


def test_an_address_that_is_not_known_changes_no_price(tmp_path):
    known, _ = cost(tmp_path, more=BASE, given={"base": "http://127.0.0.1:1"})
    unknown, problems = cost(tmp_path, more=BASE)
    assert unknown.bound_micro_cents == known.bound_micro_cents is not None
    assert (unknown.depends_on, problems) == ((), [])


def test_a_budget_that_cannot_do_is_found_whatever_the_address_is(tmp_path):
    assert cost(tmp_path, more=BASE, cents=0)[1] == ["BUDGET_EXCEEDED"]
    assert cost(tmp_path, more=BASE, model="no-such-model")[1] == ["PRICE_UNKNOWN"]


def test_what_is_left_open_counts_as_the_least_it_can_be(tmp_path):
    least, problems = cost(tmp_path, most="'${inputs.n}'")
    exact, _ = cost(tmp_path, most="1")
    assert (least.bound_micro_cents, least.depends_on) == (None, ("inputs.n",))
    assert least.known_part_micro_cents == exact.bound_micro_cents
    assert problems == []
    assert cost(tmp_path, most="'${inputs.n}'", cents=0)[1] == ["BUDGET_EXCEEDED"]
    assert cost(tmp_path, most="'${inputs.n}'", model="no-such-model")[1] == ["PRICE_UNKNOWN"]


@pytest.mark.parametrize("name", ["model", "provider"])
def test_without_model_and_provider_nothing_is_said_of_the_price(tmp_path, name):
    if name == "model":
        found, problems = cost(tmp_path, model="'${inputs.base}'")
    else:
        found, problems = cost(tmp_path, more=", provider: '${inputs.base}'")
    assert (found.known_part_micro_cents, found.depends_on) == (None, ("inputs.base",))
    assert problems == []
