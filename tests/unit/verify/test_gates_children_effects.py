"""What gates, children and declared effects may be: bundles that must pass, in both verifiers."""

import json

import pytest
from bundles import bundle
from reseal import reseal, second

from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

TRUE = {"form": "json", "inline": "true"}


def passes(name, edit):
    """Asserts that both verifiers pass an edit of a bundle; returns its receipt."""
    files = reseal(bundle(name), edit, project=True)
    verdict = verify(MemoryReader(files))
    assert (verdict.verdict, verdict.failures) == ("PASS", ())
    assert second.verify(dict(files)) == []
    return json.loads(files["receipt.json"])


def lane(d, step):
    first = next(e for e in d.events if e["payload"].get("step") == step and len(e["at"]) > 1)
    return [e for e in d.events if e["at"][:-1] == first["at"][:-1]]


def put(d, step, *found, instead_of=None):
    """Puts events in front of a lane, or of its events from a number on."""
    events = lane(d, step)
    place, start = d.events.index(events[0]), events[0]["at"][:-1]
    rest = events if instead_of is None else []
    kept = [] if instead_of is None else events[:instead_of]
    made = [{"phase": "Act", **each} for each in found]
    d.events[place : place + len(events)] = [*kept, *made, *rest]
    for number, event in enumerate(d.events[place : place + len(kept + made + rest)]):
        event["at"] = [*start, number]


def asked(step, **more):
    payload = {"gate": "g", "question": TRUE, "step": step, **more}
    return {"kind": "ApprovalAsked", "payload": payload}


def answered(d, step, **more):
    payload = {"by": "b", "decision": "approved", "gate": "g", "note": "", "step": step, **more}
    at_ms = d.event("RunStarted")["at_ms"]
    return {"kind": "ApprovalAnswered", "payload": payload, "at_ms": at_ms}


def gate(when, *, passed=True, **more):
    value = {"form": "json", "inline": "true" if passed else "false"}
    payload = {"gate": "g", "kind": "check", "passed": passed, "that": "x", "value": value}
    return {"kind": "GateEvaluated", "payload": {**payload, "when": when, **more}}


WORDS = [{"gate": "a" * 64}, {"gate": "."}, {"by": "a" * 256}, {"by": "\U0001f600"}, {"note": "\n"}]


@pytest.mark.parametrize("words", WORDS, ids=str)
def test_words_of_an_approval_at_their_bounds_pass(words):
    def edit(d):
        gates = {name: word for name, word in words.items() if name == "gate"}
        put(d, "a", asked("a", **gates), answered(d, "a", **words))

    passes("staged", edit)


@pytest.mark.parametrize("end", ["skipped", "over"])
def test_an_approval_may_be_halted_and_then_nothing_of_the_step_is_done(end):
    def edit(d):
        at_ms = d.event("RunStarted")["at_ms"]
        halted = {"kind": "CallHalted", "payload": {"code": "CANCELLED"}, "at_ms": at_ms}
        skip = {"because": [], "code": "CANCELLED", "step": "a"}
        ends = [{"kind": "StepSkipped", "payload": skip}] if end == "skipped" else []
        put(d, "a", asked("a"), halted, *ends, instead_of=0)
        d.payload("WorkEnded")["halt"] = "CANCELLED"
        d.payload("PlanChosen")["steps"] = len(ends)
        d.event("Locked")["payload"] = {"lock_level": "Draft", "outcome": "failed"}

    assert passes("staged", edit)["counts"]["steps_skipped"] == (end == "skipped")


def test_a_second_attempt_may_be_asked_about_anew():
    def edit(d):
        events = lane(d, "a")
        place = next(n for n, e in enumerate(events) if e["kind"] == "TimerFired") + 1
        rest = events[place:]
        again = [asked("a"), answered(d, "a"), gate("pre_step", step="a"), *rest]
        put(d, "a", *again, instead_of=place)

    assert [each["kind"] for each in passes("retried", edit)["gates"]] == ["human", "check"]


