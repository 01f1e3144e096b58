"""Where a replay or a resumed run parts from what was recorded: the first place, and how."""

from __future__ import annotations

import msgspec

from workc.kernel import events
from workc.kernel.events import Entry, Path, dotted
from workc.kernel.failure import Failure
from workc.kernel.values import Json, JsonObject

_SHOWN_CHARS = 400


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """One difference. ``pointer`` is a JSON pointer into the event's payload or a file."""

    code: str
    message: str
    step: str | None = None
    at: str | None = None
    kind: str | None = None
    pointer: str | None = None
    recorded: str | None = None
    now: str | None = None
    path: str | None = None

    def to_json(self) -> JsonObject:
        """Returns the difference as JSON; what is not known is left out."""
        fields = msgspec.structs.asdict(self)
        return {key: value for key, value in fields.items() if value is not None}

    def to_failure(self) -> Failure:
        """Returns the difference as a failure of the catalog."""
        return Failure(code=self.code, message=self.message, details=self.to_json())


class Diverged(Exception):
    """Carries the first difference to who drives the session."""

    def __init__(self, divergence: Divergence) -> None:
        super().__init__(divergence.message)
        self.divergence = divergence


def differing(at: Path, recorded: tuple[str, bytes], entry: Entry) -> Divergence | None:
    """Returns how an entry differs from what is recorded at its place, or None if it does not."""
    kind, payload = recorded
    now = events.encode(entry.payload)
    if kind == entry.kind and payload == now:
        return None
    step = getattr(entry.payload, "step", None)
    if kind != entry.kind:
        return Divergence(
            code="REPLAY_DIVERGED",
            message=f"at {dotted(at)} stands {kind}, now it would be {entry.kind}",
            step=step if isinstance(step, str) else None,
            at=dotted(at),
            kind=entry.kind,
            pointer="/kind",
            recorded=kind,
            now=entry.kind,
        )
    pointer, before, after = first_difference(_plain(payload), _plain(now))
    where = f"of step {step} " if isinstance(step, str) else ""
    return Divergence(
        code="REPLAY_DIVERGED",
        message=f"{kind} {where}differs at {pointer or '/'}",
        step=step if isinstance(step, str) else None,
        at=dotted(at),
        kind=kind,
        pointer=pointer,
        recorded=before,
        now=after,
    )


def _plain(payload: bytes) -> Json:
    value: Json = msgspec.json.decode(payload)
    return _opened(value)


def _opened(value: Json) -> Json:
    """Returns a payload with the JSON inside its bodies in place of its text."""
    if isinstance(value, list):
        return [_opened(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("form") == "json" and isinstance(value.get("inline"), str):
        return {**value, "inline": _read(str(value["inline"]))}
    return {key: _opened(item) for key, item in value.items()}


def _read(text: str) -> Json:
    try:
        value: Json = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text
    return value


def first_difference(before: Json, after: Json, pointer: str = "") -> tuple[str, str, str]:
    """Returns the JSON pointer of the first difference and both values there, as short text."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if key not in before or key not in after:
                return place, _shown(before, key), _shown(after, key)
            if not _same(before[key], after[key]):
                return first_difference(before[key], after[key], place)
    if isinstance(before, list) and isinstance(after, list):
        for index, (one, other) in enumerate(zip(before, after, strict=False)):
            if not _same(one, other):
                return first_difference(one, other, f"{pointer}/{index}")
        index = min(len(before), len(after))
        return f"{pointer}/{index}", _item(before, index), _item(after, index)
    return pointer, _text(before), _text(after)


def _same(one: Json, other: Json) -> bool:
    return msgspec.json.encode(one) == msgspec.json.encode(other)


def _shown(value: dict[str, Json], key: str) -> str:
    return _text(value[key]) if key in value else "nothing"


def _item(items: list[Json], index: int) -> str:
    return _text(items[index]) if index < len(items) else "nothing"


def _text(value: Json) -> str:
    text = msgspec.json.encode(value).decode("utf-8", "replace")
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 3] + "..."
