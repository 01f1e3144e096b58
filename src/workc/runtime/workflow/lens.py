"""A checked lens as values: what a run looks at before it decides, and how good that must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from workc.kernel.freshness import DEFAULT_WEIGHT
from workc.kernel.lens import How
from workc.kernel.phases import LockLevel
from workc.kernel.selectors import Effect
from workc.kernel.values import Json, JsonObject
from workc.runtime.declared_effects import effect_at, spelled
from workc.stages.effects import FileRead, HttpRequest
from workc.stages.file_pattern import folder_of
from workc.stages.observation import (
    ITEM_TIMEOUT_MS,
    MAX_ITEM_BYTES,
    EarlierRun,
    FileList,
    GivenText,
    Observation,
    Proof,
    Variable,
)

#: The keys of an item that say how it is got; it has one of them.
WAYS: tuple[How, ...] = ("file", "files", "url", "run", "bundle", "environment", "text")
#: How a file says what it takes to decide; in a record it is the threshold of this level.
DECIDING = "deciding"
DECIDING_LEVEL: LockLevel = "Draft"
MAX_FILES = 1_000
#: What work is shown of an item.
ITEM_PARTS = ("found", "sha256", "source", "text", "value")
#: How many files a pattern may give if it does not say.
DEFAULT_FILES = 100
#: The operations of skills that ask for the same as an item.
_SKILLS: Mapping[How, str] = {"file": "read_file", "files": "read_file", "url": "http_call"}


class ItemSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One item: how it is got, and from where. ``says`` is a JMESPath over ``{value, text}``.

    ``at_most`` is how many files a pattern may give.
    """

    name: str
    how: How
    source: str
    weight: int = DEFAULT_WEIGHT
    about: str | None = None
    says: str = "text"
    at_most: int = DEFAULT_FILES

    @property
    def skill(self) -> str:
        """Returns the operation that asks for the same."""
        return _SKILLS.get(self.how, f"lens_{self.how}")

    def request(self) -> Observation:
        """Returns what is asked of the world."""
        if self.how == "files":
            return FileList(pattern=self.source, at_most=self.at_most)
        return _REQUESTS[self.how](self.source)

    def effect(self) -> Effect | None:
        """Returns what looking at it touches, None if that has no name.

        Raises:
            BadEffect, Refusal: it has a name that is none.
        """
        match self.how:
            case "file":
                return spelled("ReadFS", f"fs:{self.source}")
            case "files":
                return spelled("ReadFS", f"fs:{folder_of(self.source)}/")
            case "bundle":
                return spelled("ReadFS", f"fs:{self.source}/")
            case "url":
                return effect_at(self.source)
            case _:
                return None


def file_request(path: str) -> FileRead:
    """Returns the request of one file."""
    return FileRead(path=path, max_bytes=MAX_ITEM_BYTES, timeout_ms=ITEM_TIMEOUT_MS)


def _get(url: str) -> HttpRequest:
    return HttpRequest(method="GET", url=url, max_bytes=MAX_ITEM_BYTES, timeout_ms=ITEM_TIMEOUT_MS)


_REQUESTS: Mapping[How, Callable[[str], Observation]] = {
    "bundle": Proof,
    "environment": Variable,
    "file": file_request,
    "run": EarlierRun,
    "text": GivenText,
    "url": _get,
}


class LensSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a run looks at, in order; what it requires of it; and how often it looks again.

    ``at_least`` are own thresholds, ``wait_ms`` is how long it waits before it looks again.
    """

    items: tuple[ItemSpec, ...]
    requires: tuple[str, ...] = ()
    at_least: Mapping[LockLevel, int] = {}
    max_observations: int = 1
    wait_ms: int = 0

    def effects(self) -> tuple[Effect, ...]:
        """Returns what looking touches: a lens declares itself. Raises as :meth:`ItemSpec.effect`."""
        found = (item.effect() for item in self.items)
        return tuple(effect for effect in found if effect is not None)


def build_lens(said: JsonObject) -> LensSpec | None:
    """Returns the lens that a checked section describes, None for an empty one."""
    if not said:
        return None
    items = cast("Mapping[str, JsonObject]", said["items"])
    at_least = cast("Mapping[str, int]", said.get("at_least", {}))
    plain: JsonObject = {
        name: said[name] for name in ("requires", "max_observations", "wait_ms") if name in said
    }
    levels: dict[str, Json] = {_level(name): least for name, least in at_least.items()}
    made = [_item(name, item) for name, item in items.items()]
    return msgspec.convert({**plain, "items": made, "at_least": levels}, LensSpec)


def _level(name: str) -> str:
    return DECIDING_LEVEL if name == DECIDING else name


def _item(name: str, said: JsonObject) -> ItemSpec:
    how = next(way for way in WAYS if way in said)
    rest = {key: value for key, value in said.items() if key != how}
    return msgspec.convert({**rest, "name": name, "how": how, "source": said[how]}, ItemSpec)


def declaring(
    effects: tuple[Effect, ...] | None, lens: LensSpec | None
) -> tuple[Effect, ...] | None:
    """Returns the effects that a workflow declares, with those of its lens; None if it declares none."""
    if effects is None or lens is None:
        return effects
    return tuple(sorted({*effects, *lens.effects()}))
