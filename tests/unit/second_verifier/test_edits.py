"""Edits of a bundle before it is sealed: each gives the codes that the page gives, and no other."""

import importlib.util
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


def load(name):
    path = TESTS / "second_verifier" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"second_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load("build")
verifier = load("verifier")
PAGE = (TESTS.parent / "docs" / "spec" / "bundle-0.2.md").read_text(encoding="utf-8")

MALFORMED = "BUNDLE_MALFORMED"
UNSAFE = "UNSAFE_PATH"
UNLISTED = "UNLISTED_FILE"
MISSING = "MANIFEST_MISSING_FILE"
HASH = "HASH_MISMATCH"
CHAIN = "EVENT_CHAIN_MISMATCH"
FSM = "FSM_ILLEGAL_TRANSITION"
BUDGET = "BUDGET_INVALID"
CAPTURE = "CAPTURE_MISSING"
RECEIPT = "RECEIPT_EVENT_MISMATCH"
INCOMPLETE = "VERIFICATION_INCOMPLETE"


def at(kind, number=0, /, **fields):
    return lambda draft: draft.entry(kind, number).update(fields)


def say(kind, number=0, /, **fields):
    return lambda draft: draft.payload(kind, number).update(fields)


def unsay(kind, field, number=0):
    return lambda draft: draft.payload(kind, number).pop(field)


def claim(**fields):
    return lambda draft: draft.receipt.update(fields)


def manifest(edit):
    def change(value):
        edit(value)
        return value

    return lambda draft: setattr(draft, "edit_manifest", change)


def receipt(edit):
    def change(value):
        edit(value)
        return value

    return lambda draft: setattr(draft, "edit_receipt", change)


def both(*edits):
    return lambda draft: [edit(draft) for edit in edits]


def cut(*places):
    def edit(draft):
        draft.log = [entry for number, entry in enumerate(draft.log) if number not in places]
        draft.receipt["counts"]["events"] = len(draft.log)

    return edit


def insert(number, entry):
    def edit(draft):
        draft.log.insert(number, entry)
        draft.receipt["counts"]["events"] += 1

    return edit


def entry(path, **fields):
    return {"path": path, "sha256": "0" * 64, "size": 0, **fields}


def capture(path, raw=b"x"):
    return lambda draft: draft.captures.update({path: raw})


def body(text, form="json"):
    return {"form": form, "inline": text}


STORED = build.stored("evidence/program.json", build.PROGRAM)
CHECK = build.minimal().payload("VerificationRun")["results"][0]
FAILED = {**CHECK, "passed": False, "value": body("false")}
FAILED_RUN = both(
    say(
        "VerificationRun",
        results=[FAILED, {**FAILED, "check_id": "b"}, {**CHECK, "check_id": "c"}],
        verdict="failed",
    ),
    say("Locked", lock_level="Draft", outcome="failed", code="VERIFICATION_FAILED"),
    claim(
        lock_level="Draft",
        outcome="failed",
        failure={
            "code": "VERIFICATION_FAILED",
            "message": "checks that did not hold: is-polite, b",
        },
        verification={
            "results": [
                {"check_id": "is-polite", "level": "Semantic", "passed": False},
                {"check_id": "b", "level": "Semantic", "passed": False},
                {"check_id": "c", "level": "Semantic", "passed": True},
            ],
            "verdict": "failed",
        },
    ),
)
NOTHING_TO_CHECK = both(
    say("VerificationRun", results=[], verdict="nothing_to_check"),
    say("Locked", lock_level="Staged"),
    claim(lock_level="Staged", verification={"results": [], "verdict": "nothing_to_check"}),
)

STEP_FAILED = both(
    unsay("SkillExecuted", "value"),
    say("SkillExecuted", failure=build.failure("BAD", "no")),
    claim(step_failures=[{"attempts": 1, "code": "BAD", "step": "tidy"}]),
    lambda draft: draft.receipt["counts"].update(steps_failed=1, steps_succeeded=1),
)
PARTIAL = both(
    say("Locked", outcome="partial", lock_level="Draft"),
    claim(outcome="partial", lock_level="Draft"),
)


