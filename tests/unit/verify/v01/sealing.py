"""Bundles of format 0.1, made and made anew after an edit, with code that shares nothing with workc.

``Draft`` holds the parsed parts of a bundle. ``seal`` computes what follows from them: numbers,
chain and hashes of the events, the eight roots, receipt hash, proof digest, manifest. What is in
``keep`` is not computed, ``roots`` is put over the computed ones, and the hooks change bytes before
they are hashed by whatever comes after.
"""

import copy
import hashlib
import json

LOOP = "loop-0001"
CHILD = "loop-0002"
START = "2026-01-02T03:04:05Z"
POLICY_HASH = hashlib.sha256(b"policy-default").hexdigest()
TREES = (
    "EVENTLOG",
    "ARTIFACTS",
    "EVIDENCE",
    "LENS",
    "EFFECTS",
    "GATES",
    "VERIFICATION",
    "WORKGRAPH",
)
ROOTS = (
    "event_log_root",
    "artifacts_root",
    "evidence_root",
    "lens_root",
    "effects_root",
    "gates_root",
    "verification_root",
    "workgraph_root",
)


def canonical(value):
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def tree(name, leaves):
    def tagged(part, data=b""):
        return hashlib.sha256(f"MOTUS|MRKL|{name}|{part}|0.1|".encode() + data).digest()

    if not leaves:
        return tagged("EMPTY").hex()
    level = [tagged("LEAF", leaf) for leaf in leaves]
    while len(level) > 1:
        if len(level) % 2:
            level.append(level[-1])
        level = [tagged("NODE", level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return level[0].hex()


def picked(box, *names, **more):
    return canonical({**{name: box[name] for name in names}, **more})


def by(*names):
    return lambda box: [box[name] for name in names]


def leaves_of(receipt, events, entries):
    lens_fields = ("kind", "provenance", "sha256", "ts_utc", "uri")
    child_fields = ("child_loop_id", "child_proof_digest", "critical", "spawn_index")
    return {
        "EVENTLOG": [picked(event, "event_hash", "seq") for event in events],
        "ARTIFACTS": [
            picked(artifact, "path", "sha256", io=io)
            for io, where in (("in", "inputs"), ("out", "outputs"))
            for artifact in sorted(receipt["artifacts"][where], key=by("path", "sha256"))
        ],
        "EVIDENCE": [
            picked(entry, "path", "sha256")
            for entry in sorted(entries, key=by("path"))
            if entry["path"].startswith("evidence/")
        ],
        "LENS": [
            picked(item, *lens_fields)
            for item in sorted(receipt["lens"]["items"], key=by("kind", "uri", "sha256"))
        ],
        "EFFECTS": [
            picked(effect, "op", "selector")
            for effect in sorted(receipt["effects"]["declared"], key=by("op", "selector"))
        ],
        "GATES": [
            picked(gate, "gate_id", "passed", "phase", evidence=gate.get("evidence"))
            for gate in sorted(receipt["gates"], key=by("phase", "gate_id"))
        ],
        "VERIFICATION": [
            picked(result, "check_id", "level", "passed", evidence=result.get("evidence"))
            for result in sorted(receipt["verification"]["results"], key=by("level", "check_id"))
        ],
        "WORKGRAPH": [
            picked(child, *child_fields, parent_loop_id=receipt["loop_id"])
            for child in sorted(receipt["children"], key=by("spawn_index"))
        ],
    }


class Draft:
    def __init__(self, receipt, events, files):
        self.receipt = copy.deepcopy(receipt)
        self.events = copy.deepcopy(events)
        self.files = dict(files)
        self.manifest = {
            "bundle_version": "BUNDLE-0.1",
            "created_utc": receipt["timestamp_utc"],
            "loop_id": receipt["loop_id"],
        }
        self.keep, self.roots, self.unlisted = set(), {}, {}
        self.lines = self.receipt_bytes = self.listed = self.manifest_bytes = lambda same: same

    def event(self, kind, number=0):
        return [event for event in self.events if event["kind"] == kind][number]

    def payload(self, kind, number=0):
        return self.event(kind, number)["payload"]

    def drop(self, kind, number=0):
        self.events.remove(self.event(kind, number))

    def insert(self, place, kind, phase, payload):
        """Puts in an event of the time and the loop of the one whose place it takes."""
        at = self.events[place]
        event = {
            "event_id": f"{at['event_id']}-{kind}",
            "loop_id": at["loop_id"],
            "ts_utc": at["ts_utc"],
            "phase": phase,
            "kind": kind,
            "payload": payload,
        }
        self.events.insert(place, event)

    def place(self, kind, number=0):
        return self.events.index(self.event(kind, number))

    def seal(self):
        self._chain()
        lines = self.lines([canonical(event) + b"\n" for event in self.events])
        files = {**self.files, "events.jsonl": b"".join(lines)}
        self._seal_receipt(files)
        files["receipt.json"] = self.receipt_bytes(canonical(self.receipt))
        self.manifest["files"] = self.listed(self._entries(files))
        files["manifest.json"] = self.manifest_bytes(canonical(self.manifest))
        return {**files, **self.unlisted}

    def _entries(self, files):
        return [
            {"path": path, "sha256": sha256(data), "size_bytes": len(data)}
            for path, data in sorted(files.items())
        ]

    def _chain(self):
        link = "0" * 64
        for seq, event in enumerate(self.events):
            if "seq" not in self.keep:
                event["seq"] = seq
            if "prev_event_hash" not in self.keep:
                event["prev_event_hash"] = link
            if "event_hash" not in self.keep:
                rest = {key: event[key] for key in event if key != "event_hash"}
                event["event_hash"] = sha256(b"MOTUS|EVT|0.1|" + canonical(rest))
            link = event["event_hash"]

    def _seal_receipt(self, files):
        rest = {key: self.receipt[key] for key in self.receipt if key != "integrity"}
        integrity = self.receipt["integrity"]
        if "receipt_hash" not in self.keep:
            integrity["receipt_hash"] = sha256(b"MOTUS|RECEIPT|0.1|" + canonical(rest))
        if "roots" not in self.keep:
            leaves = leaves_of(self.receipt, self.events, self.listed(self._entries(files)))
            integrity["roots"] = {
                root: tree(name, leaves[name]) for root, name in zip(ROOTS, TREES, strict=True)
            } | self.roots
        if "proof_digest" not in self.keep:
            parts = [integrity["receipt_hash"], *(integrity["roots"][root] for root in ROOTS)]
            proof = b"MOTUS|PROOF|0.1|" + b"".join(bytes.fromhex(part) for part in parts)
            integrity["proof_digest"] = sha256(proof)


def event(number, phase, kind, payload):
    return {
        "event_id": f"evt-{number:04}",
        "loop_id": LOOP,
        "ts_utc": f"2026-01-02T03:04:{4 + number:02}Z",
        "phase": phase,
        "kind": kind,
        "payload": payload,
    }


def numbered(*events):
    return [
        event(number, phase, kind, payload)
        for number, (phase, kind, payload) in enumerate(events, start=1)
    ]


EVIDENCE = {
    "evidence/cargo_test@1.txt": b"1 failed\n",
    "evidence/cargo_test@2.txt": b"all passed\n",
    "evidence/plan.json": b"{}",
}
INTENT = {"description": "mend the thing", "source": "human"}
ACTOR = {
    "type": "agent",
    "name": "worker",
    "model": "m-1",
    "model_digest": sha256(b"model"),
    "email": "w@example.org",
}
PERSON = {"type": "human", "name": "Ada", "email": "ada@example.org"}
QUALITY = {
    "coverage": 900,
    "freshness": 800,
    "conflict": 1000,
    "provenance": 700,
    "aggregate": 700,
}
DECLARED = [
    {"op": "Network", "selector": "net:https://api.example.org/v1"},
    {"op": "ReadFS", "selector": "fs:src/"},
    {"op": "WriteFS", "selector": "fs:out/report.txt"},
]
EXECUTED = [
    {"op": "ReadFS", "selector": "fs:src/a.rs"},
    {"op": "ReadFS", "selector": "fs:src/deep/b.rs"},
    {"op": "WriteFS", "selector": "fs:./out/report.txt"},
    {"op": "Network", "selector": "net:https://API.example.org/v1/items"},
]
RESULTS = [
    {
        "level": "Regression",
        "check_id": "cargo_test@1",
        "passed": False,
        "evidence": "evidence/cargo_test@1.txt",
    },
    {
        "level": "Regression",
        "check_id": "cargo_test@2",
        "passed": True,
        "evidence": "evidence/cargo_test@2.txt",
    },
    {"level": "Syntactic", "check_id": "fmt", "passed": True},
]
ERROR = {
    "phase": "Act",
    "class": "Recoverable",
    "code": "TOOL_FAILED",
    "message": "exit 1",
    "retryable": True,
    "evidence": "evidence/cargo_test@1.txt",
}
SUGGESTION = {
    "strategy_id": "retry-narrow",
    "match_permille": 640,
    "trigger": "test failed",
    "explanation": ["one test", "seen before"],
}
USED = {
    "strategy_id": "retry-narrow",
    "version": "1",
    "applied_at_phase": "Decide",
    "result": "applied",
}
PROMPT = {
    "required": True,
    "reason": "p*L above 1000*C",
    "p_override_permille": 409,
    "loss_ms": 900_000,
    "cost_ms": 45_000,
    "evi_ms": 323_100,
    "ts_utc": "2026-01-02T03:04:19Z",
}
DECISION = {
    "approved": True,
    "approver": PERSON,
    "note": "go on",
    "ts_utc": "2026-01-02T03:04:20Z",
}


def integrity():
    return {
        "cj_version": "CJ-0.1",
        "proof_version": "PROOF-0.1",
        "fsm_version": "FSM-0.1",
        "enf_version": "ENF-0.1",
        "policy_id": "POLICY-DEFAULT",
        "policy_hash": POLICY_HASH,
        "receipt_hash": "",
        "proof_digest": "",
        "roots": {},
    }


FULL_RECEIPT = {
    "receipt_version": "0.1.0",
    "loop_id": LOOP,
    "parent_loop_id": None,
    "timestamp_utc": START,
    "intent": INTENT,
    "outcome": {"status": "success", "description": "done"},
    "actor": ACTOR,
    "lock_level": "Published",
    "phase_sequence": [
        "Observe",
        "Orient",
        "Decide",
        "Act",
        "Act",
        "Verify",
        "Act",
        "Verify",
        "Lock",
        "Lock",
    ],
    "artifacts": {
        "inputs": [
            {"path": "src/b.rs", "sha256": sha256(b"b"), "size_bytes": 1, "kind": "File"},
            {"path": "src/a.rs", "sha256": sha256(b"a"), "size_bytes": 1, "kind": "File"},
        ],
        "outputs": [{"path": "out/report.txt", "sha256": sha256(b"r")}],
    },
    "lens": {
        "lens_id": "lens-1",
        "created_utc": START,
        "items": [
            {
                "kind": "file",
                "uri": "file:src/a.rs",
                "sha256": sha256(b"a"),
                "ts_utc": "2026-01-01T00:00:00.125Z",
                "provenance": "git",
                "weight": 1000,
            },
            {
                "kind": "file",
                "uri": "file:README",
                "sha256": sha256(b"\xc3\xa9"),
                "ts_utc": "2024-02-29T23:59:60Z",
                "provenance": "naïve \U0001f600\n",
            },
        ],
        "quality": QUALITY,
    },
    "effects": {
        "enf_version": "ENF-0.1",
        "k": 50,
        "executed_raw": EXECUTED,
        "declared": DECLARED,
        "compression": {"algorithm": "TrieMerge-v0.1", "input_count": 4, "output_count": 3},
    },
    "decisions": [
        {"point": "plan", "choice": "a", "rationale": "short", "alternatives_rejected": ["b"]}
    ],
    "strategies": {"suggestions": [SUGGESTION], "used": USED},
    "verification": {
        "spec": {"level": "Regression", "checks_required": ["cargo_test", "fmt"]},
        "results": RESULTS,
    },
    "gates": [
        {"phase": "Verify", "gate_id": "tests", "passed": True, "evidence": "evidence/plan.json"},
        {"phase": "Act", "gate_id": "scope", "passed": True},
    ],
    "children": [
        {
            "spawn_index": 1,
            "child_loop_id": "loop-0003",
            "critical": False,
            "child_proof_digest": sha256(b"child 3"),
            "outcome_status": "success",
        },
        {
            "spawn_index": 0,
            "child_loop_id": CHILD,
            "critical": True,
            "child_proof_digest": sha256(b"child 2"),
            "outcome_status": "success",
        },
    ],
    "errors": [ERROR],
    "hitl": [{"kind": "Prompt", **PROMPT}, {"kind": "Decision", **DECISION}],
    "integrity": integrity(),
}

FULL_EVENTS = numbered(
    ("Observe", "IntentSet", {"intent": INTENT, "actor": ACTOR}),
    ("Observe", "SignalsCaptured", {"evidence": "evidence/plan.json", "signals_count": 2}),
    ("Orient", "LensAssembled", {"lens_id": "lens-1", "items_count": 2, "quality": QUALITY}),
    ("Decide", "StrategySuggested", SUGGESTION),
    ("Decide", "StrategyApplied", USED),
    ("Decide", "PlanChosen", {"plan": {"steps": 2}, "effects_declared": DECLARED, "enf_k": 50}),
    ("Decide", "ChildSpawned", {"spawn_index": 0, "child_loop_id": CHILD, "critical": True}),
    (
        "Decide",
        "ChildSpawned",
        {"spawn_index": 1, "child_loop_id": "loop-0003", "critical": False},
    ),
    ("Act", "SkillExecuted", {"skill": "build", "evidence": "evidence/plan.json"}),
    ("Act", "ActError", ERROR),
    (
        "Act",
        "ChildJoined",
        {"child_loop_id": "loop-0003", "child_proof_digest": sha256(b"child 3")},
    ),
    ("Act", "ChildJoined", {"child_loop_id": CHILD, "child_proof_digest": sha256(b"child 2")}),
    ("Verify", "VerificationRun", {"passed": False, "results": RESULTS[:1]}),
    ("Act", "SkillExecuted", {"skill": "build", "evidence": "evidence/plan.json"}),
    ("Verify", "VerificationRun", {"passed": True, "results": RESULTS[1:]}),
    ("Lock", "HitlPrompt", PROMPT),
    ("Lock", "HitlDecision", DECISION),
    ("Lock", "Locked", {"lock_level": "Published", "outcome": "success"}),
)

SMALL_RECEIPT = {
    "receipt_version": "0.1.0",
    "loop_id": LOOP,
    "parent_loop_id": "loop-0000",
    "timestamp_utc": START,
    "intent": INTENT,
    "outcome": {"status": "success", "description": ""},
    "actor": {"type": "automation", "name": "ci"},
    "lock_level": "Committed",
    "phase_sequence": ["Observe", "Orient", "Decide", "Act", "Verify", "Lock"],
    "artifacts": {"inputs": [], "outputs": []},
    "lens": {
        "lens_id": "",
        "created_utc": START,
        "items": [],
        "quality": dict.fromkeys(QUALITY, 400),
    },
    "effects": {"enf_version": "ENF-0.1", "k": 50, "executed_raw": [], "declared": []},
    "decisions": [],
    "strategies": {"suggestions": [], "used": None},
    "verification": {"spec": {"level": "Syntactic", "checks_required": []}, "results": []},
    "gates": [],
    "children": [],
    "errors": [],
    "hitl": [],
    "integrity": integrity(),
}

#: The events leave Orient out, as those of published bundles do.
SMALL_EVENTS = numbered(
    ("Observe", "IntentSet", {"intent": INTENT, "actor": SMALL_RECEIPT["actor"]}),
    ("Decide", "PlanChosen", {"plan": "none"}),
    ("Act", "SkillExecuted", {"skill": "noop"}),
    ("Verify", "VerificationRun", {"passed": True, "results": []}),
    ("Lock", "Locked", {"lock_level": "Committed", "outcome": "success"}),
)

PARTS = {
    "full": (FULL_RECEIPT, FULL_EVENTS, EVIDENCE),
    "small": (SMALL_RECEIPT, SMALL_EVENTS, {}),
}


def draft(name):
    return Draft(*PARTS[name])


def bundle(name):
    """Returns the files of a bundle that every rule holds for."""
    return draft(name).seal()


def edited(name, edit):
    """Returns the files of a bundle that was edited and sealed anew."""
    changed = draft(name)
    edit(changed)
    return changed.seal()
