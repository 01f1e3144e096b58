"""Sections 5, 6, 8 and 16: what a run looked at, what that was worth, and what it was held to."""

from attacks.attack import sealed, table, unproven
from attacks.policy import CLOSED, OPEN, put_policy


def _words(operator, name="looked"):
    return sealed(operator, "BUNDLE_MALFORMED", "events", name, project=False)


def _flow(operator, name="looked"):
    return sealed(operator, "FSM_ILLEGAL_TRANSITION", "table", name)


def _lens(d):
    return d.payload("LensAssembled")


def _items(d):
    return [event for event in d.events if event["kind"] == "ItemObserved"]


def _of(d, name, number=0):
    found = [e["payload"] for e in _items(d) if e["payload"]["item"] == name]
    return found[number]


# --- an item alone [6]


@_words("foreign")
def an_item_with_a_blank_in_its_name(d):
    _of(d, "note")["item"] = "a note"


@_words("grow")
def an_item_whose_name_has_65_characters(d):
    _of(d, "note")["item"] = "n" * 65


@_words("add")
def an_item_that_was_not_had_with_a_date(d):
    _of(d, "late")["dated_ms"] = 1


@_words("remove")
def an_item_that_was_had_without_a_date(d):
    del _of(d, "note")["dated_ms"]


@_words("remove")
def a_file_that_was_had_without_an_effect(d):
    del _of(d, "late", 1)["effect"]


@_words("add")
def a_variable_with_an_effect(d):
    _of(d, "lang")["effect"] = {"op": "ReadFS", "selector": "fs:env"}


@_words("set")
def an_address_whose_effect_is_that_of_a_file(d):
    _of(d, "page")["effect"] = {"op": "ReadFS", "selector": "fs:repo/page"}


@_words("add")
def a_text_that_is_a_part(d):
    _of(d, "note")["part"] = 0


@_words("grow")
def an_item_that_weighs_more_than_a_million(d):
    _of(d, "note")["weight"] = 1_000_001


@_words("add")
def an_item_with_a_value_and_a_failure(d):
    _of(d, "note")["failure"] = _of(d, "late")["failure"]


@_words("respell")
def an_effect_of_an_item_in_another_spelling(d):
    _of(d, "late", 1)["effect"]["selector"] = "fs:repo//late.txt"


@_words("set")
def a_redaction_of_an_item_with_a_short_salt(d):
    record = {"commitment": "0" * 64, "count": 1, "salt": "0" * 31, "secret": "S"}
    _of(d, "note")["redactions"] = [record]


# --- where an item says that it is from [6] [17]


@_words("set")
def a_file_that_is_said_to_be_another_one(d):
    _of(d, "late", 1)["source"] = "repo/early.txt"


@_words("set")
def a_file_that_was_read_as_another_one(d):
    _of(d, "late", 1)["effect"]["selector"] = "fs:repo/early.txt"


@_words("grow")
def an_address_that_is_said_to_be_one_below_it(d):
    _of(d, "page")["source"] += "/more"


@_words("set")
def a_pattern_that_is_said_to_be_of_another_root(d):
    _of(d, "texts")["source"] = "other/*.txt"


@_words("cut")
def a_pattern_without_a_sign(d):
    _of(d, "texts")["source"] = "repo/in.txt"


@_words("move", "cited")
def a_bundle_that_is_said_to_lie_elsewhere(d):
    _of(d, "proof")["source"] = "repo/elsewhere"


@_words("remove", "cited")
def evidence_without_its_run(d):
    del _of(d, "run")["run_id"]


@_words("remove", "cited")
def evidence_without_its_digest(d):
    del _of(d, "run")["proof_digest"]


@_words("cut", "cited")
def evidence_by_half_a_digest(d):
    _of(d, "run")["proof_digest"] = "ab" * 16


@_words("foreign", "cited")
def evidence_of_a_run_with_a_slash_in_its_name(d):
    _of(d, "run")["run_id"] = "a/b"


@_words("add")
def evidence_of_a_text(d):
    _of(d, "note").update(run_id="a", proof_digest="ab" * 32)


@_words("set", "cited")
def evidence_that_was_not_had(d):
    item = _of(d, "run")
    del item["value"], item["dated_ms"]
    item["failure"] = {
        "code": "NOT_FOUND",
        "details": {"form": "json", "inline": "{}"},
        "message": "",
    }


# --- a lens alone [6]


