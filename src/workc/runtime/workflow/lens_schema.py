"""The JSON Schema of the lens of a workflow: what a run looks at before it decides."""

from __future__ import annotations

from workc.kernel.lens import MAX_WEIGHT
from workc.kernel.permille import WHOLE
from workc.kernel.values import Json, JsonObject
from workc.runtime.workflow.lens import DECIDING, MAX_FILES, WAYS
from workc.runtime.workflow.resolve_keys import RESOLVE
from workc.runtime.workflow.schema_words import count, listed, mapping, record, text

#: The names of items, and of what they speak about.
ITEM_PATTERN = "^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
MAX_OBSERVATIONS = 100
#: A day: who waits longer for better knowledge starts another run.
MAX_WAIT_MS = 86_400_000
#: The lock levels that have a threshold beside deciding, in their order.
JUDGED = ("Staged", "Committed", "Published", "Immutable")
_MAX_SOURCE = 10_000

_SOURCES = {
    "file": "A file below a root: ROOT/PATH.",
    "files": "A pattern of files below a root, such as src/**/*.py; each is a part of the item.",
    "url": "An address, http or https, that is got.",
    "run": "An earlier run of the store, by its id, or last: its output.",
    "bundle": "The folder of a bundle below a root, which is verified: its output.",
    "environment": "The name of an environment variable; no secret.",
    "text": "A text.",
}
_WAYS: dict[str, JsonObject] = {
    way: text(_SOURCES[way], minLength=1, maxLength=_MAX_SOURCE) for way in WAYS
}
_BESIDE: dict[str, JsonObject] = {
    "weight": count("What it weighs beside the others; 1000 if absent.", 1, MAX_WEIGHT),
    "about": text("What it says something about, as other items may too.", pattern=ITEM_PATTERN),
    "says": text(
        "JMESPath over {value, text}: what it says about that; text if absent.", minLength=1
    ),
    "at_most": count("How many files the pattern may give; 100 if absent.", 1, MAX_FILES),
}


def _members(names: dict[str, JsonObject]) -> JsonObject:
    found: dict[str, Json] = {**names}
    return found


_ITEM: JsonObject = {
    **record("Something that the run looks at.", [], _members({**_WAYS, **_BESIDE})),
    "anyOf": [{"required": [way]} for way in WAYS],
}


def _least(of: str) -> JsonObject:
    return count(f"The least aggregate for {of}, in permille.", 0, WHOLE)


LENS: JsonObject = record(
    "What the run looks at before it decides; its steps name it as ${lens.ITEM.text}.",
    ["items"],
    {
        "items": mapping("What is looked at, by name, in this order.", _ITEM),
        "requires": listed("The items that coverage counts.", text("The name of an item.")),
        "at_least": record(
            "How good the lens must be; where a policy demands more, that holds.",
            [],
            _members({DECIDING: _least("deciding"), **{each: _least(each) for each in JUDGED}}),
        ),
        "max_observations": count(
            "How often it is looked at until it is good enough to decide; 1 if absent.",
            1,
            MAX_OBSERVATIONS,
        ),
        "wait_ms": count("How long to wait before it is looked at again.", 0, MAX_WAIT_MS),
        "resolve": RESOLVE,
    },
)
