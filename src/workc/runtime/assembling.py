"""Orient: what was seen of a lens comes to a judgement of how good it is, and to what work is shown.

All of it is reckoned from records, so that a replay and a verifier reckon the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

import msgspec
from msgspec import UNSET

from workc.kernel.failure import Failure, Refusal
from workc.kernel.lens import LENS_INSUFFICIENT, Claim, LensAssembled, Quality, Thresholds
from workc.kernel.lens_quality import COMPONENTS, Said, Seen, quality_of, scripted
from workc.kernel.phases import LockLevel
from workc.kernel.values import Json, JsonObject
from workc.runtime.bodies import KeptFiles, record_failure, store_json
from workc.runtime.expressions import compile_expression, evaluate
from workc.runtime.item_records import shown_item
from workc.runtime.run import Run
from workc.runtime.workflow.facts import members
from workc.runtime.workflow.lens import DECIDING_LEVEL, LensSpec

_LEVELS: tuple[LockLevel, ...] = get_args(LockLevel)
#: So many items that are missing a failure names.
_NAMED = 10


def assembled(
    run: Run, spec: LensSpec, seen: Sequence[Seen], words: Sequence[Claim] | None = None
) -> LensAssembled:
    """Returns what the lens has come to, with its failure if that is too little to decide by.

    ``words`` are what a child says that has resolved a conflict, None if none has.
    """
    claims = list(_claims(run, spec, seen))
    settled = None if words is None else {each.about for each in words}
    quality = quality_of(seen, said_in(claims), spec.requires, settled)
    if run.lens_script and seen:
        quality = scripted(run.lens_script, seen[-1].observed.round + (words is not None))
    thresholds = _thresholds(run, spec)
    lens = LensAssembled(
        at_least=thresholds or UNSET,
        claims=[*claims, *(words or ())] or UNSET,
        items=len(seen) + (words is not None),
        quality=quality,
        requires=list(spec.requires) or UNSET,
        scripted=True if run.lens_script and seen else UNSET,
    )
    if lens.may_decide:
        return lens
    failure = _insufficient(quality, lens.at_least or Thresholds(), seen)
    return msgspec.structs.replace(lens, failure=record_failure(run.files, failure))


def said_in(claims: Iterable[Claim]) -> list[Said]:
    """Returns what is claimed, by what it is about and who says it."""
    return [Said(each.about, each.key, each.says.digest) for each in claims]


def _claims(run: Run, spec: LensSpec, seen: Sequence[Seen]) -> Iterator[Claim]:
    """Yields what items say; one whose expression gives nothing says nothing."""
    speaking = {item.name: item for item in spec.items if item.about is not None}
    for observed, _ in seen:
        item = speaking.get(observed.item)
        if item is None or item.about is None or observed.value is UNSET or observed.how == "files":
            continue
        found = shown_item(run.files, observed)
        says = _said(item.says, {"text": found["text"], "value": found["value"]})
        if says is not None:
            yield Claim(
                about=item.about,
                item=observed.item,
                part=observed.part,
                says=store_json(run.files, says),
            )


def _said(expression: str, scope: dict[str, Json]) -> Json:
    try:
        return evaluate(compile_expression(expression), scope)
    except Refusal:
        return None


def _thresholds(run: Run, spec: LensSpec) -> Thresholds | None:
    """Returns the least aggregate of each level: the higher of what policy and lens demand."""
    policy = members(run.rules.get("lens"))
    found: dict[LockLevel, int] = {}
    least = 0
    for level in _LEVELS:
        said = [each for each in (policy.get(level), spec.at_least.get(level)) if type(each) is int]
        if said:
            # Of two lists that rise, put together, each level takes as much as those below it.
            least = max(least, *said)
            found[level] = least
    return Thresholds(**found) if found else None


def _insufficient(quality: Quality, at_least: Thresholds, seen: Sequence[Seen]) -> Failure:
    least = at_least.least(DECIDING_LEVEL)
    worst = min(COMPONENTS, key=lambda name: int(getattr(quality, name)))
    missing = [each.observed for each in seen if each.observed.failure is not UNSET]
    named = [f"{item.item}: {item.failure.code}" for item in missing[:_NAMED] if item.failure]
    told = f"; missing are {', '.join(named)}" if named else ""
    message = (
        f"the lens reaches {quality.aggregate} of the {least} that it takes to decide, "
        f"its {worst} being the least{told}"
    )
    return Failure(
        code=LENS_INSUFFICIENT,
        message=message,
        details={
            "aggregate": quality.aggregate,
            "at_least": least,
            "missing": list[Json](item.item for item in missing),
        },
    )


def shown(files: KeptFiles, seen: Sequence[Seen]) -> JsonObject:
    """Returns what work is shown of a lens, by item; of a list of files they are its ``value``."""
    found: JsonObject = {}
    for observed, _ in seen:
        if observed.part is UNSET:
            found[observed.item] = _whole(shown_item(files, observed), observed.how)
            continue
        file = {"path": observed.source, **shown_item(files, observed)}
        value = members(found[observed.item])["value"]
        if isinstance(value, list):
            value.append(file)
    return found


def _whole(item: JsonObject, how: str) -> JsonObject:
    return {**item, "value": []} if how == "files" else item
