"""A refusal for reasons of the oracle: what cannot be packed, unpacked or shown in part."""

from __future__ import annotations

from workc.kernel.failure import Failure, Refusal
from workc.verify.case import refused
from workc.verify.rules import Rule
from workc.verify.verdict import UNDECIDED, Finding


class Unfit(Refusal):
    """This cannot be done with this bundle; ``findings`` are what the oracle says of it."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        first = findings[0]
        rest = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
        message = f"{first.code}: {first.path}: {first.message}{rest}"
        listed = [finding.to_json() for finding in findings]
        super().__init__(
            Failure(code="INVALID_INPUT", message=message, details={"findings": [*listed]})
        )
        self.findings = findings

    @property
    def undecided(self) -> bool:
        """Returns whether nothing is proven bad."""
        return all(finding.code in UNDECIDED for finding in self.findings)


def unfit(rule: Rule, path: str, message: str) -> Unfit:
    """Returns the refusal for one rule that was broken."""
    return Unfit(refused(rule, path, message).failures)
