"""Make small bundles of format 0.2 in memory, from `docs/spec/bundle-0.2.md` and nothing else.

A `Draft` holds what a producer decides: the log, the captured files and the receipt's own fields,
which stand here as literals and are not computed from the log. `Draft.files` adds what follows:
numbers, chain, manifest, roots and digest. So a test can change one thing and seal the rest anew.

    minimal().files()   ->  {"manifest.json": b"...", "receipt.json": b"...", ...}
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = Any
Edit = Callable[[Json], Json]

PHASES = {
    "RunStarted": "Observe",
    "IntentSet": "Observe",
    "LensAssembled": "Orient",
    "PlanChosen": "Decide",
    "VerificationRun": "Verify",
    "Locked": "Lock",
}


def canonical(value: Json) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def h(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def tagged(tag: str, data: bytes) -> str:
    return h(tag.encode("ascii") + b"\x00" + data)


def tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it is defined there: split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    both = tree_hash(leaves[:split]) + tree_hash(leaves[split:])
    return hashlib.sha256(b"\x01" + both).digest()


def unchanged(value: Json) -> Json:
    return value


@dataclass
class Draft:
    """A bundle before it is sealed.

    An entry of the log is a dict of `at`, `kind`, `payload` and, for an answer, `at_ms`; a further
    field takes the place of the one that sealing would compute.
    """

    log: list[Json]
    captures: dict[str, bytes]
    receipt: dict[str, Json]
    edit_manifest: Edit = unchanged
    edit_receipt: Edit = unchanged

    def __post_init__(self) -> None:
        """Take copies, so that a change in one place is a change in that place only."""
        self.log = json.loads(canonical(self.log))
        self.receipt = json.loads(canonical(self.receipt))

    def lines(self) -> list[bytes]:
        """Give the lines without newlines, chained."""
        lines: list[bytes] = []
        ts, prev = 0, "0" * 64
        for seq, entry in enumerate(self.log):
            ts = max(ts, entry.get("at_ms") or 0)
            phase = PHASES.get(entry["kind"], "Act")
            computed = {"phase": phase, "prev": prev, "seq": seq, "ts": ts}
            lines.append(canonical({**computed, **entry}))
            prev = h(b"\x00" + lines[-1])
        return lines

    def payloads(self, *kinds: str) -> list[Json]:
        return [entry["payload"] for entry in self.log if entry["kind"] in kinds]

    def payload(self, kind: str, number: int = 0) -> Json:
        """Give one payload of a kind, to be changed in place."""
        return self.payloads(kind)[number]

    def entry(self, kind: str, number: int = 0) -> Json:
        """Give one entry of a kind, to be changed in place."""
        return [each for each in self.log if each["kind"] == kind][number]

    def files(self) -> dict[str, bytes]:
        """Give the whole bundle."""
        files = {**self.captures, "events.jsonl": b"".join(e + b"\n" for e in self.lines())}
        listed = [
            {"path": path, "sha256": h(raw), "size": len(raw)}
            for path, raw in sorted(files.items())
        ]
        run_id = self.receipt["run_id"]
        manifest = {"bundle_version": "0.2", "files": listed, "run_id": run_id}
        files["manifest.json"] = canonical(self.edit_manifest(manifest))
        receipt = {
            **self.receipt,
            "manifest_sha256": h(files["manifest.json"]),
            "roots": self.roots(listed),
        }
        files["receipt.json"] = canonical(with_digest(self.edit_receipt(receipt)))
        return files

    def roots(self, listed: list[Json]) -> Json:
        moves = self.payloads("BudgetReserved", "BudgetSettled")
        turns = [n for n, entry in enumerate(self.log) if "backtrack" in entry["payload"]]
        last = self.log[turns[-1] + 1 :] if turns else self.log
        runs = [entry["payload"] for entry in last if entry["kind"] == "VerificationRun"]
        kin = self.payloads("ChildSpawned", "ChildJoined")
        leaves: dict[str, list[Json]] = {
            "artifacts": [e for e in listed if e["path"].startswith("artifacts/")],
            "budget": sorted(moves, key=lambda move: move["n"] or 0),
            "effects": self.payloads("EffectAsked", "SkillAsked", "EffectAnswered"),
            "evidence": [e for e in listed if e["path"].startswith("evidence/")],
            "gates": self.payloads("GateEvaluated", "ApprovalAnswered"),
            "lens": self.payloads(
                "ItemObserved", "LensAssembled", "ConflictFound", "ConflictResolved"
            ),
            "verification": [result for run in runs for result in run["results"] or []],
            "workgraph": sorted(kin, key=lambda child: child["spawn_index"] or 0),
        }
        hashed = {name: [canonical(leaf) for leaf in each] for name, each in leaves.items()}
        hashed["events"] = self.lines()
        return {
            name: {"root": tree_hash(each).hex(), "size": len(each)}
            for name, each in hashed.items()
        }


def with_digest(receipt: Json) -> Json:
    """Give the receipt with the digest of the rest; anything but an object stays as it is."""
    if not isinstance(receipt, dict):
        return receipt
    rest = {name: item for name, item in receipt.items() if name != "proof_digest"}
    return {**rest, "proof_digest": tagged("workc proof/0.2", canonical(rest))}


def text(content: str) -> Json:
    return {"form": "text", "inline": content}


def inline(value: Json) -> Json:
    return {"form": "json", "inline": canonical(value).decode()}


def stored(path: str, raw: bytes, form: str = "json") -> Json:
    return {"form": form, "path": path, "sha256": h(raw), "size": len(raw)}


def failure(code: str, message: str) -> Json:
    return {"code": code, "details": inline({}), "message": message}


def event(at: list[int], kind: str, payload: Json, at_ms: int | None = None) -> Json:
    entry = {"at": at, "kind": kind, "payload": payload}
    return entry if at_ms is None else {**entry, "at_ms": at_ms}


CALL = "a" * 64  # What a pure step was called with.


def plan(**skills: str) -> Json:
    """Give the plan of steps that need nothing."""
    return inline([{"id": step, "needs": [], "skill": skill} for step, skill in skills.items()])


PROGRAM = b'{"steps":["tidy","ask"]}'
RUN = {
    "catalog_sha256": "c" * 64,
    "code": {"json.transform": "d" * 64, "own.skill": "d" * 64},
    "engine": "1",
    "inputs": inline({"name": "Zoë"}),
    "name": "greet",
    "nonce": "0123456789abcdef0123456789abcdef",
    "prices": inline({}),
    "program": stored("evidence/program.json", PROGRAM),
    "program_kind": "file",
    "run_id": "run-1",
    "seed": "18446744073709551615",
}


RULES_SHA256 = h(b"[]")
POLICY = f"custom-{RULES_SHA256[:12]}"


def opening(planned: Json, steps: int, **changed: Json) -> list[Json]:
    """Give the first four events."""
    policy = {"id": POLICY, "rules": inline([]), "rules_sha256": RULES_SHA256}
    started = {"bundle": "0.2", "ceiling_micro_cents": 1000, "policy": policy}
    return [
        event([0], "RunStarted", {**RUN, **started, **changed}, 1000),
        event([1], "IntentSet", {"description": "say hello", "source": "human"}),
        event([2], "LensAssembled", {"items": 1}),
        event([3], "PlanChosen", {"plan": planned, "steps": steps}),
    ]


def asked(at: list[int], step: str, request: Json, port: str = "http", raw: bytes = b"") -> Json:
    """Give an ask; `raw` are the bytes of a request that stands in a file."""
    content = request["inline"].encode("utf-8") if "inline" in request else raw
    digest = tagged("workc request/0.2", content)
    payload = {"attempt": 1, "digest": digest, "port": port, "request": request, "step": step}
    return event(at, "EffectAsked", payload)


def reserved(at: list[int], at_ms: int, step: str, **move: Json) -> Json:
    return event(at, "BudgetReserved", {"step": step, **move}, at_ms)


def settled(at: list[int], at_ms: int, step: str, **move: Json) -> Json:
    return event(at, "BudgetSettled", {"step": step, **move}, at_ms)


def executed(at: list[int], step: str, at_ms: int | None = None, **rest: Json) -> Json:
    payload = {"attempt": 1, "mode": "pure", "skill": "json.transform", "step": step, **rest}
    return event(at, "SkillExecuted", payload, at_ms)


def receipt(**fields: Json) -> dict[str, Json]:
    return {
        **RUN,
        "bundle_version": "0.2",
        "intent": {"description": "say hello", "source": "human"},
        "policy": {"id": POLICY, "rules_sha256": RULES_SHA256},
        "started_ms": 1000,
        **fields,
    }


def minimal() -> Draft:
    """Give a run with one pure step, one effect that costs money, one check, and success."""
    answer = b"hello \xff"
    output = stored("artifacts/answer.bin", answer, "bytes")
    request = inline({"url": "http://example.test/"})
    response = {
        "body": {"form": "bytes", "inline": "aGVsbG8="},
        "boundaries": [5],
        "headers": [["content-type", "text/plain"]],
        "redactions": [{"commitment": "a" * 64, "count": 1, "salt": "0" * 32, "secret": "token"}],
        "status": 200,
        "url": "http://example.test/",
    }
    reply = {
        "request": tagged("workc request/0.2", request["inline"].encode()),
        "response": response,
    }
    check = {
        "check_id": "is-polite",
        "level": "Semantic",
        "passed": True,
        "that": "output is polite",
        "value": inline(True),
    }
    bound = {"bound": 500, "granted": True, "n": 0, "reserved": 500, "spent": 0}
    paid = {"actual": 300, "basis": "usage", "grant": 0, "n": 1, "reserved": 0, "spent": 300}
    lock = {"lock_level": "Committed", "outcome": "success"}
    log = [
        *opening(plan(tidy="json.transform", ask="json.transform"), 2),
        executed(
            [4, 0, 0], "tidy", 1000, request=CALL, params=inline({"x": 1}), value=inline({"x": 1})
        ),
        reserved([4, 1, 0], 1010, "ask", **bound),
        asked([4, 1, 1], "ask", request),
        event([4, 1, 2], "EffectAnswered", reply, 1020),
        settled([4, 1, 3], 1021, "ask", **paid),
        executed([4, 1, 4], "ask", mode="context", value=text("hello")),
        event([5], "WorkEnded", {"output": output}),
        event([6], "VerificationRun", {"results": [check], "verdict": "passed"}),
        event([7], "Locked", lock),
    ]
    counts = {
        "attempts": 2,
        "effects": 1,
        "events": 13,
        "retries": 0,
        "steps": 2,
        "steps_failed": 0,
        "steps_skipped": 0,
        "steps_succeeded": 2,
    }
    result = {"check_id": "is-polite", "level": "Semantic", "passed": True}
    says = receipt(
        counts=counts,
        ended_ms=1021,
        money={
            "ceiling_micro_cents": 1000,
            "refused": 0,
            "reserved_micro_cents": 0,
            "spent_micro_cents": 300,
        },
        output=output,
        phase_sequence=["Observe", "Orient", "Decide", "Act", "Verify", "Lock"],
        step_failures=[],
        verification={"results": [result], "verdict": "passed"},
        **lock,
    )
    captures = {"artifacts/answer.bin": answer, "evidence/program.json": PROGRAM}
    return Draft(log, captures, says)


def eventful() -> Draft:
    """Give a run with every kind of event: retries, timers, halts, a skip, a refusal, an overrun."""
    asking = b'{"url":"http://example.test/big"}'
    ended = {
        "failure": failure("STEP_FAILED", "a step failed"),
        "halt": "BUDGET_EXCEEDED",
        "output": text("half"),
    }
    skip = {"id": "fourth", "needs": ["second"], "skill": "json.transform"}
    skills = {"first": "own.skill", "second": "json.transform", "third": "json.transform"}
    planned = [*json.loads(plan(**skills)["inline"]), skip]
    opaque = {"mode": "opaque", "skill": "own.skill"}
    ask = {"params": inline({}), "skill": "own.skill", "step": "first"}
    busy = failure("BUSY", "later")
    log = [
        *opening(inline(planned), 4),
        event([4, 0, 0], "SkillAsked", {**ask, "attempt": 1, "request": "r1"}),
        executed(
            [4, 0, 1], "first", 1005, **opaque, request="r1", failure={**busy, "retry_after_ms": 5}
        ),
        event(
            [4, 0, 2],
            "RetryScheduled",
            {"after_ms": 5, "attempt": 1, "code": "BUSY", "step": "first"},
        ),
        event([4, 0, 3], "TimerFired", {}, 1010),
        event([4, 0, 4], "SkillAsked", {**ask, "attempt": 2, "request": "r2"}),
        executed([4, 0, 5], "first", 1011, **opaque, request="r2", attempt=2, value=text("ok")),
        event([4, 1, 0], "TimerSet", {"after_ms": 1}),
        event([4, 1, 1], "TimerFired", {}, 1002),
        reserved([4, 1, 2], 1003, "second", bound=600, granted=True, n=0, reserved=600, spent=0),
        asked([4, 1, 3], "second", inline({"url": "http://example.test/slow"}), "model"),
        event([4, 1, 4], "CallHalted", {"code": "TIMEOUT"}, 1030),
        settled(
            [4, 1, 5],
            1031,
            "second",
            actual=1100,
            basis="usage",
            grant=0,
            n=3,
            reserved=400,
            spent=1100,
        ),
        executed([4, 1, 6], "second", mode="context", failure=failure("TIMEOUT", "too slow")),
        reserved([4, 2, 0], 1004, "third", bound=401, granted=False, n=1, reserved=600, spent=0),
        reserved([4, 2, 1], 1004, "third", bound=400, granted=True, n=2, reserved=1000, spent=0),
        settled(
            [4, 2, 2],
            1040,
            "third",
            actual=0,
            basis="released",
            grant=2,
            n=4,
            reserved=0,
            spent=1100,
        ),
        asked([4, 2, 3], "third", stored("evidence/request.json", asking), raw=asking),
        event(
            [4, 2, 4],
            "EffectAnswered",
            {"failure": failure("REFUSED", "no"), "request": tagged("workc request/0.2", asking)},
            1041,
        ),
        executed([4, 2, 5], "third", mode="context", value=text("none")),
        event([5], "TimerSet", {"after_ms": 10}),
        event([6], "CallHalted", {"code": "CANCELLED"}, 1050),
        event(
            [7, 0, 0],
            "StepSkipped",
            {"because": ["second"], "code": "DEPENDENCY_FAILED", "step": "fourth"},
        ),
        event([8], "WorkEnded", {**ended, "step": "second"}),
        event([9], "VerificationRun", {"results": [], "verdict": "nothing_to_check"}),
        event([10], "Locked", {"code": "STEP_FAILED", "lock_level": "Draft", "outcome": "failed"}),
    ]
    says = receipt(
        counts={
            "attempts": 4,
            "effects": 4,
            "events": 29,
            "retries": 1,
            "steps": 4,
            "steps_failed": 1,
            "steps_skipped": 1,
            "steps_succeeded": 2,
        },
        ended_ms=1050,
        failure={"code": "STEP_FAILED", "message": "a step failed", "step": "second"},
        halt="BUDGET_EXCEEDED",
        lock_level="Draft",
        money={
            "ceiling_micro_cents": 1000,
            "refused": 1,
            "reserved_micro_cents": 0,
            "spent_micro_cents": 1100,
        },
        outcome="failed",
        output=text("half"),
        phase_sequence=["Observe", "Orient", "Decide", "Act", "Verify", "Lock"],
        step_failures=[
            {"attempts": 1, "code": "TIMEOUT", "step": "second"},
            {"attempts": 0, "code": "DEPENDENCY_FAILED", "step": "fourth"},
        ],
        verification={"results": [], "verdict": "nothing_to_check"},
    )
    captures = {"evidence/program.json": PROGRAM, "evidence/request.json": asking}
    return Draft(log, captures, says)


def halted() -> Draft:
    """Give a run of a function that was stopped before its first step."""
    stopped = {"failure": failure("CANCELLED", "stopped"), "halt": "cancelled"}
    log = [
        *opening(inline([]), 0, program_kind="function"),
        event([4], "WorkEnded", stopped),
        event([5], "Locked", {"code": "CANCELLED", "lock_level": "Draft", "outcome": "failed"}),
    ]
    names = ("attempts", "effects", "retries", "steps", "steps_failed", "steps_skipped")
    says = receipt(
        counts={**dict.fromkeys((*names, "steps_succeeded"), 0), "events": 6},
        ended_ms=1000,
        failure={"code": "CANCELLED", "message": "stopped"},
        halt="cancelled",
        lock_level="Draft",
        money={
            "ceiling_micro_cents": 1000,
            "refused": 0,
            "reserved_micro_cents": 0,
            "spent_micro_cents": 0,
        },
        outcome="failed",
        phase_sequence=["Observe", "Orient", "Decide", "Act", "Lock"],
        program_kind="function",
        step_failures=[],
        verification={"results": [], "verdict": "not_run"},
    )
    return Draft(log, {"evidence/program.json": PROGRAM}, says)


def gate(at: list[int], name: str, when: str, at_ms: int | None = None, **rest: Json) -> Json:
    payload = {"gate": name, "kind": "check", "passed": True, "that": "it is so", "when": when}
    return event(at, "GateEvaluated", {**payload, "value": inline(True), **rest}, at_ms)


def approval(at: list[int], at_ms: int, step: str, **answer: Json) -> list[Json]:
    """Give question and answer at a place and the next one."""
    asks = {"gate": "release", "question": text("now?"), "step": step}
    said = {"by": "Zoë", "decision": "approved", "gate": "release", "note": "", "step": step}
    return [
        event(at, "ApprovalAsked", asks),
        event([*at[:-1], at[-1] + 1], "ApprovalAnswered", {**said, **answer}, at_ms),
    ]


def child(at: list[int], at_ms: int, step: str, ceiling: int, **end: Json) -> list[Json]:
    """Give a child and how it ended at a place and the next one; `run` and `number` say which."""
    said = {"child_run_id": end.pop("run"), "spawn_index": end.pop("number")}
    gives = {"ceiling_micro_cents": ceiling, "critical": end.pop("critical"), "nonce": "b" * 32}
    return [
        event(at, "ChildSpawned", {**said, **gives, "step": step}),
        event(
            [*at[:-1], at[-1] + 1],
            "ChildJoined",
            {**said, "proof_digest": "e" * 64, **end},
            at_ms,
        ),
    ]


def widened() -> Draft:
    """Give a run with gates of every sort, approvals, two children and declared effects."""
    make = {"op": "Exec", "selector": "exec:make"}
    effects = [
        make,
        {"op": "Network", "selector": "net:http://example.test/"},
        {"op": "Publish", "selector": "pub:Zoë's list"},
        {"op": "WriteFS", "selector": "fs:out/"},
    ]
    compression = {"algorithm": "TrieMerge-v0.1", "input_count": 9, "output_count": 4}
    parent = {"run_id": "run-0", "spawn_index": 3, "step": "outer"}
    skills = ("tidy", "split", "join", "held")
    planned = plan(**dict.fromkeys(skills, "json.transform"))
    request = inline({"url": "http://example.test/x"})
    ask = asked([5, 2, 4], "join", request)
    ask["payload"]["effect"] = {"op": "Network", "selector": "net:http://example.test/x"}
    reply = {"failure": failure("BUSY", "no"), "request": ask["payload"]["digest"]}
    big = {"run": "run-3", "number": 1, "critical": False, "outcome": "partial"}
    small = {"run": "run-2", "number": 0, "critical": True, "outcome": "success"}
    log = [
        *opening(planned, 4, continues="c" * 64, parent=parent),
        gate([4], "ready", "pre_run"),
        *approval([5, 0, 0], 1005, "tidy"),
        gate(
            [5, 0, 2], "clean", "pre_step", 1006,
            step="tidy", kind="command", value=inline(0), effect=make,
        ),
        executed([5, 0, 3], "tidy", 1007, request=CALL, params=inline({}), value=inline(1)),
        gate([5, 0, 4], "sound", "post_step", step="tidy", passed=False, value=inline("true")),
        gate([5, 0, 5], "sound", "post_step", step="tidy", kind="policy"),
        reserved([5, 1, 0], 1002, "split", bound=400, granted=True, n=0, reserved=400, spent=0),
        *child([5, 1, 1], 1020, "split", 400, spent_micro_cents=300, **big),
        settled([5, 1, 3], 1021, "split", actual=300, basis="usage", grant=0, n=3, reserved=0, spent=400),
        executed([5, 1, 4], "split", mode="context", value=text("most of it")),
        reserved([5, 2, 0], 1003, "join", bound=100, granted=True, n=1, reserved=500, spent=0),
        *child([5, 2, 1], 1010, "join", 100, spent_micro_cents=100, **small),
        settled([5, 2, 3], 1011, "join", actual=100, basis="usage", grant=1, n=2, reserved=400, spent=100),
        ask,
        event([5, 2, 5], "EffectAnswered", reply, 1012),
        executed([5, 2, 6], "join", mode="context", value=text("all of it")),
        *approval([5, 3, 0], 1030, "held", decision="denied", note="too late"),
        event([5, 3, 2], "StepSkipped", {"because": [], "code": "APPROVAL_DENIED", "step": "held"}),
        gate([6], "whole", "post_run", kind="function"),
        event([7], "WorkEnded", {"output": text("done")}),
        event([8], "VerificationRun", {"results": [], "verdict": "nothing_to_check"}),
        event([9], "Locked", {"lock_level": "Draft", "outcome": "partial"}),
    ]  # fmt: skip
    log[0]["payload"]["ceiling_micro_cents"] = 500
    log[1]["payload"]["source"] = "parent_loop"
    log[3]["payload"].update(compression=compression, effects=effects)
    log[5]["payload"]["timeout_ms"] = 60_000
    of_tidy = {"gate": "sound", "step": "tidy", "when": "post_step"}
    human = {"gate": "release", "kind": "human", "when": "pre_step"}
    both = {"nonce": "b" * 32, "proof_digest": "e" * 64}
    says = receipt(
        children=[
            {**both, "ceiling_micro_cents": 100, "child_run_id": "run-2", "critical": True,
             "outcome": "success", "spawn_index": 0, "spent_micro_cents": 100, "step": "join"},
            {**both, "ceiling_micro_cents": 400, "child_run_id": "run-3", "critical": False,
             "outcome": "partial", "spawn_index": 1, "spent_micro_cents": 300, "step": "split"},
        ],
        continues="c" * 64,
        counts={
            "attempts": 3, "effects": 1, "events": 30, "retries": 0, "steps": 4, "steps_failed": 0,
            "steps_skipped": 1, "steps_succeeded": 3,
        },
        effects=effects,
        ended_ms=1030,
        gates=[
            {"gate": "ready", "kind": "check", "passed": True, "when": "pre_run"},
            {**human, "passed": True, "step": "tidy"},
            {"gate": "clean", "kind": "command", "passed": True, "step": "tidy", "when": "pre_step"},
            {**of_tidy, "kind": "check", "passed": False},
            {**of_tidy, "kind": "policy", "passed": True},
            {**human, "passed": False, "step": "held"},
            {"gate": "whole", "kind": "function", "passed": True, "when": "post_run"},
        ],
        intent={"description": "say hello", "source": "parent_loop"},
        lock_level="Draft",
        money={
            "ceiling_micro_cents": 500, "refused": 0, "reserved_micro_cents": 0,
            "spent_micro_cents": 400,
        },
        outcome="partial",
        output=text("done"),
        parent=parent,
        phase_sequence=["Observe", "Orient", "Decide", "Act", "Verify", "Lock"],
        step_failures=[{"attempts": 0, "code": "APPROVAL_DENIED", "step": "held"}],
        verification={"results": [], "verdict": "nothing_to_check"},
    )  # fmt: skip
    return Draft(log, {"evidence/program.json": PROGRAM}, says)
