"""What holds of a run whatever goes wrong around it: expressions in JMESPath about how it ended.

They see ``status`` (success, partial or failed), ``codes`` and ``output``, which is null where the run
gave none. Only ``false`` breaks one: an expression that finds nothing to compare says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from workc.kernel.failure import Refusal
from workc.kernel.values import Json
from workc.runtime.expressions import compile_expression, evaluate
from workc.sim.scenario.placing import located


def refuse_no_expression(text: str, place: str) -> None:
    """Refuses what is no expression; ``place`` is where it stands.

    Raises:
        ValueError: it is none; the sentence says why, and where.
    """
    try:
        compile_expression(text)
    except Refusal as refusal:
        raise ValueError(located(f"always: {refusal.failure.message}", place)) from None


def broken_by(text: str, status: str, codes: Iterable[str], output: bytes) -> str | None:
    """Returns in which words an expression does not hold of a run, or None."""
    given: Json = None if not output else msgspec.json.decode(output)
    named: list[Json] = [*sorted(codes)]
    seen: Json = {"status": status, "codes": named, "output": given}
    try:
        found = evaluate(compile_expression(text), seen)
    except Refusal as refusal:
        return refusal.failure.message
    if found is not False:
        return None
    words = ", ".join(map(str, named)) or "none"
    return f"false: status {status}, codes {words}, output {output.decode() or 'null'}"
