"""Numbers for rules: one section of docs/spec/bundle-0.2.md, and the step in which its rules are judged."""

from __future__ import annotations

from workc.verify.rules import Rule
from workc.verify.verdict import Step, VerifyFailCode


class Section:
    """Numbers rules within one section of the page."""

    def __init__(self, step: Step, section: int) -> None:
        self._step: Step = step
        self._section = section

    def __call__(self, number: int, code: VerifyFailCode, text: str) -> Rule:
        """Returns the rule of a number within the section."""
        paragraph = f"bundle-0.2, section {self._section}"
        return Rule(f"{self._section}.{number:02}", code, self._step, paragraph, text)
