"""A case: what the verifier has found out so far about one bundle."""

from __future__ import annotations

from workc.verify.verdict import MAX_FINDINGS, STEPS, Finding, Step, VerifyFailCode

#: The longest text of a finding, in characters: a whole path fits.
MAX_TEXT = 600


class Case:
    """Collects findings and the steps that were taken; all its answers stand in order of steps."""

    def __init__(self) -> None:
        self._findings: dict[Step, list[Finding]] = {step: [] for step in STEPS}
        self._taken: set[Step] = set()
        self._cut = False
        self._notes: list[str] = []

    def take(self, step: Step) -> None:
        """Says that a step was taken to its end; one that was not, and found nothing, is open."""
        self._taken.add(step)

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
        """Adds a finding; of one step a hundred are kept. Texts are made printable ASCII."""
        kept = self._findings[step]
        if len(kept) == MAX_FINDINGS:
            self._cut = True
            return
        kept.append(
            Finding(
                code=code,
                step=step,
                path=shown(path),
                message=shown(message),
                line=line,
                pointer=pointer,
                expected=None if expected is None else shown(expected),
                actual=None if actual is None else shown(actual),
            )
        )

    def note(self, text: str) -> None:
        """Adds a remark without weight."""
        self._notes.append(shown(text))

    def findings(self) -> tuple[Finding, ...]:
        """Returns the first hundred findings."""
        return tuple(self._all()[:MAX_FINDINGS])

    def notes(self) -> tuple[str, ...]:
        """Returns the remarks; one of them says if there are more findings than are listed."""
        cut = self._cut or len(self._all()) > MAX_FINDINGS
        more = [f"more than {MAX_FINDINGS} failures; the rest is not listed"] if cut else []
        return (*self._notes, *more)

    def _all(self) -> list[Finding]:
        return [finding for step in STEPS for finding in self._findings[step]]

    def open_steps(self) -> tuple[Step, ...]:
        """Returns the steps that were neither taken nor failed."""
        return tuple(step for step in STEPS if step not in self._taken and not self._findings[step])


def shown(value: object) -> str:
    """Returns a value as printable ASCII of at most ``MAX_TEXT`` characters."""
    text = ascii(value)
    if isinstance(value, str):
        text = text[1:-1]
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."
