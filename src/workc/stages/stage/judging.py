"""Judges what trials of a stage have shown: findings, each with one word, and a verdict of all.

Two passes are compared, from processes whose environment differs and which took the examples in
opposite order: what differs is nondeterministic. After that each example is held against what it says.

| verdict | when |
|---|---|
| failed | a finding says that the stage is not what it declares |
| errored | a finding says that nothing can be said: it raised, hung, died, cannot be loaded |
| verified | there are examples, and nothing was found |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, TypeAlias, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.values import Json
from workc.stages.problem import below
from workc.stages.stage.examples import StageVerdict, is_same
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.trial import EXHAUSTED, EXPIRED, Call, Generated, Reached, Trial
from workc.stages.stage.value import Example, Stage

Word: TypeAlias = Literal[
    "DIED",
    "FORGED_ID",
    "INPUT_MUTATED",
    "INVALID_DECLARATION",
    "MEMORY",
    "NONDETERMINISTIC",
    "PROPERTY_BROKEN",
    "RAISED",
    "TIMEOUT",
    "UNDECLARED_EFFECT",
    "UNLOADABLE",
    "WRONG_ERROR",
    "WRONG_OUTPUT",
    "WRONG_TYPE",
]
#: Of each word the verdict, and what it says to people.
WORDS: Mapping[Word, tuple[StageVerdict, str]] = {
    "DIED": ("errored", "its process ended"),
    "FORGED_ID": ("failed", "an id is not that of the content"),
    "INPUT_MUTATED": ("failed", "it changes its input"),
    "INVALID_DECLARATION": ("errored", "the declaration is wrong; nothing was run"),
    "MEMORY": ("errored", "it used up its memory"),
    "NONDETERMINISTIC": ("failed", "the same input gave different outputs"),
    "PROPERTY_BROKEN": ("failed", "a property does not hold"),
    "RAISED": ("errored", "it raised where an output is declared"),
    "TIMEOUT": ("errored", "it did not end in time"),
    "UNDECLARED_EFFECT": ("failed", "it does what it does not declare"),
    "UNLOADABLE": ("errored", "the code cannot be loaded"),
    "WRONG_ERROR": ("failed", "another failure than declared, or none"),
    "WRONG_OUTPUT": ("failed", "another output than declared"),
    "WRONG_TYPE": ("failed", "the output is not of the declared type"),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that was found. ``expected``, ``actual`` and ``input`` are canonical JSON text.

    ``example`` is the number of an example, from 0; ``input`` one that was generated. ``effect`` is
    what would have to be declared.
    """

    word: Word
    message: str
    example: int | None = None
    expected: str | None = None
    actual: str | None = None
    input: str | None = None
    effect: str | None = None


def verdict_of_findings(findings: Iterable[Finding]) -> StageVerdict:
    """Returns the verdict of a stage that was tested."""
    found = {WORDS[finding.word][0] for finding in findings}
    if "failed" in found:
        return "failed"
    return "errored" if "errored" in found else "verified"


def of_passes(stage: Stage, first: Trial, second: Trial) -> tuple[Finding, ...]:
    """Returns what two passes over the examples show."""
    reached = sorted({*first.reached, *second.reached})
    refused = first.refused or second.refused
    if refused:
        # What was refused while it was loaded is why it is not.
        return tuple(of_reached(reached)) or (Finding(word="UNLOADABLE", message=refused),)
    limits = _limits((*first.calls, *second.calls))
    if limits is not None:
        return (*of_reached(reached), limits)
    found = [
        finding
        for index, example in enumerate(stage.examples)
        if (finding := _of_example(stage, index, example, first.calls[index], second.calls[index]))
    ]
    # What was refused because it was not declared fails because of that.
    caused = [each for each in found if not (reached and each.word == "RAISED")]
    return (*of_reached(reached), *caused)


