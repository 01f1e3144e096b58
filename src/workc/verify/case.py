"""A case: what the verifier has found out so far about one bundle."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterable
from math import inf

import msgspec

from workc.kernel.canonical import CanonicalError, spell
from workc.verify.rules import Rule
from workc.verify.verdict import MAX_FINDINGS, STEPS, UNDECIDED, Finding, Step, Verdict

#: The longest text of a finding, in characters: a whole path fits.
MAX_TEXT = 600


class Case:
    """Collects findings and the steps that were taken; all its answers stand in order of steps.

    ``without`` are numbers of rules whose findings are dropped: so the tests show that each rule
    is needed.
    """

    def __init__(self, *, without: Collection[str] = ()) -> None:
        self._findings: dict[Step, list[Finding]] = {step: [] for step in STEPS}
        self._taken: set[Step] = set()
        self._cut = False
        self._bad: Finding | None = None
        self._notes: list[str] = []
        self._without = without

    def take(self, step: Step) -> None:
        """Says that a step was taken to its end; one that was not, and found nothing, is open."""
        self._taken.add(step)

    def fail(
        self,
        rule: Rule,
        path: str,
        message: str,
        *,
        line: int | None = None,
        pointer: str | None = None,
        expected: object = None,
        actual: object = None,
    ) -> None:
        """Adds a finding; of one step a hundred are kept. Texts are made printable ASCII."""
        if rule.number in self._without:
            return
        self._keep(
            Finding(
                code=rule.code,
                step=rule.step,
                rule=rule.number,
                path=shown(path),
                message=shown(message),
                line=line,
                pointer=pointer,
                expected=None if expected is None else shown(expected),
                actual=None if actual is None else shown(actual),
            )
        )

    def _keep(self, finding: Finding) -> None:
        """Keeps the first findings of a step by line, so that no other order changes which."""
        if self._bad is None and finding.code not in UNDECIDED:
            self._bad = finding
        kept = self._findings[finding.step]
        insort(kept, finding, key=_line)
        if len(kept) > MAX_FINDINGS:
            self._cut = True
            kept.pop()

    def note(self, text: str) -> None:
        """Adds a remark without weight."""
        self._notes.append(shown(text))

    def findings(self) -> tuple[Finding, ...]:
        """Returns the first hundred findings; if one proves the bundle bad, one of them does."""
        found = self._all()[:MAX_FINDINGS]
        if self._bad is not None and all(finding.code in UNDECIDED for finding in found):
            found[-1] = self._bad
        return tuple(found)

    def notes(self) -> tuple[str, ...]:
        """Returns the remarks; one of them says if there are more findings than are listed."""
        cut = self._cut or len(self._all()) > MAX_FINDINGS
        more = [f"more than {MAX_FINDINGS} failures; the rest is not listed"] if cut else []
        return (*self._notes, *more)

    def _all(self) -> list[Finding]:
        return [finding for step in STEPS for finding in self._findings[step]]

    def open_steps(self, needed: Iterable[Step]) -> tuple[Step, ...]:
        """Returns those of the needed steps that were neither taken nor failed."""
        return tuple(
            step for step in needed if step not in self._taken and not self._findings[step]
        )


def _line(finding: Finding) -> float:
    """Returns where a finding belongs in its step: by line; what has none stands last."""
    return inf if finding.line is None else finding.line


def refused(rule: Rule, path: str, message: str) -> Verdict:
    """Returns the verdict on what could not be read as a bundle at all: FAIL by one rule."""
    case = Case()
    case.fail(rule, path, message)
    return Verdict(verdict="FAIL", failures=case.findings())


def shown(value: object) -> str:
    """Returns a text as it is, else a value as JSON: printable ASCII, at most ``MAX_TEXT`` characters."""
    text = ascii(value)[1:-1] if isinstance(value, str) else _json(value)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."


def _json(value: object) -> str:
    try:
        text = spell(msgspec.to_builtins(value, enc_hook=str)).decode()
    except (CanonicalError, OverflowError, UnicodeEncodeError):
        return ascii(value)
    return "".join(char if " " <= char <= "~" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    digits = char.encode("utf-16-be").hex()
    return "".join(f"\\u{digits[at : at + 4]}" for at in range(0, len(digits), 4))
