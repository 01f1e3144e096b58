"""Reads TOML as a document: one JSON value, and for what stands in a line of its own, where.

The parser of the standard library gives no places but those of errors, so that tables and keys are
found by their lines. What has none, as a value in a list, is told where the key before it stands.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import cast

from workc.kernel.values import Json
from workc.runtime.workflow.document import MAX_BYTES, decoded
from workc.runtime.workflow.place import Mark, Place
from workc.runtime.workflow.problems import Report
from workc.runtime.workflow.source import Document, Places, Source

CODE = "INVALID_INPUT"

_HEADER = re.compile(r"[ \t]*(\[\[?)[ \t]*([^\[\]#]+?)[ \t]*\]")
_KEY = re.compile(r"[ \t]*([A-Za-z0-9_\-.\"' ]+?)[ \t]*=[ \t]*")
_AT = re.compile(r"\(at line (\d+), column (\d+)\)")


def parse_toml(data: bytes, report: Report) -> Document | None:
    """Returns the document in ``data``, or None where nothing can be made of it."""
    if len(data) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES} bytes"
        report.add(Mark(1, 1), "", message, "write a shorter one", CODE)
        return None
    text = decoded(data, report)
    if text is None:
        return None
    try:
        value = tomllib.loads(text)
    except RecursionError:
        report.add(Mark(1, 1), "", "too many levels of nesting", "flatten the data", CODE)
    except ValueError as error:
        found = _AT.search(str(error))
        mark = Mark(int(found[1]), int(found[2])) if found else Mark(text.count("\n") + 1, 1)
        why = _AT.sub("", str(error)).strip()
        report.add(mark, "", f"not valid TOML: {why}", "compare with the lines around", CODE)
    else:
        return Document(_json(value), Source(text), cache(lambda: _places(text)))
    return None


def _json(value: object) -> Json:
    """Returns a value of TOML as JSON; a date or a time, which JSON has none of, as its text."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {key: _json(item) for key, item in members.items()}
    if isinstance(value, list):
        return [_json(item) for item in cast("list[object]", value)]
    return value if isinstance(value, bool | int | float | str) else str(value)


def _places(text: str) -> Places:
    values: dict[Place, int] = {}
    keys: dict[Place, int] = {}
    table: Place = ()
    offset = 0
    for line in text.split("\n"):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            table = _table(_parts(header[2]), keys, is_list=header[1] == "[[")
            # What holds a table stands in no line of its own: it begins with the first of its tables.
            for depth in range(1, len(table) + 1):
                keys.setdefault(table[:depth], offset + header.start(1))
                values.setdefault(table[:depth], offset + header.start(1))
        elif key is not None:
            place = (*table, *_parts(key[1]))
            keys.setdefault(place, offset + key.start(1))
            values.setdefault(place, offset + key.end())
        offset += len(line) + 1
    return Places(values, keys)


def _table(parts: Place, keys: dict[Place, int], *, is_list: bool) -> Place:
    """Returns the place of a table; of one in a list, the next that is free."""
    index = 0
    while is_list and (*parts, index) in keys:
        index += 1
    return (*parts, index) if is_list else parts


def _parts(name: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in name.split("."))