@_words("shrink")
def thresholds_that_fall(d):
    _lens(d)["at_least"]["Committed"] = 500


@_words("grow")
def a_threshold_of_more_than_all(d):
    _lens(d)["at_least"]["Committed"] = 1001


@_words("repeat")
def an_item_that_is_required_twice(d):
    _lens(d)["requires"].append("late")


@_words("set")
def a_claim_that_is_no_json(d):
    _lens(d)["claims"][0]["says"]["form"] = "text"


@_words("add", "staged")
def thresholds_of_a_lens_without_quality(d):
    _lens(d)["at_least"] = {"Draft": 0}


# --- rounds [5]


@_flow("set")
def a_first_round_of_number_0(d):
    for event in _items(d):
        event["payload"]["round"] -= 1


@_flow("grow")
def a_round_left_out(d):
    for event in _items(d):
        event["payload"]["round"] += event["payload"]["round"] == 2


@_flow("repeat")
def an_item_twice_in_a_round(d):
    _of(d, "lang", 1)["item"] = "note"


@_flow("move")
def a_part_before_its_list(d):
    items = _items(d)
    part = next(event for event in items if event["payload"].get("part") == 1)
    part["payload"]["part"] = 0
    before = next(event for event in items if event["payload"].get("part") == 0)
    before["payload"]["part"] = 1


@_flow("set")
def a_part_of_an_item_that_is_no_list(d):
    part = _of(d, "texts", 4)
    assert part["part"] == 0
    part["item"] = "late"


def _elsewhere(d, number, path):
    part = _of(d, "texts", number)
    assert "part" in part
    part.update(source=path, effect={"op": "ReadFS", "selector": f"fs:{path}"})


@_flow("set")
def a_part_that_was_read_below_another_root(d):
    effects = d.payload("PlanChosen")["effects"]
    effects.append({"op": "ReadFS", "selector": "fs:other/"})
    effects.sort(key=lambda effect: (effect["op"], effect["selector"]))
    _elsewhere(d, 4, "other/in.txt")


@_flow("remove")
def a_part_of_a_pattern_that_was_not_listed(d):
    whole = _of(d, "texts", 3)
    assert whole["how"] == "files"
    del whole["effect"], whole["value"], whole["dated_ms"]
    whole["failure"] = _of(d, "late")["failure"]


# --- what a lens says of its items [5] [16]


@_flow("grow")
def an_item_more_than_there_are(d):
    _lens(d)["items"] += 1


@_flow("shrink")
def an_item_less_than_there_are(d):
    _lens(d)["items"] -= 1


@_flow("set")
def a_claim_of_an_item_that_is_not_there(d):
    _lens(d)["claims"][2]["item"] = "nobody"


@_flow("move")
def claims_in_another_order(d):
    _lens(d)["claims"].reverse()


@_flow("repeat")
def a_claim_twice(d):
    claims = _lens(d)["claims"]
    claims.insert(0, claims[0])


def _better(part):
    def edit(d):
        quality = _lens(d)["quality"]
        quality[part] += 1 if quality[part] < 1000 else -1

    edit.__name__ = f"another_{part}_than_that_of_the_items"
    _flow("set")(edit)


for _part in ("aggregate", "conflict", "coverage", "freshness", "provenance"):
    _better(_part)


@_flow("remove")
def a_lens_of_items_without_quality(d):
    for name in ("quality", "claims", "requires", "at_least"):
        del _lens(d)[name]
    d.payload("Locked")["lock_level"] = "Committed"


@_flow("add")
def a_required_item_that_is_not_there(d):
    _lens(d)["requires"].append("nobody")


@_flow("respell")
def a_claim_that_says_the_same_in_other_words(d):
    _lens(d)["claims"][0]["says"]["inline"] = "2 "


@_flow("grow")
def an_item_that_is_older_than_its_quality(d):
    for number in range(9):
        item = _items(d)[9 + number]["payload"]
        item.update({"dated_ms": 0} if "value" in item else {})


# --- whether it may decide [5]


@_flow("shrink", "undecided")
def a_failure_of_a_lens_that_is_good_enough(d):
    _lens(d)["at_least"]["Draft"] = 500


@_flow("set", "undecided")
def a_failure_of_a_lens_with_another_code(d):
    _lens(d)["failure"]["code"] = "TIMEOUT"
    d.payload("Locked")["code"] = "TIMEOUT"