def resulted(port, **fields):
    """Lets the answer be a result through a port; what is None is left out."""
    result = {"data": body("x", "text"), "facts": body("{}"), "redactions": [], **fields}

    def edit(draft):
        draft.payload("EffectAsked")["port"] = port
        answer = draft.payload("EffectAnswered")
        del answer["response"]
        answer["result"] = {name: value for name, value in result.items() if value is not None}

    return edit


OF_A_FUNCTION = both(say("RunStarted", program_kind="function"), claim(program_kind="function"))

MINIMAL_EDITS = {
    # What the page allows.
    "nothing": (both(), []),
    "checks that do not hold": (FAILED_RUN, []),
    "partial without a failure of the work": (both(STEP_FAILED, PARTIAL), []),
    "partial called success": (STEP_FAILED, [INCOMPLETE]),
    "a failed step in a function that caught it": (both(STEP_FAILED, OF_A_FUNCTION), []),
    "nothing to check": (NOTHING_TO_CHECK, []),
    "an answer of no bytes": (lambda d: d.payload("EffectAnswered")["response"].update(body=body("", "bytes"), boundaries=[0]), []),
    "a result of a file": (resulted("file"), []),
    "a result of a program": (resulted("exec", errors=body("")), []),
    "a result of a publication": (resulted("publish"), []),
    "a result without data": (resulted("file", data=None), []),
    "a result of a server": (resulted("http"), [FSM]),
    "a response of a program": (say("EffectAsked", port="exec"), [FSM]),
    "an effect of no port": (resulted("disk"), [MALFORMED]),
    "a result without facts": (resulted("file", facts=None), [MALFORMED]),
    "a result with a status": (resulted("file", status=200), [MALFORMED]),
    "a result with a salt that is no hex": (resulted("file", redactions=[{"commitment": "0" * 64, "count": 1, "salt": "zz", "secret": "K"}]), [MALFORMED]),
    "a result beside a response": (lambda d: d.payload("EffectAnswered").update(result={"facts": body("{}"), "redactions": []}), [MALFORMED]),
    "json in a body that is no json": (say("EffectAsked", port="model"), []),
    "a boundary past the body": (lambda d: d.payload("EffectAnswered")["response"].update(boundaries=[6]), [MALFORMED]),
    "boundaries that go back": (lambda d: d.payload("EffectAnswered")["response"].update(boundaries=[3, 2]), [MALFORMED]),
    "a status of two digits": (lambda d: d.payload("EffectAnswered")["response"].update(status=99), [MALFORMED]),
    "a salt that is no hex": (lambda d: d.payload("EffectAnswered")["response"]["redactions"][0].update(salt="zz"), [MALFORMED]),
    "a pure step without a request": (both(unsay("SkillExecuted", "request"), lambda d: d.entry("SkillExecuted").pop("at_ms")), [MALFORMED]),
    "a run id with a space": (say("RunStarted", run_id="a b"), [MALFORMED]),
    "a name with an escape": (say("RunStarted", name="\x1b[2J"), [MALFORMED]),
    "a seed with a zero in front": (say("RunStarted", seed="01"), [MALFORMED]),
    "a seed that is too large": (say("RunStarted", seed=str(2**64)), [MALFORMED]),
    "a nonce in capitals": (say("RunStarted", nonce="A" * 32), [MALFORMED]),
    "rules of another digest": (lambda d: d.payload("RunStarted")["policy"].update(rules_sha256="0" * 64), [MALFORMED]),
    "a step of another plan": (say("PlanChosen", plan=build.plan(tidy="json.transform", tell="json.transform")), [RECEIPT]),
    "a plan of other skills": (say("PlanChosen", plan=build.plan(tidy="json.transform", ask="x")), [RECEIPT]),
    "a plan that is none": (say("PlanChosen", plan=body("[")), [RECEIPT]),
    "a plan as text": (lambda d: d.payload("PlanChosen")["plan"].update(form="text"), [RECEIPT]),
    "two lanes of one step": (lambda d: [e["payload"].update(step="tidy") for e in d.log[5:10] if "step" in e["payload"]], [FSM, RECEIPT]),
    "a skill without code": (say("SkillExecuted", skill="x"), [FSM, RECEIPT]),
    "a release that cost something": (say("BudgetSettled", basis="released"), [BUDGET]),
    "a bound that was not it": (say("BudgetSettled", basis="bound"), [BUDGET]),
    "a check of a value in bytes": (lambda d: d.payload("VerificationRun")["results"][0].update(value=body("true", "bytes")), [INCOMPLETE]),
    "two checks of one id": (both(lambda d: d.payload("VerificationRun")["results"].append(CHECK), lambda d: d.receipt["verification"]["results"].append({"check_id": "is-polite", "level": "Semantic", "passed": True})), [INCOMPLETE]),
    "a DEL and an astral letter": (both(say("IntentSet", description="\x7f\U0001f600\x01"), claim(intent={"description": "\x7f\U0001f600\x01", "source": "human"})), []),
    "a reservation up to the ceiling": (say("BudgetReserved", bound=1000, reserved=1000), []),
    # 3: manifest.
    "an older manifest": (manifest(lambda m: m.update(bundle_version="0.1")), [MALFORMED]),
    "one more manifest field": (manifest(lambda m: m.update(more=1)), [MALFORMED]),
    "entries out of order": (manifest(lambda m: m["files"].reverse()), [MALFORMED]),
    "an entry twice": (manifest(lambda m: m["files"].insert(0, m["files"][0])), [MALFORMED]),
    "a negative size": (manifest(lambda m: m["files"][0].update(size=-1)), [MALFORMED]),
    "a boolean size": (manifest(lambda m: m["files"][0].update(size=True)), [MALFORMED]),
    "a listed receipt": (manifest(lambda m: m["files"].append(entry("receipt.json"))), [MALFORMED]),
    "a listed folder": (manifest(lambda m: m["files"].insert(0, entry("artifacts"))), [UNSAFE]),
    "a listed path that climbs": (manifest(lambda m: m["files"].append(entry("evidence/../x"))), [UNSAFE]),
    "listed paths that differ in case": (manifest(lambda m: m["files"].append(entry("evidence/Program.json"))), [UNSAFE]),
    "events that are not listed": (manifest(lambda m: m["files"].pop(1)), [MALFORMED]),
    "no listed evidence": (manifest(lambda m: m["files"].pop(2)), [MALFORMED]),
    "a listed file that is not there": (manifest(lambda m: m["files"].append(entry("evidence/x"))), [MISSING, UNLISTED]),
    "a wrong size": (manifest(lambda m: m["files"][1].update(size=1)), [HASH]),
    "a wrong hash": (manifest(lambda m: m["files"][1].update(sha256="0" * 64)), [HASH]),
    "a hash in capitals": (manifest(lambda m: m["files"][1].update(sha256=m["files"][1]["sha256"].upper())), [HASH]),
    "the run of another": (manifest(lambda m: m.update(run_id="run-2")), [RECEIPT]),
    # 4: events.
    "a wrong seq": (at("PlanChosen", seq=4), [CHAIN]),
    "a wrong prev": (at("PlanChosen", prev="0" * 64), [CHAIN]),
    "a wrong first prev": (at("RunStarted", prev="1" * 64), [CHAIN]),
    "a ts that is too low": (at("PlanChosen", ts=999), [CHAIN]),
    "a ts before its own answer": (at("EffectAnswered", ts=1010), [CHAIN]),
    "an answer without at_ms": (lambda d: d.entry("EffectAnswered").pop("at_ms"), [MALFORMED]),
    "an at_ms on what is no answer": (at("PlanChosen", at_ms=1000), [MALFORMED]),
    "no at_ms on a pure step": (lambda d: d.entry("SkillExecuted").pop("at_ms"), [MALFORMED]),
    "a null at_ms": (at("PlanChosen", at_ms=None), [MALFORMED]),
    "an unknown kind": (at("PlanChosen", kind="PlanMade"), [MALFORMED]),
    "an unknown field": (at("PlanChosen", more=1), [MALFORMED]),
    "an empty place": (at("PlanChosen", at=[]), [MALFORMED]),
    "a place of 65 numbers": (at("PlanChosen", at=[0] * 65), [MALFORMED]),
    "a log that does not end": (lambda d: d.log.append(build.event([8], "TimerSet", {"after_ms": 1})), [CHAIN, FSM, RECEIPT]),
    "a log without Locked": (cut(12), [CHAIN, FSM]),
    "a log without RunStarted": (cut(0), [FSM, UNLISTED]),
    "a log without IntentSet": (cut(1), [FSM]),
    "a log without WorkEnded": (cut(10), [FSM, UNLISTED]),
    # 5: places, lanes, pairs, phases.
    "a first place of 1": (at("RunStarted", at=[1]), [FSM]),
    "a first place below": (at("RunStarted", at=[0, 0, 0]), [FSM, RECEIPT]),
    "a place left out": (at("Locked", at=[8]), [FSM]),
    "a place twice": (at("Locked", at=[6]), [FSM]),
    "a place of two numbers": (at("Locked", at=[6, 0]), [FSM, RECEIPT]),
    "a place of 64 numbers": (at("Locked", at=[7] * 64), [FSM, RECEIPT]),
    "a lane left out": (lambda d: [e.update(at=[4, 2, e["at"][2]]) for e in d.log if e["at"][:2] == [4, 1]], [FSM]),
    "a lane below a lane": (at("SkillExecuted", 1, at=[4, 1, 4, 0, 0]), [FSM, RECEIPT]),
    "a place of lanes that holds an event": (at("WorkEnded", at=[4]), [FSM]),
    "an event of a step in the root lane": (at("WorkEnded", kind="TimerFired", payload={}, at_ms=1021), [FSM, UNLISTED]),
    "steps beside steps under a new place": (lambda d: [e.update(at=[5, 0, e["at"][2]] if len(e["at"]) == 3 else [e["at"][0] + 1]) for e in d.log[5:]], []),
    "a step after the work": (both(cut(4), insert(10, build.executed([6, 0, 0], "tidy", mode="context", value=body("1"))), lambda d: [e.update(at=[4, 0, e["at"][2]]) for e in d.log[4:9]], lambda d: [e.update(at=[e["at"][0] + 2]) for e in d.log[11:]]), [FSM, RECEIPT]),
    "another request": (say("EffectAnswered", request="0" * 64), [FSM]),
    "another digest": (both(say("EffectAsked", digest="0" * 64), say("EffectAnswered", request="0" * 64)), [FSM]),
    "an opaque step that was not asked": (both(say("SkillExecuted", mode="opaque"), unsay("SkillExecuted", "params")), [FSM]),
    "a first attempt of 2": (say("SkillExecuted", attempt=2), [FSM]),
    "a first attempt of 0": (say("SkillExecuted", attempt=0), [FSM]),
    "another phase": (at("SkillExecuted", phase="Decide"), [FSM]),
    "no verification, and success": (both(cut(11), at("Locked", at=[6])), [FSM, RECEIPT, INCOMPLETE]),
    "no plan": (both(cut(3), lambda d: [e.update(at=[e["at"][0] - 1, *e["at"][1:]]) for e in d.log[3:]]), [FSM, RECEIPT]),
    # 6: payloads and bodies.
    "another format in RunStarted": (say("RunStarted", bundle="0.1"), [MALFORMED]),
    "both value and failure": (say("SkillExecuted", failure=build.failure("A", "b")), [MALFORMED]),
    "neither value nor failure": (unsay("SkillExecuted", "value"), [MALFORMED]),
    "neither answer nor failure": (unsay("EffectAnswered", "response"), [MALFORMED]),
    "a code that is no map of strings": (say("RunStarted", code={"a": 1}), [MALFORMED]),
    "a name in code that is not ASCII": (say("RunStarted", code={"é": "1"}), [MALFORMED]),
    "a header of three": (lambda d: d.payload("EffectAnswered")["response"].update(headers=[["a", "b", "c"]]), [MALFORMED]),
    "a body of unknown form": (say("PlanChosen", plan=body("", "xml")), [MALFORMED]),
    "a body of both kinds": (say("PlanChosen", plan={**STORED, "inline": ""}), [MALFORMED]),
    "a body of part of a kind": (say("PlanChosen", plan={"form": "json", "path": "evidence/program.json"}), [MALFORMED]),
    "an empty body": (say("PlanChosen", plan={"form": "json"}), [MALFORMED]),
    "base64 without padding": (say("PlanChosen", plan=body("YQ", "bytes")), [MALFORMED]),
    "base64 with loose bits": (say("PlanChosen", plan=body("YR==", "bytes")), [MALFORMED]),
    "base64 of the other alphabet": (say("PlanChosen", plan=body("-_-_", "bytes")), [MALFORMED]),
    "base64 that is not ASCII": (say("PlanChosen", plan=body("éééé", "bytes")), [MALFORMED]),
    # 7: money.
    "a bound above the ceiling": (say("BudgetReserved", bound=1001, reserved=1001), [BUDGET]),
    "a reservation refused for nothing": (say("BudgetReserved", granted=False, reserved=0), [BUDGET, RECEIPT, INCOMPLETE]),
    "an n that starts at 1": (both(say("BudgetReserved", n=1), say("BudgetSettled", n=2, grant=1)), [BUDGET]),
    "an n twice": (say("BudgetSettled", n=0), [BUDGET]),
    "a settlement of nothing": (say("BudgetSettled", grant=1), [BUDGET]),
    "reserved after the move": (say("BudgetReserved", reserved=0), [BUDGET]),
    "spent after the move": (both(say("BudgetSettled", spent=299), lambda d: d.receipt["money"].update(spent_micro_cents=299)), [BUDGET]),
    "an open reservation": (both(cut(8), at("SkillExecuted", 1, at=[4, 1, 3]), lambda d: d.receipt["money"].update(reserved_micro_cents=500, spent_micro_cents=0), claim(ended_ms=1020)), [BUDGET]),
    "an actual above the bound": (both(say("BudgetSettled", actual=2000, spent=2000), lambda d: d.receipt["money"].update(spent_micro_cents=2000)), [INCOMPLETE]),
    # 8: references.
    "a body of a file that is not listed": (say("PlanChosen", plan={**STORED, "path": "evidence/none"}), [CAPTURE]),
    "a body of the events": (say("PlanChosen", plan={**STORED, "path": "events.jsonl"}), [CAPTURE]),
    "a body of another hash": (say("PlanChosen", plan={**STORED, "sha256": "0" * 64}), [HASH]),
    "a body of another size": (say("PlanChosen", plan={**STORED, "size": 1}), [HASH]),
    "a body deep inside": (lambda d: d.payload("VerificationRun")["results"][0].update(failure={**build.failure("A", "b"), "details": {**STORED, "size": 1}}), [HASH, INCOMPLETE]),
    "a capture that nobody names": (capture("evidence/more"), [UNLISTED]),
    # 8: receipt.
    "one more receipt field": (receipt(lambda r: r.update(more=1)), [MALFORMED]),
    "one receipt field less": (receipt(lambda r: r.pop("seed")), [MALFORMED]),
    "an older receipt and a newer field": (receipt(lambda r: r.update(receipt_version="0.1")), [MALFORMED]),
    "another manifest hash": (receipt(lambda r: r.update(manifest_sha256="0" * 64)), ["RECEIPT_HASH_MISMATCH"]),
    "a halt that was not": (claim(halt="x"), [RECEIPT]),
    "no output": (lambda d: d.receipt.pop("output"), [RECEIPT]),
    "another seed": (claim(seed="1"), [RECEIPT]),
    "another number of planned steps": (say("PlanChosen", steps=3), [RECEIPT]),
    # 8: what must be borne out.
    "a check said to hold": (lambda d: d.payload("VerificationRun")["results"][0].update(value=body("false")), [INCOMPLETE]),
    "a check without value": (lambda d: d.payload("VerificationRun")["results"][0].pop("value"), [INCOMPLETE]),
    "a check by a stored value": (lambda d: d.payload("VerificationRun")["results"][0].update(value=STORED), [INCOMPLETE]),
    "a verdict that does not follow": (both(say("VerificationRun", verdict="nothing_to_check"), say("Locked", lock_level="Staged"), claim(lock_level="Staged", verification={"results": [{"check_id": "is-polite", "level": "Semantic", "passed": True}], "verdict": "nothing_to_check"})), [INCOMPLETE]),
    "failed checks called success": (both(FAILED_RUN, lambda d: d.payload("Locked").pop("code"), say("Locked", lock_level="Committed", outcome="success"), claim(lock_level="Committed", outcome="success"), lambda d: d.receipt.pop("failure")), [INCOMPLETE]),
    "another lock level": (both(say("Locked", lock_level="Immutable"), claim(lock_level="Immutable")), [INCOMPLETE]),
    "a code that nothing bears out": (both(say("Locked", code="X"), claim(failure={"code": "X", "message": ""})), [INCOMPLETE]),
    "a failure of the work called success": (say("WorkEnded", failure=build.failure("A", "b")), [INCOMPLETE]),
    "work that halted with an output called success": (both(say("WorkEnded", halt="x"), claim(halt="x")), [INCOMPLETE]),
    "work without output called success": (both(unsay("WorkEnded", "output"), lambda d: d.receipt.pop("output"), say("IntentSet", description="x"), claim(intent={"description": "x", "source": "human"}), say("PlanChosen", plan=build.stored("artifacts/answer.bin", b"hello \xff", "bytes"))), [INCOMPLETE]),
}  # fmt: skip