def of_reached(reached: Iterable[Reached]) -> Iterator[Finding]:
    """Yields a finding for each effect that is not declared."""
    for each in reached:
        message = f"the code {each.words}, and {each.effect} is not declared"
        yield Finding(word="UNDECLARED_EFFECT", message=message, effect=each.effect)


def of_generated(found: Generated) -> Iterator[Finding]:
    """Yields what an input breaks that was given, or generated, for the properties."""
    if found.broken is None:
        return
    word = cast("Word", found.word)
    call = found.call
    actual = None if call is None else call.output
    yield Finding(word=word, message=found.broken, input=found.input, actual=actual)


def _limits(calls: Iterable[Call]) -> Finding | None:
    for call in calls:
        if call.code in (EXPIRED, EXHAUSTED):
            return Finding(word=cast("Word", call.code), message=call.message)
    return None


def _of_example(
    stage: Stage, index: int, example: Example, first: Call, second: Call
) -> Finding | None:
    if (first.output, first.code) != (second.output, second.code):
        return Finding(
            word="NONDETERMINISTIC",
            message="two processes made different things of the same input",
            example=index,
            expected=_shown(first),
            actual=_shown(second),
        )
    if first.mutated or second.mutated:
        message = "the code changes the value that it is given"
        return Finding(word="INPUT_MUTATED", message=message, example=index)
    if example.error_code is not None:
        return _of_failure(index, example.error_code, first)
    return _of_output(stage, index, example, first)


def _of_failure(index: int, code: str, call: Call) -> Finding | None:
    if call.output is None and call.code == code:
        return None
    return Finding(
        word="WRONG_ERROR",
        message=f"expected the failure {code}, and got {call.code or 'an output'}",
        example=index,
        expected=_spelled({"error_code": code}),
        actual=_shown(call),
    )


def _of_output(stage: Stage, index: int, example: Example, call: Call) -> Finding | None:
    expected = _spelled(example.output)
    if call.output == expected:
        # What is declared was held against the type before anything was run.
        return None
    if call.output is None:
        word: Word = "WRONG_TYPE" if call.code == "INVALID_OUTPUT" else "RAISED"
        message = f"{call.code}: {call.message}"
        return Finding(word=word, message=message, example=index, expected=expected)
    made = cast("Json", msgspec.json.decode(call.output))
    why = value_misfit(made, stage.signature.output)
    if why is not None:
        word, message = "WRONG_TYPE", why
    elif _is_near(example.output, made, example.tolerance, ""):
        return None
    else:
        word, message = "WRONG_OUTPUT", _difference(example.output, made)
    return Finding(word=word, message=message, example=index, expected=expected, actual=call.output)


def _is_near(one: Json, other: Json, tolerance: Mapping[str, float], at: str) -> bool:
    """Returns whether two values are the same but for numbers that may be off."""
    if not tolerance:
        return is_same(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        same = one.keys() == other.keys()
        return same and all(_is_near(one[n], other[n], tolerance, below(at, n)) for n in one)
    if isinstance(one, list) and isinstance(other, list):
        pairs = enumerate(zip(one, other, strict=False))
        same = len(one) == len(other)
        return same and all(_is_near(a, b, tolerance, below(at, i)) for i, (a, b) in pairs)
    if at in tolerance and _is_number(one) and _is_number(other):
        return abs(cast("float", one) - cast("float", other)) <= tolerance[at]
    return is_same(one, other)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _difference(expected: Json, actual: Json, at: str = "") -> str:
    """Returns where the first difference is."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name in sorted({*expected, *actual}):
            if name not in expected or name not in actual:
                which = "is missing" if name in expected else "was not expected"
                return f"{below(at, name)} {which}"
            if not is_same(expected[name], actual[name]):
                return _difference(expected[name], actual[name], below(at, name))
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            if not is_same(one, other):
                return _difference(one, other, below(at, index))
    return f"{at or 'the output'} differs"


def _shown(call: Call) -> str:
    return call.output if call.output is not None else _spelled({"error_code": call.code})


def _spelled(value: Json) -> str:
    return jcs.encode(value).decode()