@_flow("remove")
def a_lens_too_poor_to_decide_without_its_failure(d):
    _lens(d)["at_least"] = {"Draft": 601, "Committed": 950}
    d.payload("Locked")["lock_level"] = "Draft"


@table("add", "undecided")
def a_plan_after_a_lens_too_poor_to_decide(d):
    plan = {**d.events[-1], "kind": "PlanChosen", "phase": "Decide"}
    plan["payload"] = {"plan": {"form": "json", "inline": "[]"}, "steps": 0}
    d.events[-1]["at"] = [plan["at"][0] + 1]
    d.events.insert(-1, {**plan, "at": [plan["at"][0]]})


@table("move", "looked")
def an_item_after_the_lens(d):
    item = _items(d)[-1]
    lens = next(event for event in d.events if event["kind"] == "LensAssembled")
    item["at"], lens["at"] = lens["at"], item["at"]
    first = d.events.index(item)
    d.events[first], d.events[first + 1] = lens, item


# --- what it was held to [6] [8]


@unproven("grow", "looked")
def a_lock_level_above_what_the_lens_allows(d):
    d.payload("Locked")["lock_level"] = "Committed"


@unproven("shrink", "looked")
def a_lock_level_below_what_the_lens_allows(d):
    d.payload("Locked")["lock_level"] = "Draft"


def _held(operator):
    return sealed(operator, "POLICY_VIOLATION", "policy", "looked")


@_held("set")
def a_lens_held_to_less_than_the_policy_demands(d):
    put_policy(d, {"lens": {"Committed": 951}, "network": OPEN}, None)


@_held("add")
def a_threshold_of_the_policy_that_the_lens_leaves_out(d):
    put_policy(d, {"lens": {"Immutable": 951}, "network": OPEN}, None)


@_held("retype")
def demands_of_a_policy_that_have_another_form(d):
    put_policy(d, {"lens": {"Staged": "580"}, "network": OPEN}, None)


@_held("set")
def an_address_that_answered_a_run_that_was_offline(d):
    put_policy(d, {"network": CLOSED}, "workc-offline")
    gone = {"EffectAsked", "EffectAnswered"}
    d.events = [event for event in d.events if event["kind"] not in gone]
    for event in d.events:
        if event["at"][1:] == [1, 2]:
            event["at"] = [*event["at"][:2], 0]


@_held("grow")
def an_item_that_no_line_of_the_policy_allows(d):
    allowed = [{"op": "Network", "selector": "net:http://93.184.216.34/"}]
    rules = {"allow": allowed, "deny": [], "unknown": "deny"}
    put_policy(d, {"effects": rules, "network": OPEN}, None)


def _bounds(operator):
    return sealed(operator, "EFFECT_BOUNDS_EXCEEDED", "policy", "looked")


@_bounds("set")
def an_item_that_no_declared_effect_covers(d):
    _of(d, "late", 1).update(source="other/late.txt")
    _of(d, "late", 1)["effect"]["selector"] = "fs:other/late.txt"


@_bounds("remove")
def an_effect_of_the_lens_that_is_not_declared_any_more(d):
    plan = d.payload("PlanChosen")
    plan["effects"] = [each for each in plan["effects"] if each["op"] == "Network"]
    plan.pop("compression", None)


# --- what a script says of it [5] [6] [17]


@_words("grow", "scripted_lens")
def a_script_that_says_more_than_all(d):
    d.payload("RunStarted")["lens_script"][0]["coverage"] = 1001


@_words("cut", "scripted_lens")
def a_script_that_says_nothing(d):
    d.payload("RunStarted")["lens_script"].clear()


@_flow("add")
def a_scripted_lens_of_a_run_without_a_script(d):
    _lens(d)["scripted"] = True


@_flow("set", "scripted_lens")
def a_lens_by_a_script_that_says_that_it_is_none(d):
    _lens(d)["scripted"] = False


@_flow("remove", "scripted_lens")
def a_lens_by_a_script_that_does_not_say_so(d):
    del _lens(d)["scripted"]


@_flow("shrink", "scripted_lens")
def a_lens_that_is_worth_another_thing_than_its_script_says(d):
    _lens(d)["quality"]["provenance"] -= 1


# --- its root [8]


@sealed("remove", "MERKLE_MISMATCH_LENS", "roots", "looked", project=False)
def a_root_of_the_lens_without_its_items(d):
    d.roots["lens"] = {"root": "0" * 64, "size": 1}
