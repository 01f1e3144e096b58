"""Under rules that speak of decisions and of risk both verifiers take and refuse the same good bundles."""

import pytest
from attacks.policy import OPEN, put_policy
from bundles import bundle
from reseal import reseal, second

from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

ALL = {"Staged": ["Acceptance"], "Committed": ["Acceptance"]}


@pytest.mark.parametrize(
    ("name", "rules", "passes"),
    [
        ("gated", {"decide": {"implicit": "never"}}, True),
        ("approved", {"decide": {"implicit": "never"}}, True),
        ("planned", {"decide": {"implicit": "never"}}, True),
        ("resolved", {"decide": {"implicit": "never"}}, True),
        ("success", {"decide": {"implicit": "never"}}, False),
        ("success", {"decide": {"implicit": "low"}}, False),
        ("success", {"decide": {}}, False),
        ("went_back", {"decide": {"implicit": "never"}}, False),
        ("staged", {"decide": {"implicit": "never"}}, True),
        ("function", {"decide": {"implicit": "low"}}, False),
        ("bounded", {"decide": {"implicit": "low"}}, True),
        ("bounded", {"decide": {"implicit": "low"}, "approval": {"cost_ms": 0}}, False),
        ("bounded", {"decide": {"implicit": "low"}, "approval": {"timeout_ms": None}}, True),
        ("bounded", {"decide": {"implicit": "low"}, "approval": {"timeout_ms": "1"}}, False),
        ("bounded", {"decide": {"implicit": "low"}, "approval": {"timeout_ms": -1}}, False),
        ("bounded", {"decide": {"implicit": "low"}, "approval": []}, False),
        ("bounded", {"verify": {"high_risk": ALL}}, True),
        ("bounded", {"verify": {"high_risk": ALL}, "approval": {"loss_ms": 900_000}}, False),
        ("bounded", {"verify": {"high_risk": ALL}, "approval": {"loss_ms": "9"}}, False),
        ("success", {"verify": {"high_risk": ALL}}, False),
        ("success", {"verify": {"high_risk": {"Committed": ["Semantic"]}}}, True),
        ("success", {"verify": {"high_risk": []}}, False),
        ("undecided", {"verify": {"high_risk": ALL}, "decide": {"implicit": "never"}}, True),
    ],
)
def test_both_verifiers_say_the_same_of_risk(name, rules, passes):
    def rule(d):
        put_policy(d, {"network": OPEN, **rules}, None)

    made = reseal(bundle(name), rule, project=True)
    assert verify(MemoryReader(made)).ok == passes, verify(MemoryReader(made)).failures
    assert (not second.verify(dict(made))) == passes


def test_a_log_without_an_end_is_judged_as_a_draft():
    def cut(d):
        put_policy(d, {"network": OPEN, "decide": {"implicit": "low"}}, None)
        d.events = d.events[:-1]

    made = reseal(bundle("bounded"), cut, project=False)
    assert "EVENT_CHAIN_MISMATCH" in verify(MemoryReader(made)).codes()
