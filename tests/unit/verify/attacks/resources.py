"""Section 20: what lanes claim, hold while they work, and release; never two hold one at once."""

from attacks.attack import malformed, sealed, table


def _resource(operator, name="resources"):
    """Adds an edit of what lanes hold, the receipt with it."""
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _lane(d, lane):
    return [event for event in d.events if event["at"][:-1] == [4, lane]]


def _of(d, lane, kind, number=0):
    return [event for event in _lane(d, lane) if event["kind"] == kind][number]


def _moves(d):
    moves = [event for event in d.events if "n" in event["payload"]]
    return sorted(moves, key=lambda event: event["payload"]["n"])


def _count(d):
    for number, move in enumerate(_moves(d)):
        move["payload"]["n"] = number


def _remove(d, *events):
    for event in events:
        d.events.remove(event)
        for other in _lane(d, event["at"][1]):
            other["at"][2] -= other["at"][2] > event["at"][2]
    _count(d)


# ------------------------------------------------------------------------- answers of claims


@_resource("set")
def a_wait_for_another_resource_than_was_claimed(d):
    _of(d, 0, "ResourceHeld")["payload"]["resource"] = "cache"


@_resource("move")
def claims_answered_in_another_order(d):
    one, other = (_of(d, 3, "ResourceHeld", n)["payload"] for n in (0, 1))
    one["resource"], other["resource"] = other["resource"], one["resource"]


@_resource("add", "locked")
def a_claim_of_more_at_the_second_attempt(d):
    _of(d, 0, "ResourcesClaimed", 1)["payload"]["resources"].append("more")
    plan = d.payload("PlanChosen")["plan"]
    plan["inline"] = plan["inline"].replace('"busy"]', '"busy","more"]')


# ----------------------------------------------------------------------- work while holding


@_resource("remove")
def a_step_that_works_without_one_of_its_resources(d):
    held, granted = _of(d, 3, "ResourceHeld", 1), _of(d, 3, "ResourceAnswered", 1)
    _remove(d, _of(d, 3, "ResourceReleased"), granted, held)


@_resource("grow")
def a_step_that_claims_more_than_it_holds(d):
    claimed = _of(d, 2, "ResourcesClaimed")["payload"]
    claimed["resources"] = ["taken", "too"]
    plan = d.payload("PlanChosen")["plan"]
    plan["inline"] = plan["inline"].replace('["taken"]', '["taken","too"]')


@_resource("remove", "resources")
def a_pure_call_of_a_step_that_holds_nothing(d):
    _remove(d, _of(d, 2, "ResourceReleased"))
    answer = _of(d, 2, "ResourceAnswered")["payload"]
    for name in ("forced", "n", "token"):
        del answer[name]
    details = {"form": "json", "inline": "{}"}
    answer["failure"] = {"code": "RESOURCE_LOCKED", "details": details, "message": "it is held"}
    _count(d)


# ------------------------------------------------------------------------------- releases


@_resource("set")
def a_release_of_what_another_lane_held(d):
    """The last release of the run, so that nobody claims either of them again."""
    _of(d, 3, "ResourceReleased", 1)["payload"]["resource"] = "db"


@_resource("shrink")
def a_release_with_a_token_of_before(d):
    _of(d, 3, "ResourceReleased", 1)["payload"]["token"] = 1


@_resource("grow")
def a_release_with_a_token_below_that_of_its_grant(d):
    _of(d, 3, "ResourceAnswered", 1)["payload"]["token"] = 2


@_resource("add")
def a_resource_more_that_is_never_released(d):
    plan = d.payload("PlanChosen")["plan"]
    plan["inline"] = plan["inline"].replace('["taken"]', '["taken","too"]')
    _of(d, 2, "ResourcesClaimed")["payload"]["resources"].append("too")
    granted = _of(d, 2, "ResourceAnswered")
    payload = {"n": len(_moves(d)), "resource": "too", "step": "c", "token": 1}
    more = {**granted, "at": [4, 2, 2], "payload": payload}
    for event in _lane(d, 2)[2:]:
        event["at"][2] += 1
    d.events.insert(d.events.index(granted) + 1, more)


@_resource("remove")
def a_resource_that_is_kept_for_ever(d):
    _remove(d, _of(d, 3, "ResourceReleased", 1))


@_resource("remove", "locked")
def a_resource_that_is_held_when_it_is_claimed_again(d):
    _remove(d, _of(d, 0, "ResourceReleased"))


@_resource("move")
def a_lane_that_ends_with_what_another_released(d):
    """The release stands in the lane behind the one that holds it."""
    released = _of(d, 2, "ResourceReleased")
    released["at"] = [4, 3, len(_lane(d, 3))]
    released["payload"]["step"] = "d"
    d.events.remove(released)
    d.events.insert(d.events.index(_lane(d, 3)[-1]) + 1, released)


# ---------------------------------------------------------------------- numbers and holders


@_resource("grow")
def a_number_that_is_left_out(d):
    _moves(d)[-1]["payload"]["n"] += 1


@_resource("repeat")
def a_number_that_two_moves_have(d):
    moves = _moves(d)
    moves[1]["payload"]["n"] = moves[0]["payload"]["n"]