@pytest.mark.parametrize("name", MINIMAL_EDITS)
def test_an_edit_of_the_minimal_bundle_gives_its_codes(name):
    edit, codes = MINIMAL_EDITS[name]
    draft = build.minimal()
    edit(draft)
    assert verifier.verify(draft.files()) == codes


EVENTFUL_EDITS = {
    "another request of an opaque step": (say("SkillExecuted", request="r0"), [FSM]),
    "an opaque step called pure": (say("SkillExecuted", mode="pure", params=body("{}")), [FSM]),
    "an attempt that skips a number": (say("SkillExecuted", 1, attempt=3), [FSM]),
    "an attempt that starts again": (say("SkillExecuted", 1, attempt=1), [FSM]),
    "a retry of another attempt": (both(say("RetryScheduled", attempt=2), say("SkillExecuted", 1, attempt=3)), [FSM]),
    "a retry for another code": (say("RetryScheduled", code="OTHER"), [FSM]),
    "another request in a file": (both(say("EffectAsked", 1, digest="0" * 64), say("EffectAnswered", request="0" * 64)), [FSM]),
    "a skip because of what is not needed": (say("StepSkipped", because=["first"]), [RECEIPT]),
    "a second attempt of another skill": (say("SkillExecuted", 1, skill="json.transform"), [FSM, RECEIPT]),
    "an answer to another stored request": (say("EffectAnswered", request="0" * 64), [FSM]),
    "money above the ceiling before the overrun": (say("BudgetReserved", 2, bound=401, reserved=1001), [BUDGET]),
    "a refusal called a grant": (say("BudgetReserved", 1, granted=True, reserved=1001), [BUDGET, RECEIPT]),
    "a settlement of a refusal": (say("BudgetSettled", 1, grant=1), [BUDGET]),
    "a settlement twice": (say("BudgetSettled", 1, grant=0), [BUDGET]),
    "step failures in another order": (lambda d: d.receipt["step_failures"].reverse(), [RECEIPT]),
    "a failure without its step": (lambda d: d.receipt["failure"].pop("step"), [RECEIPT]),
    "a step of the work that the receipt leaves out": (unsay("WorkEnded", "step"), [RECEIPT]),
    "a stop that the work does not own to": (both(unsay("WorkEnded", "halt"), lambda d: d.receipt.pop("halt"), say("Locked", outcome="partial"), claim(outcome="partial")), [INCOMPLETE]),
    "a lane whose last event is no end": (both(cut(16), lambda d: d.receipt["counts"].update(attempts=3, steps=3, steps_failed=0), lambda d: d.receipt["step_failures"].pop(0), say("PlanChosen", steps=3)), [FSM]),
    "steps while the root lane waits": (lambda d: d.log.insert(24, d.log.pop(25)) or d.log[24].update(at=[6, 0, 0]) or d.log[25].update(at=[7]), [FSM]),
}  # fmt: skip


