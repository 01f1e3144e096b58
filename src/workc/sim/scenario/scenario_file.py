"""Scenario files: YAML or JSON, read as workflow files are, with every problem at its line."""

from __future__ import annotations

import re

from workc.runtime.workflow.document import parse_document
from workc.runtime.workflow.place import Place
from workc.runtime.workflow.problems import InvalidFile, Report
from workc.sim.scenario.scenario import Scenario, ScenarioError

CODE = "INVALID_INPUT"
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
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
    document = parse_document(data, name, report)
    report.finish_reading()
    if document is not None and not report.problems():
        try:
            return Scenario.from_json(document.value)
        except ScenarioError as error:
            text = str(error)
            mark = document.value_mark(_place(text))
            report.add(mark, "", _AT.sub("", text), "compare with `workc schema scenario`", CODE)
    raise InvalidScenario(report.problems(), CODE)


def _place(text: str) -> Place:
    found = _AT.search(text)
    steps = _STEP.finditer(found["path"]) if found else ()
    return tuple(int(step["index"]) if step["index"] else step["key"] for step in steps)
