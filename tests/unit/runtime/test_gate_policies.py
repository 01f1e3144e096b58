"""Rules that a gate may ask for: each holds for some recorded rules of a run, and not for others."""

import pytest

from workc.api.settings import Settings, policy_rules
from workc.runtime.gate_policies import GATE_POLICIES
from workc.runtime.injection import parse_injection
from workc.stages.network import NetworkPolicy

PLAIN = policy_rules(Settings())
OFFLINE = policy_rules(Settings(policy=NetworkPolicy(offline=True)))
GUARDED = policy_rules(Settings(guard="refuse"))
INJECTED = policy_rules(Settings(inject=(parse_injection("a:1:TIMEOUT"),)))
CASES = {
    "guarded": ([GUARDED], [PLAIN, OFFLINE, {"guard": "warn"}, {}]),
    "offline": ([OFFLINE], [PLAIN, GUARDED, {}, {"network": True}]),
    "under_contract": ([{**PLAIN, "contract": "{}"}], [PLAIN, {}]),
    "unrehearsed": (
        [PLAIN, OFFLINE, GUARDED],
        [
            INJECTED,
            {**PLAIN, "dry_run": True},
            {**PLAIN, "stubs": "{}"},
            {**PLAIN, "recording": "ab"},
        ],
    ),
}


def test_every_rule_is_tested():
    assert CASES.keys() == GATE_POLICIES.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_rule_holds_for_these_and_not_for_those(name):
    these, those = CASES[name]
    holds = GATE_POLICIES[name].holds
    assert ([*map(holds, these)], [*map(holds, those)]) == (
        [True] * len(these),
        [False] * len(those),
    )
    assert GATE_POLICIES[name].words
