"""JSON: what a pointer names, one document over another, a document held against a schema."""

from __future__ import annotations

from workc.kernel.failure import Misuse, refuse
from workc.kernel.values import Json, JsonObject
from workc.stages.schema import problems
from workc.stages.skill import skill

_DOCUMENT = {"a": [{"b": 1}, 2], "x/y": {"~": "z"}, "": 0}


@skill(
    pure=True,
    examples=[
        {"input": {"document": _DOCUMENT, "pointer": ""}, "output": _DOCUMENT},
        {"input": {"document": _DOCUMENT, "pointer": "/a/0/b"}, "output": 1},
        {"input": {"document": _DOCUMENT, "pointer": "/a/1"}, "output": 2},
        {"input": {"document": _DOCUMENT, "pointer": "/x~1y/~0"}, "output": "z"},
        {"input": {"document": _DOCUMENT, "pointer": "/"}, "output": 0},
        {"input": {"document": {"~1": 1, "/": 2}, "pointer": "/~01"}, "output": 1},
        {"input": {"document": _DOCUMENT, "pointer": "/a/2"}, "error_code": "INVALID_INPUT"},
        {"input": {"document": _DOCUMENT, "pointer": "/a/-1"}, "error_code": "INVALID_INPUT"},
        {"input": {"document": _DOCUMENT, "pointer": "/a/00"}, "error_code": "INVALID_INPUT"},
        {"input": {"document": _DOCUMENT, "pointer": "a"}, "error_code": "INVALID_INPUT"},
        {"input": {"document": {}, "pointer": "/a"}, "error_code": "INVALID_INPUT"},
        {"input": {"document": "text", "pointer": "/0"}, "error_code": "INVALID_INPUT"},
    ],
)
def at_pointer(document: Json, pointer: str) -> Json:
    """Returns the part of a document that a JSON pointer names (RFC 6901)."""
    if pointer and not pointer.startswith("/"):
        raise refuse("INVALID_INPUT", "a pointer is empty or begins with /")
    found = document
    for token in pointer.split("/")[1:]:
        found = _member(found, token.replace("~1", "/").replace("~0", "~"))
    return found


def _member(value: Json, name: str) -> Json:
    if isinstance(value, dict) and name in value:
        return value[name]
    is_index = name.isascii() and name.isdecimal() and (name == "0" or name[0] != "0")
    if isinstance(value, list) and is_index and int(name) < len(value):
        return value[int(name)]
    raise refuse("INVALID_INPUT", f"nothing stands at {name}")


@skill(
    pure=True,
    examples=[
        {
            "input": {"document": {"a": 1, "b": {"c": 2, "d": 3}}, "patch": {"b": {"c": None}}},
            "output": {"a": 1, "b": {"d": 3}},
        },
        {"input": {"document": {"a": [1]}, "patch": {"a": [2]}}, "output": {"a": [2]}},
        {"input": {"document": 1, "patch": {"a": {"b": None}}}, "output": {"a": {}}},
        {"input": {"document": {"a": 1}, "patch": [1]}, "output": [1]},
        {"input": {"document": {"a": 1}, "patch": {}}, "output": {"a": 1}},
    ],
)
def merge_patch(document: Json, patch: Json) -> Json:
    """Returns a document with a patch merged into it (RFC 7396): null takes a member away."""
    if not isinstance(patch, dict):
        return patch
    made = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merge_patch(made.get(name), value)
    return made


@skill(
    pure=True,
    examples=[
        {"input": {"document": 1, "schema": {"type": "integer"}}, "output": []},
        {
            "input": {
                "document": {"n": "x"},
                "schema": {
                    "type": "object",
                    "properties": {"n": {"type": "integer"}},
                    "required": ["n", "m"],
                },
            },
            "output": [
                {"pointer": "/m", "expected": "a value", "actual": "nothing"},
                {"pointer": "/n", "expected": "integer", "actual": 'string "x"'},
            ],
        },
        {"input": {"document": 1, "schema": {"type": "intger"}}, "error_code": "INVALID_INPUT"},
    ],
)
def schema_problems(document: Json, schema: JsonObject) -> list[dict[str, str]]:
    """Returns where a document does not fit a JSON Schema: pointer, expected and actual."""
    try:
        found = problems(schema, document)
    except Misuse as error:
        raise refuse("INVALID_INPUT", str(error)) from None
    return [
        {"pointer": each.pointer, "expected": each.expected, "actual": each.actual}
        for each in found
    ]
