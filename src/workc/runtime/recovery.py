"""What follows a failure by its class, where a workflow says so: another pass, or the end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from workc.kernel.arguments import choice, instance
from workc.kernel.failure import Failure, Misuse
from workc.kernel.gates import GATE_FAILED
from workc.kernel.payloads import Target
from workc.kernel.recovery import CLASSES, ErrorClass, class_of
from workc.runtime.workflow.json_schema import GOING_ON
from workc.runtime.workflow.model import GoingOn


def recovered(
    failure: Failure, recovery: Mapping[ErrorClass, GoingOn], earlier: Collection[str]
) -> tuple[Target, ErrorClass] | None:
    """Returns where a run goes back to after a failure, and its class; None: it does not go back.

    A gate says itself what follows, so nothing is recovered of one. ``earlier`` are the codes after
    which the run went back before.
    """
    found = class_of(failure.code, earlier)
    to = recovery.get(found, "stop")
    if to == "stop" or found == "Catastrophic" or failure.code == GATE_FAILED:
        return None
    return to, found


def read_recovery(said: object) -> Mapping[ErrorClass, GoingOn]:
    """Returns what code says of the classes of failures, nothing for None.

    Raises:
        Misuse: it is no mapping of classes to phases, or lets a run go on after a catastrophe.
    """
    if said is None:
        return {}
    given = cast("Mapping[object, object]", instance("recovery", said, Mapping, "a mapping"))
    read: dict[ErrorClass, GoingOn] = {}
    for name, value in given.items():
        choice("a class of recovery", name, CLASSES)
        choice(f"recovery of {name}", value, GOING_ON)
        read[cast("ErrorClass", name)] = cast("GoingOn", value)
    if read.get("Catastrophic", "stop") != "stop":
        raise Misuse("nothing follows what is Catastrophic; write stop, or leave it out")
    return read
