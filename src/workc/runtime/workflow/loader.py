"""Loads a workflow file: reads it, finds everything that is wrong, and builds the workflow.

    workflow = load_workflow(read_workflow(data, "digest.yaml"), known)

Whatever ``data`` is, the answer is a workflow or one :class:`InvalidWorkflow` with all problems, by
line. Nothing runs, no file is opened, no skill is imported here: ``known`` says what there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Reading:
    """A workflow file as it was read: what stands in it, and what is wrong with how it is written.

    ``document`` is None where nothing could be made of it.
    """

    document: Document | None
    report: Report

    @property
    def whole(self) -> Document:
        """Returns the document, checked or not.

        Raises:
            InvalidWorkflow: if the file cannot be read at all.
        """
        if self.document is None:
            raise InvalidWorkflow(self.report.problems())
        return self.document

    @property
    def value(self) -> JsonObject:
        """Returns what the file says; raises as :attr:`whole` does."""
        return members(self.whole.value)


def read_workflow(data: bytes, name: str) -> Reading:
    """Returns the file in ``data`` as it was read; ``name`` is its name as problems show it."""
    report = Report(name)
    document = parse_document(data, name, report)
    report.finish_reading()
    return Reading(document, report)


def load_workflow(
    file: Reading,
    known: Mapping[str, SkillInfo],
    unloaded: Mapping[str, str] | None = None,
    unfit: Mapping[str, str] | None = None,
) -> WorkflowFile:
    """Returns the workflow in a file, which is checked once.

    ``unloaded`` says of modules that the file lists why they could not be loaded, ``unfit`` of
    workflows that its steps run why they cannot be.

    Raises:
        InvalidWorkflow: ``INVALID_WORKFLOW`` with every problem found.
    """
    if file.document is not None:
        _run_checks(Facts(file.document, known, file.report, unloaded or {}, unfit or {}))
    found = file.report.problems()
    if file.document is None or found:
        raise InvalidWorkflow(found)
    return build_workflow(file.document)


def find_problems(data: bytes, name: str, known: Mapping[str, SkillInfo]) -> list[Problem]:
    """Returns every problem of a workflow file, by line; an empty list for a good one."""
    try:
        load_workflow(read_workflow(data, name), known)
    except InvalidWorkflow as error:
        return list(error.problems)
    return []


def declared_skills(file: Reading) -> tuple[str, ...]:
    """Returns what the file lists under ``skills``, so that they can be loaded before checking.

    Raises:
        InvalidWorkflow: if the file cannot be read at all.
    """
    return tuple(texts(file.value.get("skills")))


def declared_workflows(file: Reading) -> tuple[str, ...]:
    """Returns the workflows that the file may run, each once, as far as they can be files.

    Raises:
        InvalidWorkflow: if the file cannot be read at all.
    """
    said = file.value
    steps, allowed = members(said.get("steps")), members(said.get("plan")).get("allow")
    resolver = members(members(said.get("lens")).get("resolve"))
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
    return build_workflow(read_workflow(data, name).whole)


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
