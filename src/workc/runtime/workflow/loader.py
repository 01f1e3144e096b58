"""Loads a workflow file: reads it, finds everything that is wrong, and builds the workflow.

    workflow = load_workflow(data, "digest.yaml", known)

Whatever ``data`` is, the answer is a workflow or one :class:`InvalidWorkflow` with all problems, by
line. Nothing runs, no file is opened, no skill is imported here: ``known`` says what there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from workc.kernel.values import JsonObject
from workc.runtime.workflow.build import build_workflow
from workc.runtime.workflow.check_effects import check_effects
from workc.runtime.workflow.check_failures import check_failures
from workc.runtime.workflow.check_gates import check_asks, check_gates
from workc.runtime.workflow.check_inputs import check_inputs, check_lists, check_policy
from workc.runtime.workflow.check_lens import check_lens
from workc.runtime.workflow.check_plan import check_plan
from workc.runtime.workflow.check_references import check_expressions, check_references
from workc.runtime.workflow.check_resolve import check_resolve
from workc.runtime.workflow.check_steps import MAX_STEPS, check_graph, check_steps
from workc.runtime.workflow.check_strategies import check_strategies
from workc.runtime.workflow.document import parse_document
from workc.runtime.workflow.facts import Facts, listed, members, texts
from workc.runtime.workflow.json_schema import schema_of_file
from workc.runtime.workflow.model import SkillInfo, WorkflowFile
from workc.runtime.workflow.problems import InvalidWorkflow, Problem, Report
from workc.runtime.workflow.schema_words import WORKFLOW_PATTERN
from workc.runtime.workflow.shape import check_shape
from workc.runtime.workflow.source import Document

_WORKFLOW = re.compile(WORKFLOW_PATTERN)
_CHECKS = (
    check_inputs,
    check_lists,
    check_policy,
    check_steps,
    check_plan,
    check_failures,
    check_effects,
    check_lens,
    check_resolve,
    check_graph,
    check_references,
    check_expressions,
    check_gates,
    check_asks,
    check_strategies,
)


def load_workflow(
    data: bytes,
    name: str,
    known: Mapping[str, SkillInfo],
    unloaded: Mapping[str, str] | None = None,
    unfit: Mapping[str, str] | None = None,
) -> WorkflowFile:
    """Returns the workflow in ``data``; ``name`` is the file's name as problems show it.

    ``unloaded`` says of modules that the file lists why they could not be loaded, ``unfit`` of
    workflows that its steps run why they cannot be.

    Raises:
        InvalidWorkflow: ``INVALID_WORKFLOW`` with every problem found.
    """
    report = Report(name)
    document = parse_document(data, name, report)
    report.finish_reading()
    if document is not None:
        _run_checks(Facts(document, known, report, unloaded or {}, unfit or {}))
    found = report.problems()
    if document is None or found:
        raise InvalidWorkflow(found)
    return build_workflow(document)


def find_problems(data: bytes, name: str, known: Mapping[str, SkillInfo]) -> list[Problem]:
    """Returns every problem of a workflow file, by line; an empty list for a good one."""
    try:
        load_workflow(data, name, known)
    except InvalidWorkflow as error:
        return list(error.problems)
    return []


def declared_skills(data: bytes, name: str) -> tuple[str, ...]:
    """Returns what the file lists under ``skills``, so that they can be loaded before checking.

    Raises:
        InvalidWorkflow: if the file cannot be read at all.
    """
    return tuple(texts(_read(data, name).get("skills")))


def declared_workflows(data: bytes, name: str) -> tuple[str, ...]:
    """Returns the workflows that the file may run, each once, as far as they can be files.

    Raises:
        InvalidWorkflow: if the file cannot be read at all.
    """
    file = _read(data, name)
    steps, allowed = members(file.get("steps")), members(file.get("plan")).get("allow")
    resolver = members(members(file.get("lens")).get("resolve"))
    uses = [*map(members, steps.values()), resolver]
    named = [*(use.get("workflow") for use in uses), *listed(allowed)]
    found = [each for each in named if isinstance(each, str) and _WORKFLOW.search(each)]
    return tuple(dict.fromkeys(found))


def read_recorded(data: bytes, name: str) -> WorkflowFile:
    """Returns the workflow of a file that was found valid when it was recorded.

    Raises:
        InvalidWorkflow: if the file cannot be read at all.
        LookupError, ValueError: it is no workflow, so it was not found valid.
    """
    report = Report(name)
    document = parse_document(data, name, report)
    if document is None:
        raise InvalidWorkflow(report.problems())
    return build_workflow(document)


def _read(data: bytes, name: str) -> JsonObject:
    report = Report(name)
    document = parse_document(data, name, report)
    if document is None:
        raise InvalidWorkflow(report.problems())
    return members(document.value)


def check(document: Document, known: Mapping[str, SkillInfo], report: Report) -> None:
    """Reports everything that is wrong with a document that could be read."""
    _run_checks(Facts(document, known, report))


def _run_checks(facts: Facts) -> None:
    steps: JsonObject = facts.section("steps")
    if len(steps) > MAX_STEPS:
        facts.refuse(("steps",), f"more than {MAX_STEPS} steps", "split the workflow")
        return
    check_shape(facts, schema_of_file(members(facts.document.value)))
    for run in _CHECKS:
        run(facts)
