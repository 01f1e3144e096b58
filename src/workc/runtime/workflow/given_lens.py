"""The lens that the code of a workflow gives: checked as that of a file is."""

from __future__ import annotations

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Misuse, Refusal
from workc.kernel.values import Json, JsonObject
from workc.runtime.literals import given
from workc.runtime.workflow.check_lens import check_lens
from workc.runtime.workflow.document import parse_document
from workc.runtime.workflow.facts import Facts, members
from workc.runtime.workflow.lens import LensSpec, build_lens
from workc.runtime.workflow.lens_schema import LENS
from workc.runtime.workflow.problems import Report
from workc.runtime.workflow.shape import check_shape

_SCHEMA: JsonObject = {"type": "object", "properties": {"lens": LENS, "secrets": {}}}


def read_lens(said: object, secrets: tuple[str, ...]) -> LensSpec | None:
    """Returns the lens that is given, None for None; ``secrets`` may be no items.

    Raises:
        Misuse: it is none; says what to change.
    """
    if said is None:
        return None
    try:
        value: Json = {"lens": given(said, "lens"), "secrets": list[Json](secrets)}
        data = jcs.encode(value)
    except (Refusal, CanonicalError) as error:
        raise Misuse(f"lens is JSON, as in a workflow file: {error}") from None
    report = Report("lens.json")
    document = parse_document(data, "lens.json", report)
    if document is not None:
        facts = Facts(document, {}, report)
        check_shape(facts, _SCHEMA)
        check_lens(facts)
        if facts.resolver is not None:
            fix = "leave it out, or write the workflow as a file"
            facts.refuse_key(("lens", "resolve"), "a lens that code gives has no resolve", fix)
    problem = next(iter(report.problems()), None)
    if problem is not None or document is None:
        raise Misuse(f"{problem.path}: {problem.message}; {problem.fix}" if problem else "lens")
    return build_lens(members(members(document.value).get("lens")))
