"""Scenario files: YAML or JSON, read as workflow files are, with every problem at its line."""

from __future__ import annotations

import re
from contextlib import suppress
from difflib import get_close_matches
from functools import cache

from msgspec.structs import replace

from workc.kernel.values import Json
from workc.runtime.workflow.document import MAX_BYTES, parse_document
from workc.runtime.workflow.json_marks import JsonPlaces
from workc.runtime.workflow.place import Place
from workc.runtime.workflow.problems import InvalidFile, Report
from workc.runtime.workflow.source import Document, Source
from workc.sim.json_text import JsonTextError, read_json
from workc.sim.scenario.scenario import Scenario, ScenarioError
from workc.sim.scenario.scripts import Script

CODE = "INVALID_INPUT"
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_FOREIGN = re.compile(r"unknown field `(?P<name>[^`]*)`")
#: A number that not every reader of YAML holds.
_LARGE = re.compile(r"[1-9][0-9]{15,19}")
_STEP = re.compile(r"\.(?P<key>[^.\[]+)|\[(?P<index>\d+)\]")


class InvalidScenario(InvalidFile):
    """Refuses a scenario file: ``INVALID_INPUT`` with what is wrong and where."""

    schema = "scenario"


def read_scenario(data: bytes, name: str) -> Scenario:
    """Returns the scenario in ``data``; ``name`` is the file's, and one in ``.json`` is JSON.

    Raises:
        InvalidScenario: it holds none.
    """
    report = Report(name)
    document = _document(data, name, report)
    report.finish_reading()
    if document is not None and not report.problems():
        try:
            return Scenario.from_json(_with_seed(document.value))
        except ScenarioError as error:
            _report(str(error), document, report)
    raise InvalidScenario([replace(problem, code=CODE) for problem in report.problems()], CODE)


def _document(data: bytes, name: str, report: Report) -> Document | None:
    """Returns what the file holds; in JSON integers may be as large as those of the specification."""
    if name.endswith(".json") and len(data) <= MAX_BYTES:
        # Where it cannot be read, the other reader says where.
        with suppress(UnicodeDecodeError, JsonTextError):
            text = data.decode()
            return Document(read_json(text), Source(text), cache(lambda: JsonPlaces(text).places))
    return parse_document(data, name, report)


def _with_seed(value: Json) -> Json:
    """Returns what a file says with its seed as a number: one that YAML cannot hold stands in quotes."""
    seed = value.get("seed") if isinstance(value, dict) else None
    if isinstance(value, dict) and isinstance(seed, str) and _LARGE.fullmatch(seed):
        return {**value, "seed": int(seed)}
    return value


def _report(text: str, document: Document, report: Report) -> None:
    place, foreign = _place(text), _FOREIGN.search(text)
    fix = "compare with `workc schema scenario`"
    mark = document.value_mark(place)
    if foreign is not None:
        mark = document.key_mark((*place, foreign["name"]))
        near = get_close_matches(foreign["name"], _names(Script), n=1)
        fix = f"did you mean {near[0]}?" if near else fix
    report.add(mark, "", _AT.sub("", text), fix, CODE)


def _names(kind: type[Script]) -> set[str]:
    """Returns the names of all members that parts of a scenario have."""
    below = (name for each in kind.__subclasses__() for name in _names(each))
    return {*kind.__struct_encode_fields__, *below}


def _place(text: str) -> Place:
    found = _AT.search(text)
    steps = _STEP.finditer(found["path"]) if found else ()
    return tuple(int(step["index"]) if step["index"] else step["key"] for step in steps)
