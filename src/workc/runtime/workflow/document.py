"""Reads a workflow file: its bytes become one JSON value, and every place in it a line and column.

A name that ends in ``.json`` is JSON (RFC 8259); any other is the strict part of YAML described
in :mod:`workc.runtime.workflow.yaml_reader`. Whatever the bytes are, the answer is a document and
a list of problems: no exception of a parser leaves this module.

Refused as a whole: more than :data:`MAX_BYTES`, bytes that are not UTF-8, a byte order mark,
control characters.
"""

from __future__ import annotations

import json
import re
from functools import cache

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json
from workc.runtime.workflow.json_marks import JsonPlaces
from workc.runtime.workflow.problems import Report
from workc.runtime.workflow.source import MAX_DEPTH, Document, Source
from workc.runtime.workflow.yaml_reader import read_yaml

#: The most bytes of a workflow file.
MAX_BYTES = 1_048_576

_BOM = "\ufeff"
#: What YAML 1.2.2 does not let a text hold (section 5.1), and the line breaks that only YAML 1.1
#: knows, on which line numbers would depend.
_UNWANTED = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|\r(?!\n)"
)


def parse_document(data: bytes, name: str, report: Report) -> Document | None:
    """Returns the document in ``data``, or None where nothing can be made of it.

    Problems go to ``report``; a document with problems is only good for finding more of them.
    """
    if len(data) > MAX_BYTES:
        fix = "move large data into a file of its own and give it as an input"
        _refuse(report, Source(""), 0, f"the file has more than {MAX_BYTES} bytes", fix)
        return None
    text = decoded(data, report)
    if text is None:
        return None
    source = Source(text)
    if name.endswith(".json"):
        return _read_json(data, source, report)
    found = _UNWANTED.search(text)
    if found is not None:
        _refuse_character(report, source, found.start())
        return None
    return read_yaml(source, report)


def decoded(data: bytes, report: Report) -> str | None:
    """Returns the bytes of a file as text, or None with the first byte that is wrong reported."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        _refuse(report, Source(before), len(before), message, "save the file as UTF-8")
        return None
    if text.startswith(_BOM):
        fix = "save the file as UTF-8 without a byte order mark"
        _refuse(report, Source(text), 0, "the file starts with a byte order mark", fix)
        return None
    return text


def _refuse(report: Report, source: Source, offset: int, message: str, fix: str) -> None:
    report.add(source.mark(offset), "", message, fix, "INVALID_WORKFLOW")


def _refuse_character(report: Report, source: Source, offset: int) -> None:
    code = ord(source.text[offset])
    fix = f'remove it, or write it in double quotes as "\\u{code:04x}"'
    _refuse(report, source, offset, f"the character U+{code:04X} cannot stand here", fix)


def _read_json(data: bytes, source: Source, report: Report) -> Document | None:
    fault, parsed = _parsed(data)
    ordered = _read_loosely(source.text, report, source)
    if ordered is None:
        return None
    if fault is None and _depth(parsed) <= MAX_DEPTH:
        # Places are dear, and nobody asks for them but who has a problem to tell.
        places = cache(lambda: JsonPlaces(source.text).places)
        return Document(_in_order_of(ordered[0], parsed), source, places)
    found = JsonPlaces(source.text)
    if found.too_deep is not None:
        message = f"more than {MAX_DEPTH} levels of nesting"
        _refuse(report, source, found.too_deep, message, "flatten the data")
    else:
        _refuse(report, source, found.repeated or 0, f"not valid JSON: {fault}", "mend it")
    return None


def _depth(value: Json) -> int:
    """Returns how many levels of lists and mappings a value has."""
    inner = (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    )
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _parsed(data: bytes) -> tuple[str | None, Json]:
    """Returns why the bytes are refused, or None and the value; its keys are sorted."""
    try:
        return None, jcs.parse(data)
    except CanonicalError as error:
        return str(error).removeprefix("not JSON: "), None


def _read_loosely(text: str, report: Report, source: Source) -> list[Json] | None:
    """Returns a list with the value, its keys in file order; syntax errors have a place here."""
    fix = "compare brackets, quotes and commas with the lines around"
    try:
        return [json.loads(text)]
    except json.JSONDecodeError as error:
        _refuse(report, source, error.pos, f"not valid JSON: {error.msg}", fix)
    except ValueError:
        _refuse(report, source, 0, "not valid JSON: a number has too many digits", fix)
    except RecursionError:
        _refuse(report, source, 0, f"more than {MAX_DEPTH} levels of nesting", "flatten the data")
    return None


def _in_order_of(pattern: Json, value: Json) -> Json:
    """Returns ``value`` with the keys of each object in the order that ``pattern`` has."""
    if isinstance(pattern, dict) and isinstance(value, dict):
        return {key: _in_order_of(item, value[key]) for key, item in pattern.items()}
    if isinstance(pattern, list) and isinstance(value, list):
        return [_in_order_of(one, other) for one, other in zip(pattern, value, strict=True)]
    return value
