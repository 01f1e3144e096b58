"""Resealed edits of resources: who held what, in which order, and while which work (section 20)."""

from __future__ import annotations

from collections.abc import Iterator

from workc.sim.tamper.attack import Attack, Attacks, Doc, does_not_apply
from workc.sim.tamper.place import NOT_SAID, TABLE
from workc.sim.tamper.v02.draft import Draft

_OF_RESOURCES = frozenset(
    {"ResourcesClaimed", "ResourceHeld", "ResourceAnswered", "ResourceReleased"}
)


def _moves(draft: Draft) -> list[Doc]:
    """Returns the grants and releases in the order of their numbers."""
    kinds = ("ResourceAnswered", "ResourceReleased")
    found = [e for e in draft.events if e["kind"] in kinds and "n" in e["payload"]]
    if not found:
        raise does_not_apply("no resource was granted")
    return sorted(found, key=lambda event: int(event["payload"]["n"]))


def _count(draft: Draft) -> None:
    """Numbers the moves that are left."""
    for number, move in enumerate(_moves(draft)):
        move["payload"]["n"] = number


def _of(event: Doc) -> tuple[object, object]:
    return event["payload"]["resource"], event["at"][:-1]


def _forget_release(draft: Draft) -> None:
    draft.remove(_moves(draft)[-1])


def _turns(draft: Draft) -> Iterator[tuple[Doc, Doc]]:
    """Yields each release with the next grant of the same resource."""
    moves = _moves(draft)
    for number, move in enumerate(moves):
        behind = (
            m
            for m in moves[number + 1 :]
            if m["payload"]["resource"] == move["payload"]["resource"]
        )
        after = next(behind, None)
        if move["kind"] == "ResourceReleased" and after is not None:
            yield move, after


def _overlap(draft: Draft) -> None:
    """Lets a resource be granted before it was released."""
    for released, granted in _turns(draft):
        if released["at"][:-1] != granted["at"][:-1]:
            one, other = released["payload"], granted["payload"]
            one["n"], other["n"] = other["n"], one["n"]
            return
    raise does_not_apply("no resource that two lanes held")


def _repeat_token(draft: Draft) -> None:
    """Gives the token of a holder to the next one, too."""
    for released, granted in _turns(draft):
        if "forced" not in granted["payload"]:
            last = next(
                m for m in _moves(draft) if m["kind"] == "ResourceReleased"
                and _of(m) == _of(granted) and m["payload"]["n"] > granted["payload"]["n"]
            )  # fmt: skip
            for move in (granted, last):
                move["payload"]["token"] = released["payload"]["token"]
            return
    raise does_not_apply("no resource that was granted twice")


def _skip_claim(draft: Draft) -> None:
    """Lets a lane work without the last of its resources."""
    for event in draft.all("ResourcesClaimed"):
        names, lane = event["payload"]["resources"], draft.lane(event)
        about = [e for e in lane if e["payload"].get("resource") == names[-1]]
        has_failed = any("failure" in e["payload"] for e in about)
        if len(names) > 1 and about and not has_failed and _is_alone(lane):
            for each in reversed(about):
                draft.remove(each)
            _count(draft)
            return
    raise does_not_apply("no lane that holds two resources")


def _is_alone(lane: list[Doc]) -> bool:
    return len([event for event in lane if event["kind"] == "ResourcesClaimed"]) == 1


def _forget_claims(draft: Draft) -> None:
    """Lets a step work as if it needed nothing alone."""
    plan = draft.payload("PlanChosen")["plan"]
    if "inline" not in plan or draft.payload("RunStarted")["program_kind"] != "file":
        raise does_not_apply("no plan that is shown")
    for event in draft.all("ResourcesClaimed"):
        lane = draft.lane(event)
        if _is_alone(lane) and any("value" in each["payload"] for each in lane):
            for each in reversed([e for e in lane if e["kind"] in _OF_RESOURCES]):
                draft.remove(each)
            return _count(draft) if _is_counted(draft) else None
    raise does_not_apply("no lane that held its resources")


def _is_counted(draft: Draft) -> bool:
    return any("n" in e["payload"] for e in draft.events if e["kind"] in _OF_RESOURCES)


RESOURCE_ATTACKS: Attacks[Draft] = {
    "ReleaseForgotten": Attack(_forget_release, TABLE, "A lane keeps a resource for ever."),
    "ClaimsOverlap": Attack(_overlap, TABLE, "Two lanes held a resource at once."),
    "TokenRepeated": Attack(_repeat_token, TABLE, "Two holders had the same token."),
    "ClaimSkipped": Attack(_skip_claim, TABLE, "A step works without one of its resources."),
    "ClaimsForgotten": Attack(
        _forget_claims, NOT_SAID, "A step claims nothing that its plan names."
    ),
}
