"""Sections 6 and 20: a conflict within a lens, the child that was asked about it, and its word."""

from attacks.attack import sealed, table


def _words(operator, name="resolved"):
    return sealed(operator, "BUNDLE_MALFORMED", "events", name, project=False)


def _flow(operator, name="resolved"):
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _found(d):
    return d.payload("ConflictFound")


def _resolved(d):
    return d.payload("ConflictResolved")


def _lane(d):
    return [event for event in d.events if event["at"][:2] == [8, 0]]


def _settle_for_less(d):
    """Lets every lens be good enough to decide by, whatever it contradicts."""
    for lens in [e["payload"] for e in d.events if e["kind"] == "LensAssembled"]:
        lens["at_least"] = {"Draft": 0}
        lens.pop("failure", None)


def _insert(d, before, kind, payload):
    """Puts an event of the root lane before the first of a kind."""
    place = next(event for event in d.events if event["kind"] == before)
    number = place["at"][0]
    for event in d.events:
        event["at"][0] += event["at"][0] >= number
    d.events.insert(
        d.events.index(place), {**place, "at": [number], "kind": kind, "payload": payload}
    )
    return d.events[d.events.index(place) - 1]


# --- what came of it, alone [6]


@_words("foreign")
def what_resolved_a_conflict_with_a_blank_in_its_name(d):
    _resolved(d)["item"] = "re solved"


@_words("grow")
def what_resolved_a_conflict_with_a_name_of_65_characters(d):
    _resolved(d)["item"] = "n" * 65


@_words("set")
def a_word_that_is_no_json(d):
    _resolved(d)["words"][0]["says"]["form"] = "text"


@_words("add")
def a_conflict_that_was_resolved_and_was_not(d):
    details = {"form": "json", "inline": "{}"}
    _resolved(d)["failure"] = {"code": "X", "details": details, "message": "m"}


@_words("remove")
def a_resolution_without_the_run_that_gave_it(d):
    del _resolved(d)["child_run_id"]


# --- what a child is asked about [20]


@_flow("grow")
def a_conflict_about_more_than_is_contested(d):
    _found(d)["about"].append("size")


@_flow("shrink")
def a_conflict_about_less_than_is_contested(d):
    _settle_for_less(d)
    _found(d)["about"].remove("colour")
    d.payload("LensAssembled", 1)["quality"].update(aggregate=500, conflict=500)
    del _resolved(d)["words"][0]
    d.payload("LensAssembled", 1)["claims"].pop(-2)


@_flow("move")
def a_conflict_whose_words_stand_in_another_order(d):
    _found(d)["about"].reverse()


@table("repeat", "resolved")
def a_conflict_in_the_second_pass(d):
    second = {**_found(d)}
    back = {"backtrack": {"code": "LENS_CONFLICT", "to": "Orient"}, "item": "resolved"}
    details = {"form": "json", "inline": "{}"}
    back["failure"] = {"code": "X", "details": details, "message": "m"}
    d.payload("RunStarted")["max_backtracks"] = 2
    lens = d.payload("LensAssembled", 1)
    _insert(d, "PlanChosen", "ConflictFound", second)
    _insert(d, "PlanChosen", "ConflictResolved", back)
    _insert(d, "PlanChosen", "LensAssembled", lens)["phase"] = "Orient"


# --- by whom [20]


@_flow("set")
def a_resolver_of_another_step_than_was_asked(d):
    _found(d)["step"] = "another"


@table("remove", "resolved")
def a_conflict_without_a_lane_behind_it(d):
    lane = _lane(d)
    d.events = [event for event in d.events if event not in lane]
    details = {"form": "json", "inline": "{}"}
    failure = {"code": "X", "details": details, "message": "m"}
    back = _resolved(d)["backtrack"]
    _resolved(d).clear()
    d.payload("ConflictResolved").update(backtrack=back, failure=failure, item="resolved")
    first = d.payload("LensAssembled")
    d.payload("LensAssembled", 1).clear()
    d.payload("LensAssembled", 1).update(first)
    _settle_for_less(d)
    for event in d.events:
        event["at"][0] -= event["at"][0] > 8
    _forget(d)


def _forget(d):
    """Takes away the files that no event names any more."""
    text = str([event["payload"] for event in d.events])
    d.files = {path: data for path, data in d.files.items() if path in text or "/" not in path}


# --- what came of it [20]


@_flow("set")
def a_resolution_by_another_run_than_the_child(d):
    _resolved(d)["child_run_id"] = "another"


@_flow("set")
def a_resolution_with_another_proof_than_the_childs(d):
    _resolved(d)["proof_digest"] = "0" * 64


@_flow("respell")
def a_resolution_that_says_the_same_in_other_words(d):
    _resolved(d)["value"]["inline"] += " "


@_flow("move")
def words_in_another_order(d):
    _resolved(d)["words"].reverse()
    claims = d.payload("LensAssembled", 1)["claims"]
    claims[-2:] = reversed(claims[-2:])


@_flow("repeat")
def a_word_twice(d):
    words, lens = _resolved(d)["words"], d.payload("LensAssembled", 1)
    words.append(words[-1])
    lens["claims"].append(lens["claims"][-1])


@_flow("cut")
def a_resolution_without_words(d):
    _resolved(d)["words"].clear()
    lens = d.payload("LensAssembled", 1)
    del lens["claims"][-2:]
    lens["quality"].update(aggregate=500, conflict=500)
    _settle_for_less(d)


@_flow("set")
def a_resolution_that_goes_back_to_decide(d):
    _resolved(d)["backtrack"]["to"] = "Decide"


@_flow("add")
def a_resolution_that_goes_back_because_of_a_step(d):
    _resolved(d)["backtrack"]["of"] = "resolve"


@_flow("shrink")
def a_resolution_of_a_run_that_may_not_go_back(d):
    d.payload("RunStarted")["max_backtracks"] = 0


# --- the lens behind it [5] [20]


@_flow("remove")
def a_lens_that_does_not_repeat_what_the_child_says(d):
    d.payload("LensAssembled", 1)["claims"].pop()


@_flow("set")
def a_lens_that_counts_the_items_without_that_of_the_child(d):
    d.payload("LensAssembled", 1)["items"] -= 1


@_flow("shrink")
def a_lens_in_which_the_word_of_the_child_does_not_count(d):
    d.payload("LensAssembled", 1)["quality"].update(aggregate=500, conflict=500)
    _settle_for_less(d)


@_flow("grow", "unresolved")
def a_lens_that_counts_the_item_of_a_child_that_failed(d):
    d.payload("LensAssembled", 1)["items"] += 1


@table("add", "staged")
def a_resolution_without_a_conflict(d):
    details = {"form": "json", "inline": "{}"}
    failure = {"code": "X", "details": details, "message": "m"}
    back = {"code": "LENS_CONFLICT", "to": "Orient"}
    payload = {"backtrack": back, "failure": failure, "item": "resolved"}
    _insert(d, "PlanChosen", "ConflictResolved", payload)
