"""A refusal for reasons of the oracle: what cannot be packed, unpacked or shown in part."""

from __future__ import annotations

from workc.kernel.failure import Failure, Refusal
from workc.verify.case import refused
from workc.verify.rules import Rule
from workc.verify.verdict import UNDECIDED, Finding


class Unfit(Refusal):
    """This cannot be done with this bundle; ``findings`` are what the oracle says of it.

    The code says whether the bundle is proven bad (``BUNDLE_INVALID``) or cannot be judged
    (``BUNDLE_UNDECIDED``). ``why`` is the sentence; without one the first finding is told.
    """

    def __init__(self, findings: tuple[Finding, ...], why: str | None = None) -> None:
        undecided = all(finding.code in UNDECIDED for finding in findings)
        listed = [finding.to_json() for finding in findings]
        super().__init__(
            Failure(
                code="BUNDLE_UNDECIDED" if undecided else "BUNDLE_INVALID",
                message=_first(findings) if why is None else why,
                details={"findings": [*listed]},
            )
        )
        self.findings = findings

    @property
    def undecided(self) -> bool:
        """Returns whether nothing is proven bad."""
        return self.failure.code == "BUNDLE_UNDECIDED"


def _first(findings: tuple[Finding, ...]) -> str:
    if not findings:
        return "not every step of the verifier could be taken"
    first = findings[0]
    where = "" if first.path == "." else f"{first.path}: "
    rest = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{first.code}: {where}{first.message}{rest}"


def unfit(rule: Rule, path: str, message: str) -> Unfit:
    """Returns the refusal for one rule that was broken."""
    return Unfit(refused(rule, path, message).failures)
