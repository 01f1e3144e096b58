"""Stories of kinds of events that no engine records yet: edits of bundles that one sealed.

Each edit says what else happened in a run; what follows from it is sealed anew by
``workc.sim.tamper.v02.draft``, and the oracle must pass it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from workc.sim.tamper.attack import Doc
from workc.sim.tamper.rungs import PROJECTED
from workc.sim.tamper.v02.draft import Draft, forget_unnamed

KEPT = Path(__file__).resolve().parent.parent / "tests/golden/v0.2"
Edit = Callable[[Draft], None]
_TRUE: Doc = {"form": "json", "inline": "true"}
_FALSE: Doc = {"form": "json", "inline": "false"}


def sealed(files: Mapping[str, bytes], edit: Edit) -> dict[str, bytes]:
    """Returns a bundle with an edit and all that follows from it."""
    draft = Draft(files)
    edit(draft)
    forget_unnamed(draft)
    return draft.seal(PROJECTED)


def event(kind: str, payload: Doc, at_ms: int | None = None) -> Doc:
    """Returns an event that has no place yet; ``at_ms`` counts from the start of the run."""
    timed = {} if at_ms is None else {"at_ms": at_ms}
    return {"kind": kind, "payload": payload, "phase": "Act", **timed}


def in_lane(draft: Draft, step: str, number: int, found: Sequence[Doc], *, instead: bool) -> None:
    """Puts events into the lane of a step at a number, in place of all that stand there if so said."""
    first = next(e for e in draft.events if len(e["at"]) > 1 and e["payload"].get("step") == step)
    lane = draft.lane(first)
    place, start = draft.events.index(lane[0]), lane[0]["at"][:-1]
    rest = [] if instead else lane[number:]
    draft.events[place : place + len(lane)] = _placed(draft, [*lane[:number], *found, *rest], start)


def in_root(draft: Draft, kind: str, found: Sequence[Doc]) -> None:
    """Puts events into the root lane right before the one of a kind."""
    before = draft.event(kind)
    _before(draft, draft.events.index(before), before["at"][0], found)


def before_steps(draft: Draft, found: Sequence[Doc]) -> None:
    """Puts events into the root lane right after the plan."""
    plan = draft.event("PlanChosen")
    _before(draft, draft.events.index(plan) + 1, plan["at"][0] + 1, found)


def _before(draft: Draft, place: int, number: int, found: Sequence[Doc]) -> None:
    for other in draft.events[place:]:
        other["at"][0] += len(found)
    made = [_at(draft, each, [number + n]) for n, each in enumerate(found)]
    draft.events[place:place] = made


def _placed(draft: Draft, found: Sequence[Doc], start: list[int]) -> list[Doc]:
    return [_at(draft, each, [*start, n]) for n, each in enumerate(found)]


def _at(draft: Draft, found: Doc, at: list[int]) -> Doc:
    """Returns an event at its place; a time that counts from the start becomes one since 1970."""
    start = draft.event("RunStarted")["at_ms"]
    timed = found.get("at_ms", start)
    timed = {} if "at_ms" not in found else {"at_ms": timed if timed >= start else start + timed}
    return {**found, "at": at, **timed}


# ------------------------------------------------------------------------------ approvals, gates


def asked(gate: str, step: str, **more: object) -> Doc:
    """Returns the question whether a step may begin."""
    question: Doc = {"form": "text", "inline": f"May {step} begin?"}
    return event("ApprovalAsked", {"gate": gate, "question": question, "step": step, **more})


def answered(gate: str, step: str, decision: str, at_ms: int) -> Doc:
    """Returns what a human said to it, if one did."""
    by = {} if decision == "timed_out" else {"by": "ada"}
    note = "looked at the plan" if by else ""
    payload = {"decision": decision, "gate": gate, "note": note, "step": step, **by}
    return event("ApprovalAnswered", payload, at_ms)


def gate(name: str, when: str, *, passed: bool = True, **more: object) -> Doc:
    """Returns the evaluation of an expression, if ``more`` does not say otherwise."""
    value = _TRUE if passed else _FALSE
    payload = {"gate": name, "kind": "check", "passed": passed, "that": "`true`", "value": value}
    return event("GateEvaluated", {**payload, "when": when, **more})


def command(name: str, when: str, status: int, at_ms: int, **more: object) -> Doc:
    """Returns the run of a command with its exit status."""
    value: Doc = {"form": "json", "inline": str(status)}
    words = {"kind": "command", "that": "make check", "value": value, **more}
    return {**gate(name, when, passed=status == 0, **words), "at_ms": at_ms}


def skipped(step: str, code: str) -> Doc:
    """Returns that a step did not begin, because of no other step."""
    return event("StepSkipped", {"because": [], "code": code, "step": step})


def _approve(draft: Draft) -> None:
    """All kinds of gates let the work go on; one of them does so the second time only."""
    head = [
        asked("release", "a", timeout_ms=60_000),
        answered("release", "a", "approved", 5),
        gate("small", "pre_step", step="a", kind="policy"),
    ]
    in_lane(draft, "a", 0, head, instead=False)
    again = [gate("sound", "post_step", step="b", passed=passed) for passed in (False, True)]
    in_lane(draft, "b", len(draft.lane(draft.event("EffectAsked"))), again, instead=False)
    in_root(draft, "WorkEnded", [command("clean", "post_run", 0, 20)])
    before_steps(draft, [gate("ready", "pre_run", kind="function")])


def _fail(draft: Draft, code: str, step: str) -> None:
    """Lets the work say that a step did not begin."""
    details: Doc = {"form": "json", "inline": "{}"}
    failure: Doc = {"code": code, "details": details, "message": f"{step} did not begin"}
    draft.payload("WorkEnded").update(failure=failure, step=step)
    draft.payload("Locked")["code"] = code


def _deny(draft: Draft) -> None:
    """A human says no to one step, and nobody says anything to the other."""
    said = [
        asked("release", "b"),
        answered("release", "b", "approved", 5),
        asked("budget", "b"),
        answered("budget", "b", "denied", 9),
        skipped("b", "APPROVAL_DENIED"),
    ]
    in_lane(draft, "b", 0, said, instead=True)
    late = [asked("late", "d", timeout_ms=10), answered("late", "d", "timed_out", 30)]
    in_lane(draft, "d", 0, [*late, skipped("d", "APPROVAL_TIMEOUT")], instead=True)
    _fail(draft, "APPROVAL_DENIED", "b")


def _bar_step(draft: Draft) -> None:
    """A command does not let a step begin."""
    said = [command("clean", "pre_step", 1, 5, step="b"), skipped("b", "GATE_FAILED")]
    in_lane(draft, "b", 0, said, instead=True)
    _fail(draft, "GATE_FAILED", "b")


def _bar_run(draft: Draft) -> None:
    """All went well, but for a gate of the run that gave no value."""
    details: Doc = {"form": "json", "inline": "{}"}
    failure: Doc = {"code": "INVALID_EXPRESSION", "details": details, "message": "no such step"}
    found = gate("whole", "post_run", passed=False, failure=failure)
    del found["payload"]["value"]
    in_root(draft, "WorkEnded", [gate("done", "post_run"), found])
    lock: Doc = {"code": "GATE_FAILED", "lock_level": "Draft", "outcome": "failed"}
    draft.event("Locked")["payload"] = lock


# ------------------------------------------------------------------------------ children


def _be_child(run_id: str, index: int, step: str) -> Edit:
    """Returns the edit that makes a run a child, with a budget that is just enough."""

    def edit(draft: Draft) -> None:
        started, move = draft.payload("RunStarted"), draft.payload("BudgetReserved")
        started["parent"] = {"run_id": started["run_id"], "spawn_index": index, "step": step}
        started["run_id"] = draft.manifest["run_id"] = run_id
        if move["granted"]:
            started["ceiling_micro_cents"] = move["bound"]

    return edit


def _spawn(draft: Draft, step: str, child: str, index: int, *, critical: bool) -> None:
    """Lets a step that paid for a model call pay for a child instead, whose bundle is a golden."""
    receipt: Doc = json.loads((KEPT / child / "bundle/receipt.json").read_bytes())
    lane = [e for e in draft.events if len(e["at"]) > 1 and e["payload"].get("step") == step]
    reserved, asked_, settled, _ = lane
    answer = draft.lane(asked_)[2]
    ceiling, spent = receipt["money"]["ceiling_micro_cents"], receipt["money"]["spent_micro_cents"]
    reserved["payload"]["bound"] = ceiling
    settled["payload"] |= {"actual": spent, "basis": "usage"}
    said = {"child_run_id": receipt["run_id"], "spawn_index": index}
    asked_["kind"], asked_["payload"] = (
        "ChildSpawned",
        {
            **said,
            "ceiling_micro_cents": ceiling,
            "critical": critical,
            "nonce": receipt["nonce"],
            "step": step,
        },
    )
    ended = {name: receipt[name] for name in ("outcome", "proof_digest")}
    answer["kind"], answer["payload"] = "ChildJoined", {**said, **ended, "spent_micro_cents": spent}


def balance(draft: Draft) -> None:
    """Lets the sums of the ledger follow from its moves, all of which are granted."""
    kinds = {"BudgetReserved", "BudgetSettled"}
    moves = [event["payload"] for event in draft.events if event["kind"] in kinds]
    bounds = {move["n"]: move["bound"] for move in moves if "bound" in move}
    reserved = spent = 0
    for move in sorted(moves, key=lambda each: int(each["n"])):
        reserved += move["bound"] if "bound" in move else -bounds[move["grant"]]
        spent += move.get("actual", 0)
        move |= {"reserved": reserved, "spent": spent}


def _have_children(draft: Draft) -> None:
    """Two children at once: the critical one succeeds, the other fails, so the run is partial."""
    _spawn(draft, "a", "child", 0, critical=True)
    _spawn(draft, "b", "child_failed", 1, critical=False)
    balance(draft)
    draft.event("Locked")["payload"] = {"lock_level": "Draft", "outcome": "partial"}


def _have_critical_child(draft: Draft) -> None:
    """The child that was spawned first stands in the second step; it is critical and fails."""
    _spawn(draft, "a", "child", 1, critical=False)
    _spawn(draft, "b", "child_failed", 0, critical=True)
    balance(draft)
    lock: Doc = {"code": "CHILD_FAILED", "lock_level": "Draft", "outcome": "failed"}
    draft.event("Locked")["payload"] = lock


# ------------------------------------------------------------------------------- effects


def _bound(draft: Draft) -> None:
    """Declares what the one effect is, and some that never happened."""
    url = "net:http://93.184.216.34/items"
    found = [
        {"op": "Network", "selector": url},
        {"op": "ReadFS", "selector": "fs:in/"},
        {"op": "WriteFS", "selector": "fs:out/report.txt"},
    ]
    made = {"algorithm": "TrieMerge-v0.1", "input_count": 5, "output_count": len(found)}
    draft.payload("PlanChosen").update(compression=made, effects=found)
    draft.payload("EffectAsked")["effect"] = {"op": "Network", "selector": url}


# ------------------------------------------------------------------------------- passes


def _go_back(draft: Draft, to: str, begin: str, **cause: str) -> None:
    """Lets the work end with going back, and all from the first event of the kind ``begin`` on come again."""
    first, end = draft.events.index(draft.event(begin)), draft.event("WorkEnded")
    last = draft.events.index(end)
    work = copy.deepcopy(draft.events[first : last + 1])
    offset = end["at"][0] + 1 - draft.events[first]["at"][0]
    for other in [*work, *draft.events[last + 1 :]]:
        other["at"][0] += offset
    draft.events[last + 1 : last + 1] = work
    end["payload"]["backtrack"] = {"to": to, **cause}
    draft.payload("RunStarted")["max_backtracks"] = 1


def _go_back_after_a_failure(draft: Draft) -> None:
    """A step fails, all is looked at and done anew, and it fails again."""
    ended = draft.payload("WorkEnded")
    code, step = ended["failure"]["code"], ended["step"]
    _go_back(draft, "Orient", "LensAssembled", code=code, of=step)


def _go_back_after_a_gate(draft: Draft) -> None:
    """A gate of the run does not pass the first time; it is planned anew, and then it does."""
    in_root(draft, "WorkEnded", [gate("sound", "post_run", passed=False)])
    _go_back(draft, "Decide", "PlanChosen", code="GATE_FAILED", of="sound")
    draft.event("GateEvaluated")["payload"] |= {"passed": True, "value": _TRUE}


#: By the name of a golden: the story that is edited, and the edit.
EDITS: Mapping[str, tuple[str, Edit]] = {
    "approved": ("success", _approve),
    "denied": ("partial_twice", _deny),
    "gate_barred": ("partial", _bar_step),
    "gate_failed": ("success", _bar_run),
    "child": ("paid_once", _be_child("child-0", 0, "a")),
    "child_failed": ("halted", _be_child("child-1", 1, "b")),
    "bounded": ("success", _bound),
    "back_after_failure": ("partial", _go_back_after_a_failure),
    "back_after_gate": ("success", _go_back_after_a_gate),
    "parent": ("paid", _have_children),
    "parent_failed": ("paid", _have_critical_child),
}