@pytest.mark.parametrize("name", EVENTFUL_EDITS)
def test_an_edit_of_the_eventful_bundle_gives_its_codes(name):
    edit, codes = EVENTFUL_EDITS[name]
    draft = build.eventful()
    edit(draft)
    assert verifier.verify(draft.files()) == codes


HALTED_EDITS = {
    "a halt called partial": (both(say("Locked", outcome="partial"), claim(outcome="partial")), [FSM, INCOMPLETE]),
    "a halt called Staged": (both(say("Locked", lock_level="Staged"), claim(lock_level="Staged")), [FSM, INCOMPLETE]),
    "a halt without its code": (both(unsay("Locked", "code"), lambda d: d.receipt.pop("failure")), [INCOMPLETE]),
    "a function that planned one step": (say("PlanChosen", steps=1), []),
    "a file that planned one step": (both(say("PlanChosen", steps=1), say("RunStarted", program_kind="file"), claim(program_kind="file")), [RECEIPT]),
}  # fmt: skip


@pytest.mark.parametrize("name", HALTED_EDITS)
def test_an_edit_of_the_halted_bundle_gives_its_codes(name):
    edit, codes = HALTED_EDITS[name]
    draft = build.halted()
    edit(draft)
    assert verifier.verify(draft.files()) == codes


