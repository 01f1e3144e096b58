"""What the world of a scenario answers: gates and checks, items of the lens, failures, claims of resources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Failure
from workc.kernel.values import JsonObject
from workc.sim.json_text import spell_json
from workc.sim.ports import Scripted
from workc.sim.scenario.additions import ActError, ErrorClass
from workc.sim.scenario.locks import Conflicts
from workc.sim.scenario.scripts import (
    CheckScript,
    ConflictResolution,
    LensItem,
    LensScript,
)
from workc.verify.signatures.timestamps import to_ms

#: What an action of each class of error fails with, unless its code is said.
_CODES: Mapping[ErrorClass, str] = {
    "Recoverable": "SERVICE_UNAVAILABLE",
    "Unrecoverable": "CONFLICT",
    "PatternFailure": "CONFLICT",
    "Catastrophic": "INTERNAL_ERROR",
}


def judged_answer(*, passed: bool, said: JsonObject) -> Scripted:
    """Returns how a gate or check ends: with status 0 or 1, and what it says of it as JSON."""
    return Scripted(
        facts={"exit": 0 if passed else 1, "signal": None}, chunks=(spell_json(said) + b"\n",)
    )


def checked_answer(checks: Sequence[CheckScript], name: str) -> Scripted:
    """Returns what a check says: that it holds unless a script says otherwise, and where its evidence is."""
    found = [check for check in checks if check.check == name]
    said: JsonObject = {}
    for check in found[-1:]:
        said = {"evidence_path": check.evidence_path, "evidence_sha256": check.evidence_sha256}
    return judged_answer(passed=all(check.passed for check in found), said=said)


#: An item by its key, where it is from, and which one of these it is.
ItemKey = tuple[str, str, int]


def items_of(script: LensScript) -> dict[ItemKey, LensItem]:
    """Returns the items of a lens, each by a key of its own."""
    found: dict[ItemKey, LensItem] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for item in script.items:
        found[item.key, item.source, counts[item.key, item.source]] = item
        counts[item.key, item.source] += 1
    return found


def shown_item(item: LensItem | None) -> Scripted:
    """Returns what is seen of an item: it is not had if it is not there, or has another digest."""
    if item is None:
        return Scripted(failure=Failure(code="NOT_FOUND", message="it is not there this time"))
    data = item.value.encode()
    if item.sha256 != sha256_hex(data):
        message = f"its source says that its sha256 is {item.sha256[:64]}"
        return Scripted(failure=Failure(code="INVALID_OUTPUT", message=message))
    return Scripted(chunks=(data,), dated_ms=to_ms(item.ts_utc))


def scripted_failure(error: ActError) -> Failure:
    """Returns what an action fails with."""
    code = error.code or _CODES[error.error_class]
    return Failure(code=code, message=f"scripted: {error.error_class}")


def conflicts_of(conflicts: Mapping[str, Mapping[int, ConflictResolution]]) -> Conflicts:
    """Returns of each resource what its claims meet, from the first."""
    return {
        resource: [met.get(number) for number in range(max(met) + 1)]
        for resource, met in conflicts.items()
    }


def quality_of(scripts: Sequence[LensScript]) -> Sequence[tuple[int, int, int, int]] | None:
    """Returns what each round of looks is worth; a script that says nothing keeps what was said."""
    said = [script.quality_override for script in scripts]
    first = next((each for each in said if each is not None), None)
    if first is None:
        return None
    found: list[tuple[int, int, int, int]] = []
    for each in said:
        first = each or first
        found.append(
            (
                first.coverage_permille,
                first.freshness_permille,
                first.conflict_permille,
                first.provenance_permille,
            )
        )
    return found