def test_a_second_attempt_may_be_denied():
    def edit(d):
        events = lane(d, "a")
        place = next(n for n, e in enumerate(events) if e["kind"] == "TimerFired") + 1
        skip = {"because": [], "code": "APPROVAL_DENIED", "step": "a"}
        denied = answered(d, "a", decision="denied")
        said = [asked("a"), denied, {"kind": "StepSkipped", "payload": skip}]
        put(d, "a", *said, instead_of=place)
        d.event("Locked")["payload"] = {"lock_level": "Draft", "outcome": "partial"}

    receipt = passes("retried", edit)
    failure = {"attempts": 0, "code": "APPROVAL_DENIED", "step": "a"}
    assert receipt["step_failures"] == [failure]
    assert receipt["counts"]["steps"] == receipt["counts"]["attempts"] == 1


def test_a_gate_that_bars_the_run_leaves_nothing_but_its_end():
    def edit(d):
        d.events = [event for event in d.events if len(event["at"]) == 1]
        plan = d.event("PlanChosen")
        plan["payload"].update(plan={"form": "json", "inline": "[]"}, steps=0)
        place = d.events.index(plan) + 1
        barred = {"phase": "Act", **gate("pre_run", passed=False), "at": [4]}
        d.events.insert(place, barred)
        for number, event in enumerate(d.events):
            event["at"] = [number]
        d.payload("WorkEnded").pop("output")
        lock = {"lock_level": "Draft", "outcome": "failed"}
        d.event("Locked")["payload"] = lock
        d.files = {
            path: data for path, data in d.files.items() if not path.startswith("artifacts/")
        }

    assert passes("staged", edit)["gates"][0]["passed"] is False


def test_a_function_may_go_another_way_when_a_step_is_denied():
    def edit(d):
        step = d.payload("SkillAsked")["step"]
        skip = {"because": [], "code": "APPROVAL_DENIED", "step": step}
        denied = answered(d, step, decision="denied")
        said = [asked(step), denied, {"kind": "StepSkipped", "payload": skip}]
        put(d, step, *said, instead_of=0)

    receipt = passes("function", edit)
    assert (receipt["outcome"], receipt["counts"]["steps_skipped"]) == ("success", 1)


def test_gates_of_two_steps_that_have_one_name_are_two_gates():
    def edit(d):
        for step, passed in (("a", True), ("b", True)):
            put(d, step, gate("pre_step", step=step, passed=passed))

    assert len(passes("success", edit)["gates"]) == 2


SELECTORS = [
    ("Exec", "exec: x/../y"),
    ("Network", "net:a+b.c-d://h:80/"),
    ("Network", "net:http://[::1]:8080/a:@ b"),
    ("Network", "net:http://h:443/a/%2e"),
    ("Network", "net:http://h/.../..a"),
    ("Publish", "pub:\u202e"),
    ("ReadFS", "fs:/"),
    ("ReadFS", "fs:/a b/..c/"),
    ("WriteFS", "fs:a\\b"),
]


def _declare(d, effects):
    plan = d.payload("PlanChosen")
    plan["effects"] = [{"op": op, "selector": selector} for op, selector in effects]
    plan["compression"].update(input_count=len(effects), output_count=len(effects))


def test_selectors_in_their_one_spelling_pass():
    def edit(d):
        _declare(d, sorted(SELECTORS))
        op, selector = SELECTORS[2]
        d.payload("EffectAsked")["effect"] = {"op": op, "selector": selector}

    assert len(passes("bounded", edit)["effects"]) == len(SELECTORS)


def test_fifty_effects_may_be_declared_and_none_may_be():
    def fifty(d):
        _declare(d, [("Exec", f"exec:{number:02}") for number in range(50)])
        d.payload("EffectAsked")["effect"] = {"op": "Exec", "selector": "exec:49"}

    def none(d):
        d.payload("PlanChosen")["effects"] = []

    assert len(passes("bounded", fifty)["effects"]) == 50
    assert passes("staged", none)["effects"] == []


DEEP = "/".join(["a"] * 200_000)


@pytest.mark.parametrize(
    ("op", "wide", "narrow"),
    [
        ("WriteFS", "fs:/", f"fs:{DEEP}"),
        ("WriteFS", "fs:a/", f"fs:{DEEP}/"),
        ("Network", "net:http://h/", f"net:http://h/{DEEP}"),
        ("Network", f"net:http://h/{DEEP}", f"net:http://h/{DEEP}/b"),
    ],
)
def test_a_path_of_any_depth_is_judged(op, wide, narrow):
    def edit(d):
        _declare(d, [(op, wide)])
        d.payload("EffectAsked")["effect"] = {"op": op, "selector": narrow}

    passes("bounded", edit)
