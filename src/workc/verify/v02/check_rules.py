"""The rule of checks that a program decided: each is the evaluation that was recorded of it.

(docs/spec/bundle-0.2.md, section 5.)
"""

from __future__ import annotations

from collections.abc import Iterator

from workc.kernel.gates import GateEvaluated
from workc.kernel.payloads import CheckResult, VerificationRun
from workc.verify.v02 import rules
from workc.verify.v02.pair_rules import Difference


class CheckRules:
    """Keeps what programs said of the output in one pass, by the names of what was asked."""

    def __init__(self) -> None:
        self._said: dict[str, GateEvaluated] = {}

    def take(self, gate: GateEvaluated) -> None:
        """Takes an evaluation."""
        if gate.kind == "command" and gate.when == "post_run":
            self._said[gate.gate] = gate

    def ended(self, end: VerificationRun) -> Iterator[Difference]:
        """Yields which results are not what a program said."""
        for check in end.results:
            if check.kind == "command" and not _is_said(check, self._said.get(check.check_id)):
                yield Difference(rules.CHECK_IS_ANSWERED, "results", "as evaluated", check.check_id)

    def forget(self) -> None:
        """Begins another pass."""
        self._said = {}


def _is_said(check: CheckResult, said: GateEvaluated | None) -> bool:
    if said is None:
        return False
    if (check.that, check.passed) != (said.that, said.passed):
        return False
    # What kept a program from giving 0 is the same failure in both.
    return check.failure == said.failure