@_resource("move")
def a_resource_that_is_granted_before_it_is_released(d):
    released, granted = _of(d, 1, "ResourceReleased"), _of(d, 0, "ResourceAnswered", 1)
    one, other = released["payload"], granted["payload"]
    one["n"], other["n"] = other["n"], one["n"]


@_resource("set")
def a_resource_that_was_another_and_was_held(d):
    """Lane b held db; here it held cache, while lane a did."""
    plan = d.payload("PlanChosen")["plan"]
    plan["inline"] = plan["inline"].replace('["db"]', '["cache"]')
    for event in _lane(d, 1):
        payload = event["payload"]
        if payload.get("resources"):
            payload["resources"] = ["cache"]
        if "resource" in payload:
            payload |= {"resource": "cache", "token": payload["token"] + 1}
    for event in (_of(d, 3, "ResourceAnswered"), _of(d, 3, "ResourceReleased", 1)):
        event["payload"]["token"] += 1


@_resource("shrink")
def a_release_before_its_own_grant(d):
    moves = _moves(d)
    late = [m for m in moves if m["payload"]["resource"] == "late"]
    one, other = (move["payload"] for move in late)
    one["n"], other["n"] = other["n"], one["n"]


# --------------------------------------------------------------------------------- tokens


@_resource("repeat")
def a_token_that_two_holders_had(d):
    for event in (_of(d, 0, "ResourceAnswered", 1), _of(d, 0, "ResourceReleased")):
        event["payload"]["token"] = 1


@_resource("add")
def a_holder_forced_with_a_token_of_before(d):
    _of(d, 3, "ResourceAnswered")["payload"]["forced"] = 1


@_resource("grow")
def a_token_that_a_release_had_already(d):
    _of(d, 1, "ResourceReleased")["payload"]["token"] = 2


# ----------------------------------------------------------------------------- their form


@malformed("remove", "resources")
def a_claim_of_nothing(d):
    _of(d, 1, "ResourcesClaimed")["payload"]["resources"] = []


@malformed("grow", "resources")
def a_resource_of_too_long_a_name(d):
    _of(d, 1, "ResourcesClaimed")["payload"]["resources"] = ["x" * 201]


@malformed("move", "resources")
def a_claim_in_no_order(d):
    _of(d, 0, "ResourcesClaimed")["payload"]["resources"].reverse()


@malformed("repeat", "resources")
def a_resource_that_is_claimed_twice(d):
    _of(d, 1, "ResourcesClaimed")["payload"]["resources"] *= 2


@malformed("add", "resources")
def a_claim_that_is_granted_and_fails(d):
    granted = _of(d, 1, "ResourceAnswered")["payload"]
    details = {"form": "json", "inline": "{}"}
    granted["failure"] = {"code": "RESOURCE_LOCKED", "details": details, "message": "it is held"}


@malformed("remove", "resources")
def a_grant_without_a_number(d):
    del _of(d, 1, "ResourceAnswered")["payload"]["n"]


@malformed("grow", "resources")
def a_holder_forced_with_the_own_token(d):
    _of(d, 2, "ResourceAnswered")["payload"]["forced"] = 2


@malformed("add", "locked")
def a_holder_forced_by_a_claim_that_fails(d):
    _of(d, 1, "ResourceAnswered")["payload"]["forced"] = 0


# ------------------------------------------------------------------------------ the plan


def _planned(operator, name="resources"):
    """Adds an edit of what the plan says of resources, the receipt with it."""
    return sealed(operator, "RECEIPT_EVENT_MISMATCH", "projection", name)


@_planned("remove")
def a_step_that_claims_nothing_of_its_plan(d):
    claimed, granted = _of(d, 1, "ResourcesClaimed"), _of(d, 1, "ResourceAnswered")
    _remove(d, _of(d, 1, "ResourceReleased"), granted, claimed)


@_planned("set")
def a_plan_of_another_resource(d):
    plan = d.payload("PlanChosen")["plan"]
    plan["inline"] = plan["inline"].replace('["taken"]', '["other"]')


@_planned("add", "success")
def a_plan_of_a_resource_that_was_never_claimed(d):
    plan = d.payload("PlanChosen")["plan"]
    plan["inline"] = plan["inline"].replace(',"skill"', ',"resources":["db"],"skill"', 1)


# ------------------------------------------------------------------------------ the lanes


@table("move", "resources")
def work_after_the_release(d):
    lane = _lane(d, 2)
    called, released = lane[-2], lane[-1]
    called["at"], released["at"] = released["at"], called["at"]
    at = d.events.index(called)
    d.events[at : at + 2] = [released, called]


@table("remove", "resources")
def a_wait_without_a_claim(d):
    _remove(d, _of(d, 0, "ResourcesClaimed"))


@table("move", "locked")
def work_after_a_claim_that_failed(d):
    """What was granted of the first is released where nothing follows but the end of the lane."""
    _of(d, 0, "SkillExecuted", 0).update(kind="RetryScheduled", payload={
        "after_ms": 1, "attempt": 1, "code": "RESOURCE_LOCKED", "step": "a"})  # fmt: skip
