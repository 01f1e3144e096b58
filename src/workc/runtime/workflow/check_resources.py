"""Checks the resources of steps: each is named once and as it stands, and a wait is for something."""

from __future__ import annotations

from workc.kernel.resources import MAX_RESOURCES
from workc.kernel.values import JsonObject
from workc.runtime.workflow.facts import Facts, listed
from workc.runtime.workflow.place import Place, quoted

#: What begins a reference: what a run claims is known before it begins.
_REFERENCE = "${"


def check_resources(facts: Facts, place: Place, step: JsonObject) -> None:
    """Reports names that hold references, and a wait for nothing."""
    if "resources_wait_ms" in step and "resources" not in step:
        message = "resources_wait_ms is said of resources, and there are none here"
        facts.refuse_key((*place, "resources_wait_ms"), message, "add resources, or leave it out")
    names = listed(step.get("resources"))
    if len(names) > MAX_RESOURCES:
        message = f"there are {len(names)} resources, and at most {MAX_RESOURCES} may be"
        facts.refuse((*place, "resources"), message, "leave some out, or name them as one")
    for index, name in enumerate(names):
        if name in names[:index]:
            message = f"the resource {quoted(str(name))} is named twice"
            facts.refuse((*place, "resources", index), message, "leave it out")
        if isinstance(name, str) and _REFERENCE in name:
            message = "a resource is named as it is, without references"
            facts.refuse((*place, "resources", index), message, "write its name out")
