"""The codes that ``when`` of an ``on_failure`` may name, in workflow files and in Python alike."""

from __future__ import annotations

from workc.kernel.catalog import CATALOG
from workc.kernel.fallbacks import NEVER_TOLERATED
from workc.runtime.workflow.place import quoted
from workc.runtime.workflow.problems import suggest

#: What a rule says in vain -> why: none of it is the failure of an attempt that anything is asked about.
_IN_VAIN = {
    **dict.fromkeys(
        ("BUDGET_BOUND_VIOLATED", "BUDGET_EXCEEDED", "QUOTA_EXCEEDED"),
        "it stops the run by itself",
    ),
    **dict.fromkeys(
        (
            "APPROVAL_DENIED",
            "APPROVAL_PENDING",
            "APPROVAL_TIMEOUT",
            "GATE_FAILED",
            "UPSTREAM_FAILED",
        ),
        "the step is skipped then, and has not failed",
    ),
    **dict.fromkeys(("ABORTED", "HALTED"), "the run has been stopped then"),
}
_KNOWN = frozenset({*CATALOG, *(entry.category for entry in CATALOG.values())})


def problem_of(code: str, then: object) -> tuple[str, str] | None:
    """Returns what is wrong with a code or category of a rule that says ``then``, and the fix."""
    if code not in _KNOWN:
        fix = suggest(code.upper(), _KNOWN, "`workc failures` lists the codes and their categories")
        return f"there is no failure code or category {quoted(code)}", fix
    if code in _IN_VAIN:
        return f"{code} never comes to on_failure: {_IN_VAIN[code]}", "leave the code out"
    of_it = [each for each, entry in CATALOG.items() if code in {each, entry.category}]
    if then == "abort" or not NEVER_TOLERATED.issuperset(of_it):
        return None
    return f"nothing but abort may follow {code}", "write then: abort, or leave the code out"
