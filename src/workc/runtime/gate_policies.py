"""Rules that a gate of kind ``policy`` may ask for: how the run is made, not what it gives.

Each looks at nothing but the rules that the run has recorded of itself, so a replay finds the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from workc.kernel.values import JsonObject

#: What in the rules says that the answers of a run were not the world's, or were to fail.
_REHEARSED = frozenset({"dry_run", "injected", "recording", "stubs"})


class GatePolicy(msgspec.Struct, frozen=True):
    """One rule: what it says in words, and whether it holds for the recorded rules of a run."""

    words: str
    holds: Callable[[JsonObject], bool]


def _is_offline(rules: JsonObject) -> bool:
    network = rules.get("network")
    return isinstance(network, dict) and network.get("offline") is True


#: The rules by their names.
GATE_POLICIES: Mapping[str, GatePolicy] = {
    "guarded": GatePolicy(
        "code that reaches around ctx is refused", lambda rules: rules.get("guard") == "refuse"
    ),
    "offline": GatePolicy("no request leaves the run", _is_offline),
    "under_contract": GatePolicy("a contract limits the run", lambda rules: "contract" in rules),
    "unrehearsed": GatePolicy(
        "nothing stands in for the world, and no failure is injected",
        lambda rules: not _REHEARSED & rules.keys(),
    ),
}
