"""What a run touched, for its outcome: read from its records, in the order of their places.

Told are requests, the programs of gates, what a lens looked at outside of the workflow, and the children
that were started. What a child did its own outcome tells; of a function nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workc.api.standing_in import recorded_by
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.children import ChildSpawned
from workc.kernel.events import Entry
from workc.kernel.gates import NOT_RUN, GateEvaluated
from workc.kernel.lens import ItemObserved
from workc.kernel.payloads import EffectAsked, RunStarted
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import KeptFiles, load_json
from workc.runtime.effects import local_target
from workc.runtime.outcome import AnsweredBy, SideEffect

#: The ports that answer for items of a lens; the world answers for the others.
_PORTS: Mapping[str, str] = {"file": "file", "url": "http"}


class Recorder:
    """Watches a run: what it asked of the world, for the outcome; and tells somebody else."""

    def __init__(self, files: KeptFiles, watch: Callable[[Entry], None] | None) -> None:
        self._files = files
        self._watch = watch
        self._by: Mapping[str, AnsweredBy] = {}
        self._effects: list[tuple[tuple[int, ...], SideEffect]] = []

    def __call__(self, entry: Entry) -> None:
        """Takes an entry as it is recorded."""
        self.note(entry)
        if self._watch is not None:
            self._watch(entry)

    def note(self, entry: Entry) -> None:
        """Takes an entry that was recorded before; nobody is told of it again."""
        if isinstance(entry.payload, RunStarted):
            self._by = recorded_by(load_json(self._files, entry.payload.policy.rules))
        found = self._effect_of(entry.payload)
        if found is not None:
            self._effects.append((entry.at, found))

    def side_effects(self) -> tuple[SideEffect, ...]:
        """Returns the effects in logical order."""
        return tuple(effect for _, effect in sorted(self._effects, key=lambda pair: pair[0]))

    def _effect_of(self, payload: object) -> SideEffect | None:
        match payload:
            case EffectAsked():
                request = load_json(self._files, payload.request)
                by = self._by.get(payload.port, "world")
                return _of_request(payload.port, request, by) if isinstance(request, dict) else None
            case ItemObserved() if was_looked_at(payload):
                by = self._by.get(_PORTS.get(payload.how, ""), "world")
                return SideEffect("lens", f"{payload.how} {payload.source}", by)
            case GateEvaluated(kind="command") if was_run(payload):
                return SideEffect("exec", _program(payload.that), self._by.get("exec", "world"))
            case ChildSpawned():
                return SideEffect("child", payload.child_run_id)
            case _:
                return None


def was_looked_at(item: ItemObserved) -> bool:
    """Returns whether looking at an item touched anything: it was not refused, and is no text."""
    return bool(item.effect) or (item.how in {"environment", "run"} and bool(item.value))


def was_run(gate: GateEvaluated) -> bool:
    """Returns whether the program of a gate was run."""
    return not gate.failure or gate.failure.code not in NOT_RUN


def _program(that: str) -> str:
    """Returns the program of a gate as one of a step is told; ``that`` is its arguments, as JSON."""
    try:
        return local_target({"argv": jcs.parse(that.encode())})
    except CanonicalError:
        return f"exec {that}"


def _of_request(port: str, request: JsonObject, by: AnsweredBy) -> SideEffect:
    if port == "http":
        return SideEffect("http", f"{request['method']} {_shown(request['url'])}", by)
    if port != "model":
        return SideEffect(port, local_target(request), by)
    base = request["base_url"]
    return SideEffect(
        "model", f"{request['provider']} {_shown(base) if base else ''}{request['path']}", by
    )


def _shown(text: Json) -> str:
    match text:
        case list():
            return "".join(_shown(part) for part in text)
        case dict():
            return f"${{secrets.{text['secret']}}}"
        case _:
            return str(text)
