"""The published JSON Schemas of files that people, and other programs, read and write, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from workc.api.published_registry import published_stage_schema
from workc.kernel.values import JsonObject
from workc.runtime.planning.answer_schema import published_plan_schema
from workc.runtime.policy.json_schema import published_policy_schema
from workc.runtime.workflow.json_schema import published_schema
from workc.sim import published_testing

#: Each makes its schema when it is asked for.
FILES: Mapping[str, Callable[[], JsonObject]] = {
    "workflow": published_schema,
    "plan": published_plan_schema,
    "policy": published_policy_schema,
    "stage-file": published_stage_schema,
    "scenario": partial(published_testing.schema_of, "scenario"),
    "test-report": partial(published_testing.schema_of, "test-report"),
    "bench-report": partial(published_testing.schema_of, "bench-report"),
}
