"""A case: what the verifier has found out so far about one bundle."""

from __future__ import annotations

from workc.verify.verdict import MAX_FINDINGS, Finding, Step, VerifyFailCode


class Case:
    """Collects findings, and steps that could not run, in the order of the steps."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.not_checked: list[str] = []
        self.notes: list[str] = []

    def fail(
        self,
        code: VerifyFailCode,
        step: Step,
        path: str,
        message: str,
        *,
        line: int | None = None,
        pointer: str | None = None,
        expected: object = None,
        actual: object = None,
    ) -> None:
        """Adds a finding; past the hundredth, findings are counted but not kept."""
        if len(self.findings) >= MAX_FINDINGS:
            self._note_more()
            return
        self.findings.append(
            Finding(
                code=code,
                step=step,
                path=path,
                message=message,
                line=line,
                pointer=pointer,
                expected=None if expected is None else shown(expected),
                actual=None if actual is None else shown(actual),
            )
        )

    def skip(self, step: Step, reason: str) -> None:
        """Says that a step could not run; it is then neither passed nor failed."""
        self.not_checked.append(f"{step}: {reason}")

    def failed(self, *steps: Step) -> bool:
        """Returns whether one of these steps has a finding."""
        return any(finding.step in steps for finding in self.findings)

    def _note_more(self) -> None:
        note = f"more than {MAX_FINDINGS} failures; the rest is not listed"
        if note not in self.notes:
            self.notes.append(note)


def shown(value: object) -> str:
    """Returns a value as short text for a finding: printable ASCII, at most 200 characters."""
    text = ascii(value)[1:-1] if isinstance(value, str) else ascii(value)
    return text if len(text) <= 200 else text[:197] + "..."
