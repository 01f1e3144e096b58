"""Checks the resources of steps: their names are as they stand, and a wait is for something."""

from __future__ import annotations

from workc.kernel.values import JsonObject
from workc.runtime.workflow.facts import Facts, listed
from workc.runtime.workflow.place import Place

#: What begins a reference: what a run claims is known before it begins.
_REFERENCE = "${"


def check_resources(facts: Facts, place: Place, step: JsonObject) -> None:
    """Reports names that hold references, and a wait for nothing."""
    if "resources_wait_ms" in step and "resources" not in step:
        message = "resources_wait_ms is said of resources, and there are none here"
        facts.refuse_key((*place, "resources_wait_ms"), message, "add resources, or leave it out")
    for index, name in enumerate(listed(step.get("resources"))):
        if isinstance(name, str) and _REFERENCE in name:
            message = "a resource is named as it is, without references"
            facts.refuse((*place, "resources", index), message, "write its name out")
