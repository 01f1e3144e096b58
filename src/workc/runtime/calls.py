"""The record of a function's answer: what a driver writes when a call has come back."""

from __future__ import annotations

from msgspec import UNSET

from workc.kernel.failure import Failure
from workc.kernel.payloads import SkillExecuted
from workc.runtime.asks import Call
from workc.runtime.bodies import Files, record_failure, store, store_json
from workc.stages.skill import Result


def record_call(files: Files, call: Call, result: Result | Failure) -> SkillExecuted:
    """Returns the SkillExecuted of a call that gave ``result``, or that was cut off."""
    failure = result if isinstance(result, Failure) else result.failure
    value = None if isinstance(result, Failure) else result.value
    return SkillExecuted(
        attempt=call.attempt,
        failure=UNSET if failure is None else record_failure(files, failure),
        mode="pure" if call.pure else "opaque",
        params=store(files, "json", call.data) if call.pure else UNSET,
        request=call.request,
        skill=call.skill.name,
        step=call.step,
        value=UNSET if failure is not None else store_json(files, value),
    )
