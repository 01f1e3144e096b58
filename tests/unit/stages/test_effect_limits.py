"""Which effects a call may have: declared ones, those of a step, and what a policy says."""

import pytest

from workc.kernel.selectors import normalise
from workc.stages.effect_limits import EffectLimits, EffectRules, decide_effect, decide_unknown


def net(path):
    return normalise("Network", f"net:http://a.example/{path}")


def test_without_limits_nothing_is_refused():
    assert decide_effect(EffectLimits(), net("x")) is None


@pytest.mark.parametrize("effect", [net("v1"), net("v1/x"), net("v1/x/y")])
def test_an_effect_within_a_declared_one_may_happen(effect):
    assert decide_effect(EffectLimits(run=(net("v1"),)), effect) is None


@pytest.mark.parametrize(
    ("limits", "whose"),
    [
        (EffectLimits(run=()), "run"),
        (EffectLimits(run=(net("v1/x"),)), "run"),
        (EffectLimits(run=(net(""),), step=()), "step"),
        (EffectLimits(run=(net(""),), step=(net("v2"),)), "step"),
        (EffectLimits(run=(net("v2"),), step=(net("v2"),)), "run"),
    ],
)
def test_an_effect_that_is_not_declared_is_refused_with_the_line_to_add(limits, whose):
    failure = decide_effect(limits, net("v1"))
    assert failure.code == "EFFECT_NOT_DECLARED"
    line = '- "Network net:http://a.example/v1"'
    assert failure.details == {
        "op": "Network",
        "selector": "net:http://a.example/v1",
        "whose": whose,
        "add": line,
    }
    assert failure.message == (
        f"Network net:http://a.example/v1 is not declared; add to effects of the {whose}: {line}"
    )


def test_an_op_is_not_another_one():
    read = normalise("ReadFS", "fs:a/")
    write = normalise("WriteFS", "fs:a/b")
    assert decide_effect(EffectLimits(run=(read,)), write).code == "EFFECT_NOT_DECLARED"


def test_a_policy_allows_what_a_line_covers_and_nothing_else():
    policy = EffectLimits(policy=EffectRules(allow=(net("v1"),)))
    assert decide_effect(policy, net("v1/x")) is None
    failure = decide_effect(policy, net("v2"))
    assert failure.code == "POLICY_VIOLATION"
    assert 'selector = "net:http://a.example/v2"' in failure.message
    assert failure.details["add"].startswith("[[effects.allow]]")


@pytest.mark.parametrize("denied", [net(""), net("v1"), net("v1/x")])
def test_what_a_policy_denies_wins_over_what_it_allows(denied):
    rules = EffectRules(allow=(net(""), net("v1"), net("v1/x")), deny=(denied,))
    failure = decide_effect(EffectLimits(policy=rules), net("v1/x"))
    assert failure.code == "POLICY_VIOLATION"
    assert failure.details["line"] == f"Network {denied.selector}"


def test_a_narrower_denial_leaves_the_rest_allowed():
    rules = EffectRules(allow=(net("v1"),), deny=(net("v1/x"),))
    assert decide_effect(EffectLimits(policy=rules), net("v1/y")) is None


def test_what_both_refuse_is_told_of_the_declared_ones():
    limits = EffectLimits(run=(), policy=EffectRules(allow=()))
    assert decide_effect(limits, net("v1")).code == "EFFECT_NOT_DECLARED"


def test_a_function_of_unknown_effects_is_bounded_by_a_policy_alone():
    allowing = EffectRules(allow=(), unknown="allow")
    assert decide_unknown(None) is None
    assert decide_unknown(EffectLimits(run=())) is None
    assert decide_unknown(EffectLimits(policy=allowing)) is None
    refused = decide_unknown(EffectLimits(policy=EffectRules(allow=())))
    assert (refused.code, refused.details) == ("POLICY_VIOLATION", {"unknown": True})
