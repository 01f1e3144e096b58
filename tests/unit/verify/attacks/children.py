"""Sections 5, 6 and 8: children: what pays for them, which they are, what they make of the run."""

from attacks.attack import malformed, receipt, sealed, table, unproven


def _flow(operator, name="parent"):
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _words(operator, name="parent"):
    return sealed(operator, "BUNDLE_MALFORMED", "events", name)


def _lane(d, number):
    return [event for event in d.events if event["at"][1:2] == [number]]


def _child(d, index):
    """Returns what is said of a child when it is spawned and when it joins."""
    return [e["payload"] for e in d.events if e["payload"].get("spawn_index") == index]


@_flow("grow")
def a_child_with_more_than_was_reserved(d):
    d.payload("ChildSpawned")["ceiling_micro_cents"] += 1


@_flow("shrink")
def a_child_with_less_than_was_reserved(d):
    d.payload("ChildSpawned")["ceiling_micro_cents"] -= 1


@table("set", "parent")
def a_child_that_nothing_was_granted_for(d):
    d.payload("BudgetReserved", 1)["granted"] = False


@table("remove", "parent")
def a_child_without_a_reservation(d):
    first = _lane(d, 0)[0]
    d.events.remove(first)
    for event in _lane(d, 0):
        event["at"][-1] -= 1


@_flow("set")
def another_child_than_was_spawned(d):
    d.payload("ChildJoined")["child_run_id"] = "other"


@_flow("move")
def two_children_that_join_in_place_of_each_other(d):
    first, second = d.payload("ChildJoined"), d.payload("ChildJoined", 1)
    for name in ("child_run_id", "spawn_index"):
        first[name], second[name] = second[name], first[name]


@_flow("respell")
def a_child_that_joins_in_capitals(d):
    d.payload("ChildJoined")["child_run_id"] = "CHILD-0"


@_flow("grow")
def a_child_that_spent_more_than_was_settled(d):
    d.payload("ChildJoined")["spent_micro_cents"] += 1


@_flow("set")
def a_child_settled_by_its_bound(d):
    settled = d.payload("BudgetSettled")
    settled["basis"] = "bound"
    settled["actual"] = d.payload("ChildJoined")["spent_micro_cents"] = d.payload("ChildSpawned")[
        "ceiling_micro_cents"
    ]
    by_number = sorted(
        (e["payload"] for e in d.events if e["kind"].startswith("Budget")), key=lambda m: m["n"]
    )
    reserved = spent = 0
    for move in by_number:
        bound = move.get("bound", 0)
        if "grant" in move:
            bound = -by_number[move["grant"]]["bound"]
        reserved, spent = reserved + bound, spent + move.get("actual", 0)
        move.update(reserved=reserved, spent=spent)


@_flow("remove")
def a_number_of_children_left_out(d):
    for payload in _child(d, 1):
        payload["spawn_index"] = 2


@_flow("repeat")
def two_children_of_one_number(d):
    for payload in _child(d, 1):
        payload["spawn_index"] = 0


@_flow("repeat")
def two_children_of_one_run(d):
    for payload in _child(d, 1):
        payload["child_run_id"] = "child-0"


@_flow("set")
def a_run_that_is_its_own_child(d):
    for payload in _child(d, 1):
        payload["child_run_id"] = d.payload("RunStarted")["run_id"]


@table("remove", "parent")
def a_child_that_never_joins(d):
    joined = d.event("ChildJoined")
    d.events.remove(joined)
    for event in _lane(d, 0)[2:]:
        event["at"][-1] -= 1


@table("remove", "parent")
def children_that_join_and_were_never_spawned(d):
    d.drop("ChildSpawned")
    for event in d.events:
        if len(event["at"]) == 3 and event["at"][-1] > 0:
            event["at"][-1] -= 1


def _run_of(operator, name, run_id):
    def edit(d):
        for payload in _child(d, 0):
            payload["child_run_id"] = run_id

    edit.__name__ = f"a_child_of_a_run_{name}"
    _words(operator)(edit)


_run_of("grow", "of_65", "a" * 65)
_run_of("foreign", "with_a_slash", "../a")


@_words("shrink", "child")
def a_parent_without_a_name(d):
    d.payload("RunStarted")["parent"]["run_id"] = ""


@_words("respell")
def a_child_whose_nonce_is_in_capitals(d):
    d.payload("ChildSpawned")["nonce"] = "A" * 32


@_words("add")
def a_child_that_succeeded_and_says_why_not(d):
    details = {"form": "json", "inline": "{}"}
    d.payload("ChildJoined")["failure"] = {"code": "TIMEOUT", "details": details, "message": ""}


@malformed("set", "parent")
def a_child_whose_value_is_neither_here_nor_there(d):
    d.payload("ChildJoined")["value"] = {"form": "json", "path": "evidence/x"}


@_words("shrink")
def a_child_whose_digest_is_too_short(d):
    d.payload("ChildJoined")["proof_digest"] = "0" * 63


@_words("remove")
def a_child_that_joins_without_a_time(d):
    del d.event("ChildJoined")["at_ms"]


@unproven("set", "parent")
def a_child_that_failed_in_a_success(d):
    d.event("Locked")["payload"] = {"lock_level": "Staged", "outcome": "success"}


@unproven("set", "parent_failed")
def a_critical_child_that_failed_in_a_partial_success(d):
    d.event("Locked")["payload"] = {"lock_level": "Draft", "outcome": "partial"}


@unproven("set", "parent_failed")
def a_critical_child_that_failed_with_another_code(d):
    d.payload("Locked")["code"] = "TIMEOUT"


@unproven("set", "parent")
def a_child_that_failed_said_to_be_critical(d):
    d.payload("ChildSpawned", 1)["critical"] = True


@unproven("set", "parent")
def a_child_that_failed_said_to_have_succeeded(d):
    d.payload("ChildJoined", 1)["outcome"] = "success"


@unproven("set", "parent")
def a_critical_child_that_is_partial_in_a_success(d):
    d.payload("ChildJoined")["outcome"] = "partial"
    d.payload("ChildJoined", 1)["outcome"] = "success"
    d.event("Locked")["payload"] = {"lock_level": "Staged", "outcome": "success"}


@receipt("remove", "parent")
def children_left_out_of_the_receipt(d):
    d.receipt["children"].pop()


@receipt("move", "parent_failed")
def children_in_the_order_of_the_events_in_the_receipt(d):
    d.receipt["children"].reverse()


@receipt("remove", "child")
def a_parent_left_out_of_the_receipt(d):
    del d.receipt["parent"]


@receipt("add", "staged")
def no_children_in_the_receipt(d):
    d.receipt["children"] = []
