"""Lists: without repeats, grouped, counted, in chunks."""

from __future__ import annotations

from workc.kernel import jcs
from workc.kernel.failure import refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.skill import skill


@skill(
    pure=True,
    examples=[
        {"input": {"items": []}, "output": []},
        {"input": {"items": [2, 1, 2.0, True, "2", [1], [1]]}, "output": [2, 1, True, "2", [1]]},
        {"input": {"items": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]}, "output": [{"a": 1, "b": 2}]},
    ],
    properties=[
        {"kind": "unique", "field": "output"},
        {"kind": "subset_of", "subject_field": "output", "super_field": "input.items"},
        {"kind": "subset_of", "subject_field": "input.items", "super_field": "output"},
    ],
)
def unique(items: list[Json]) -> list[Json]:
    """Returns the items, each once, where it stood first."""
    kept: dict[bytes, Json] = {}
    for item in items:
        kept.setdefault(jcs.encode(item), item)
    return list(kept.values())


@skill(
    pure=True,
    examples=[
        {"input": {"items": [1, 2, 3, 4, 5], "size": 2}, "output": [[1, 2], [3, 4], [5]]},
        {"input": {"items": [1], "size": 1}, "output": [[1]]},
        {"input": {"items": [], "size": 3}, "output": []},
        {"input": {"items": [1], "size": 0}, "error_code": "INVALID_INPUT"},
    ],
    properties=[
        {"kind": "field_length_max", "subject_field": "output", "bound_field": "input.items"},
    ],
)
def chunks(items: list[Json], size: int) -> list[list[Json]]:
    """Returns the items in lists of ``size``, the last of which may be shorter."""
    if size < 1:
        raise refuse("INVALID_INPUT", "size is at least 1")
    return [items[start : start + size] for start in range(0, len(items), size)]


@skill(
    pure=True,
    examples=[
        {
            "input": {"items": [{"k": "a", "n": 1}, {"k": "b"}, {"k": "a", "n": 2}], "by": "k"},
            "output": {"a": [{"k": "a", "n": 1}, {"k": "a", "n": 2}], "b": [{"k": "b"}]},
        },
        {"input": {"items": [], "by": "k"}, "output": {}},
        {"input": {"items": [{"n": 1}], "by": "k"}, "error_code": "INVALID_INPUT"},
        {"input": {"items": [{"k": 1}], "by": "k"}, "error_code": "INVALID_INPUT"},
    ],
    properties=[
        {"kind": "field_length_max", "subject_field": "output", "bound_field": "input.items"},
    ],
)
def group_by(items: list[JsonObject], by: str) -> dict[str, list[JsonObject]]:
    """Returns the objects by the text that each has in the member ``by``."""
    groups: dict[str, list[JsonObject]] = {}
    for item in items:
        key = item.get(by)
        if not isinstance(key, str):
            raise refuse("INVALID_INPUT", f"an item has no text in {by}")
        groups.setdefault(key, []).append(item)
    return groups


@skill(
    pure=True,
    examples=[
        {"input": {"items": ["b", "a", "b"]}, "output": {"a": 1, "b": 2}},
        {"input": {"items": []}, "output": {}},
    ],
    properties=[
        {"kind": "field_length_max", "subject_field": "output", "bound_field": "input.items"},
    ],
)
def tally(items: list[str]) -> dict[str, int]:
    """Returns how often each text is there."""
    counts: dict[str, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts
