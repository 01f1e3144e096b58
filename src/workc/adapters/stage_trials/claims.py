"""Holds a stage to what it claims of every input: its output type, its properties, that it does not fail."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

import msgspec

from workc.adapters.stage_trials.calling import Expired, Implementation
from workc.adapters.stage_trials.limits import limited
from workc.adapters.stage_trials.watching import Watch
from workc.kernel import jcs
from workc.kernel.values import Json
from workc.stages.stage.properties import Property, is_broken
from workc.stages.stage.refinements import StageError
from workc.stages.stage.subtyping import value_misfit
from workc.stages.stage.trial import EXHAUSTED, EXPIRED, Call, Task
from workc.stages.stage.value import Stage

#: Failures that say that an input is none of the stage's.
_NOT_TAKEN = frozenset({"INVALID_INPUT"})

#: All inputs of a stage have so many times its limit; those after that are not judged.
ALL_INPUTS = 5

_decode = msgspec.json.Decoder().decode


class Broken(Exception):
    """An input breaks what a stage claims; says the word and why."""

    def __init__(self, word: str, why: str, given: Json) -> None:
        super().__init__(why)
        self.word = word
        self.why = why
        self.input = given


class Halted(BaseException):
    """An input takes all the time or memory there is: no smaller one is looked for."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(str(broken))
        self.broken = broken


class Judge:
    """Judges one generated input."""

    def __init__(
        self,
        stage: Stage,
        implementation: Implementation,
        others: Mapping[str, Implementation],
        task: Task,
        watch: Watch,
    ) -> None:
        self._stage = stage
        self._of = {**others, "": implementation}
        self._limit_s = task.limit_s
        self._until = time.monotonic() + ALL_INPUTS * task.limit_s
        self._watch = watch
        declared = {effect.kind for effect in stage.signature.effects}
        self._may_fail = "Fallible" in declared or any(
            example.error_code is not None for example in stage.examples
        )

    def __call__(self, value: Json) -> bool:
        """Returns whether the stage takes the input.

        Raises:
            Broken: what it gives is not what it claims.
        """
        if time.monotonic() > self._until:
            return False
        given = jcs.normalise(value)
        call = self.called(jcs.normalise(value))
        if call.output is None:
            return self._failed(call, given)
        made = cast("Json", _decode(call.output.encode()))
        if call.mutated:
            raise Broken("INPUT_MUTATED", "the code changes its input", given)
        why = value_misfit(made, self._stage.signature.output)
        if why is not None:
            raise Broken("WRONG_TYPE", why, given)
        for each in self._stage.properties:
            why = self._why(each, given, made)
            if why is not None:
                raise Broken("PROPERTY_BROKEN", why, given)
        return True

    def called(self, value: Json, name: str = "") -> Call:
        """Returns one call, watched and within its time."""
        try:
            with self._watch.on(), limited(self._limit_s):
                return self._of[name].call(value)
        except Expired:
            return Call(code=EXPIRED, message=f"it did not end within {self._limit_s:g} s")

    def _failed(self, call: Call, given: Json) -> bool:
        if call.code in (EXPIRED, EXHAUSTED):
            raise Halted(Broken(call.code, call.message, given))
        if call.code == "INVALID_OUTPUT":
            raise Broken("WRONG_TYPE", call.message, given)
        if call.code in _NOT_TAKEN or self._may_fail:
            return False
        raise Broken("RAISED", call.message, given)

    def _why(self, claim: Property, given: Json, made: Json) -> str | None:
        try:
            return is_broken(claim, given, made, self._run)
        except StageError as error:
            return str(error)

    def _run(self, name: str, value: Json) -> Json:
        call = self.called(jcs.normalise(value), name)
        if call.output is None:
            raise StageError(f"{name or 'the stage'} fails on the output: {call.message}")
        return cast("Json", _decode(call.output.encode()))
