"""The published JSON Schemas of files that people write, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workc.kernel.values import JsonObject
from workc.runtime.policy.json_schema import published_policy_schema
from workc.runtime.workflow.json_schema import published_schema

#: Each makes its schema when it is asked for.
FILES: Mapping[str, Callable[[], JsonObject]] = {
    "workflow": published_schema,
    "policy": published_policy_schema,
}