BOUNDS = "EFFECT_BOUNDS_EXCEEDED"


def of_gate(number, **fields):
    """Changes what the receipt says of a gate."""
    return lambda draft: draft.receipt["gates"][number].update(fields)


def of_child(number, **fields):
    return lambda draft: draft.receipt["children"][number].update(fields)


WIDENED_EDITS = {
    "nothing": (both(), []),
    "somebody else who approved": (say("ApprovalAnswered", by="x"), []),
    "nobody who approved": (unsay("ApprovalAnswered", "by"), [MALFORMED]),
    "an answer in time without a limit": (both(say("ApprovalAnswered", 1, decision="timed_out"), unsay("ApprovalAnswered", "by", 1), say("StepSkipped", code="APPROVAL_TIMEOUT"), lambda d: d.receipt["step_failures"][0].update(code="APPROVAL_TIMEOUT")), [FSM]),
    "a limit that ran out": (both(say("ApprovalAsked", 1, timeout_ms=0), say("ApprovalAnswered", 1, decision="timed_out"), unsay("ApprovalAnswered", "by", 1), say("StepSkipped", code="APPROVAL_TIMEOUT"), lambda d: d.receipt["step_failures"][0].update(code="APPROVAL_TIMEOUT")), []),
    "a denial with the code of a limit": (both(say("StepSkipped", code="APPROVAL_TIMEOUT"), lambda d: d.receipt["step_failures"][0].update(code="APPROVAL_TIMEOUT")), [FSM]),
    "another gate in the answer": (both(say("ApprovalAnswered", gate="x"), of_gate(1, gate="x")), [FSM]),
    "a denial in front of work": (both(say("ApprovalAnswered", decision="denied"), of_gate(1, passed=False)), [FSM]),
    "a gate of no step": (unsay("GateEvaluated", "step", 1), [MALFORMED]),
    "a command without a time": (lambda d: d.entry("GateEvaluated", 1).pop("at_ms"), [MALFORMED]),
    "a command that says true": (say("GateEvaluated", 1, value=body("true")), [INCOMPLETE]),
    "a gate that failed called passed": (both(say("GateEvaluated", 2, passed=True), of_gate(3, passed=True)), [INCOMPLETE]),
    "a gate of the run that failed": (both(say("GateEvaluated", 4, passed=False, value=body("false")), of_gate(6, passed=False)), [INCOMPLETE]),
    "a gate of the run that failed the run": (
        both(
            say("GateEvaluated", 4, passed=False, value=body("false")), of_gate(6, passed=False),
            say("Locked", outcome="failed", code="GATE_FAILED"), claim(outcome="failed"),
            claim(failure={"code": "GATE_FAILED", "message": "gates that did not hold: whole"}),
        ),
        [],
    ),
    "gates in another order": (lambda d: d.receipt["gates"].reverse(), [RECEIPT]),
    "another child that joins": (say("ChildJoined", child_run_id="run-4"), [FSM]),
    "a child that was granted less": (both(say("ChildSpawned", ceiling_micro_cents=399), of_child(1, ceiling_micro_cents=399)), [FSM]),
    "a child that spent less than was settled": (both(say("ChildJoined", spent_micro_cents=299), of_child(1, spent_micro_cents=299)), [FSM]),
    "a number of children left out": (both(say("ChildSpawned", spawn_index=2), say("ChildJoined", spawn_index=2), of_child(1, spawn_index=2)), [FSM]),
    "a child of its own": (both(say("ChildSpawned", child_run_id="run-1"), say("ChildJoined", child_run_id="run-1"), of_child(1, child_run_id="run-1")), [FSM]),
    "a critical child that failed": (both(say("ChildJoined", 1, outcome="failed"), of_child(0, outcome="failed")), [INCOMPLETE]),
    "a critical child that failed the run": (
        both(
            say("ChildJoined", 1, outcome="failed"), of_child(0, outcome="failed"),
            say("Locked", outcome="failed", code="CHILD_FAILED"), claim(outcome="failed"),
            claim(failure={"code": "CHILD_FAILED", "message": ""}),
        ),
        [],
    ),
    "children in the order of the log": (lambda d: d.receipt["children"].reverse(), [RECEIPT]),
    "a parent that the receipt leaves out": (lambda d: d.receipt.pop("parent"), [RECEIPT]),
    "an effect beside what was declared": (say("EffectAsked", effect={"op": "Network", "selector": "net:http://example.testx/x"}), [BOUNDS]),
    "an effect of another op": (say("EffectAsked", effect={"op": "ReadFS", "selector": "fs:out/x"}), [BOUNDS]),
    "an effect below what was declared": (say("EffectAsked", effect={"op": "WriteFS", "selector": "fs:out/x/"}), []),
    "an effect that leads upwards": (say("EffectAsked", effect={"op": "WriteFS", "selector": "fs:out/../x"}), [MALFORMED]),
    "an effect that is not named": (unsay("EffectAsked", "effect"), [FSM]),
    "effects that were never declared": (both(unsay("PlanChosen", "effects"), unsay("PlanChosen", "compression"), lambda d: d.receipt.pop("effects")), [FSM]),
    "a compression of nothing": (both(unsay("PlanChosen", "effects"), unsay("EffectAsked", "effect"), lambda d: d.receipt.pop("effects")), [MALFORMED]),
    "a compression that made more": (say("PlanChosen", compression={"algorithm": "TrieMerge-v0.1", "input_count": 2, "output_count": 3}), [MALFORMED]),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDENED_EDITS)
def test_an_edit_of_the_widened_bundle_gives_its_codes(name):
    edit, codes = WIDENED_EDITS[name]
    draft = build.widened()
    edit(draft)
    assert verifier.verify(draft.files()) == codes


@pytest.mark.parametrize("name", verifier.ROOTS)
@pytest.mark.parametrize("change", [{"root": "0" * 64}, {"size": 99}])
def test_a_root_or_size_that_differs_has_a_code_of_its_own(name, change):
    draft = build.minimal()
    receipt(lambda value: value["roots"][name].update(change))(draft)
    suffix = "EVENTLOG" if name == "events" else name.upper()
    assert verifier.verify(draft.files()) == [f"MERKLE_MISMATCH_{suffix}"]
    assert f"{suffix}" in PAGE
