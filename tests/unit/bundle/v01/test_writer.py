"""The writer of format 0.1: every hash and root recomputed here with the standard library alone."""

import hashlib
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_of_v01 import EVIDENCE, FULL, LOCKED, QUALITY, SHA, START, happenings, run, short

from workc.bundle.layout import LIMITS
from workc.bundle.v01.records import Artifact, CheckSpec, DoneEffect
from workc.bundle.v01.run import Happening, IllegalRunError, Locked, PlanChosen, Run, SkillExecuted
from workc.bundle.v01.writer import write


def spelt(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def tree(name, leaves):
    def tagged(part, data=b""):
        return hashlib.sha256(f"MOTUS|MRKL|{name}|{part}|0.1|".encode() + data).digest()

    level = [tagged("LEAF", spelt(leaf)) for leaf in leaves]
    while len(level) > 1:
        level += level[-1:] * (len(level) % 2)
        level = [tagged("NODE", level[i] + level[i + 1]) for i in range(0, len(level), 2)]
    return (level[0] if level else tagged("EMPTY")).hex()


def pick(entries, order, fields, **more):
    entries = sorted(entries, key=lambda entry: [entry[name] for name in order])
    return [{name: entry.get(name) for name in fields} | more for entry in entries]


def naive_roots(receipt, manifest, events):
    """The eight roots by the table of the format, from the documents alone."""
    evidence = [f for f in manifest["files"] if f["path"].startswith("evidence/")]
    path, artifacts = ["path", "sha256"], receipt["artifacts"]
    lens = ["kind", "provenance", "sha256", "ts_utc", "uri"]
    child = ["child_loop_id", "child_proof_digest", "critical", "spawn_index"]
    loop = receipt["loop_id"]
    results = receipt["verification"]["results"]
    return {
        "event_log_root": tree("EVENTLOG", pick(events, ["seq"], ["event_hash", "seq"])),
        "artifacts_root": tree(
            "ARTIFACTS",
            pick(artifacts["inputs"], path, path, io="in")
            + pick(artifacts["outputs"], path, path, io="out"),
        ),
        "evidence_root": tree("EVIDENCE", pick(evidence, ["path"], path)),
        "lens_root": tree("LENS", pick(receipt["lens"]["items"], ["kind", "uri", "sha256"], lens)),
        "effects_root": tree(
            "EFFECTS",
            pick(receipt["effects"]["declared"], ["op", "selector"], ["op", "selector"]),
        ),
        "gates_root": tree(
            "GATES",
            pick(
                receipt["gates"], ["phase", "gate_id"], ["evidence", "gate_id", "passed", "phase"]
            ),
        ),
        "verification_root": tree(
            "VERIFICATION",
            pick(results, ["level", "check_id"], ["check_id", "evidence", "level", "passed"]),
        ),
        "workgraph_root": tree(
            "WORKGRAPH", pick(receipt["children"], ["spawn_index"], child, parent_loop_id=loop)
        ),
    }


def parts(bundle):
    receipt = json.loads(bundle.files["receipt.json"])
    manifest = json.loads(bundle.files["manifest.json"])
    events = [json.loads(line) for line in bundle.files["events.jsonl"].splitlines()]
    return receipt, manifest, events


@pytest.mark.parametrize(
    "given",
    [run(), run(short()), run(short(), evidence={}, gates=(), inputs=(), planned=())],
    ids=["full", "short", "bare"],
)
def test_every_hash_and_root_is_that_of_the_documents(given):
    bundle = write(given)
    receipt, manifest, events = parts(bundle)
    assert bundle.files["receipt.json"] == spelt(receipt)
    assert bundle.files["manifest.json"] == spelt(manifest)
    assert bundle.files["events.jsonl"] == b"".join(spelt(event) + b"\n" for event in events)

    before = "0" * 64
    for seq, event in enumerate(events):
        assert (event["seq"], event["prev_event_hash"]) == (seq, before)
        before = event.pop("event_hash")
        assert before == sha(b"MOTUS|EVT|0.1|" + spelt(event))
        event["event_hash"] = before

    integrity = receipt.pop("integrity")
    assert integrity["receipt_hash"] == sha(b"MOTUS|RECEIPT|0.1|" + spelt(receipt))
    assert integrity["roots"] == naive_roots(receipt, manifest, events)
    nine = [integrity["receipt_hash"]] + [
        integrity["roots"][f"{name}_root"]
        for name in (
            [
                "event_log",
                "artifacts",
                "evidence",
                "lens",
                "effects",
                "gates",
                "verification",
                "workgraph",
            ]
        )
    ]
    proof = sha(b"MOTUS|PROOF|0.1|" + b"".join(map(bytes.fromhex, nine)))
    assert bundle.proof_digest == integrity["proof_digest"] == proof


def test_the_manifest_lists_every_file_but_itself_with_its_hash_and_size():
    bundle = write(run())
    _, manifest, events = parts(bundle)
    assert list(bundle.files) == sorted(bundle.files)
    assert [entry["path"] for entry in manifest["files"]] == [
        path for path in bundle.files if path != "manifest.json"
    ]
    for entry in manifest["files"]:
        data = bundle.files[entry["path"]]
        assert (entry["sha256"], entry["size_bytes"]) == (sha(data), len(data))
    assert manifest["bundle_version"] == "BUNDLE-0.1"
    assert manifest["loop_id"] == "loop-1"
    assert manifest["created_utc"] == events[0]["ts_utc"] == "2026-01-01T00:00:00.000Z"


def test_the_receipt_repeats_what_the_events_say():
    receipt, _, events = parts(write(run()))
    payloads = {}
    for event in events:
        payloads.setdefault(event["kind"], []).append(event["payload"])
    assert receipt["receipt_version"] == "0.1.0"
    assert receipt["parent_loop_id"] is None
    assert receipt["timestamp_utc"] == receipt["lens"]["created_utc"] == events[0]["ts_utc"]
    assert payloads["IntentSet"] == [{"intent": receipt["intent"], "actor": receipt["actor"]}]
    assert receipt["actor"] == {"type": "agent", "name": "worker", "model": "m-1"}
    assert payloads["Locked"] == [
        {"lock_level": receipt["lock_level"], "outcome": receipt["outcome"]}
    ]
    assert receipt["verification"]["results"] == [
        result for payload in payloads["VerificationRun"] for result in payload["results"]
    ]
    assert receipt["errors"] == payloads["ActError"]
    assert receipt["errors"] == [
        {
            "phase": "Act",
            "class": "Recoverable",
            "code": "BUSY",
            "message": "In use.",
            "retryable": True,
        }
    ]
    assert receipt["hitl"] == [
        {"kind": "Prompt", **payloads["HitlPrompt"][0]},
        {"kind": "Decision", **payloads["HitlDecision"][0]},
    ]
    assert receipt["strategies"] == {
        "suggestions": payloads["StrategySuggested"],
        "used": payloads["StrategyApplied"][0],
    }
    assert receipt["children"] == [
        {
            "spawn_index": 0,
            "child_loop_id": "child-a",
            "critical": True,
            "child_proof_digest": SHA,
            "outcome_status": "success",
        }
    ]
    assert receipt["phase_sequence"] == (
        [
            "Observe",
            "Orient",
            "Decide",
            "Act",
            "Verify",
            "Orient",
            "Decide",
            "Act",
            "Verify",
            "Lock",
        ]
    )


def test_payloads_hold_what_follows_for_them():
    _, _, events = parts(write(run()))
    found = {event["kind"]: event["payload"] for event in events}
    declared = [
        {"op": "Exec", "selector": "exec:pytest"},
        {"op": "WriteFS", "selector": "fs:out/report.txt"},
    ]
    quality = {**msgspec.to_builtins(QUALITY), "aggregate": 800}
    assert found["LensAssembled"] == {"lens_id": "lens-1", "items_count": 2, "quality": quality}
    assert found["PlanChosen"] == {
        "plan": {"steps": ["write"]},
        "effects_declared": declared,
        "enf_k": 50,
    }
    assert found["HitlPrompt"]["evi_ms"] == 323_100
    assert found["HitlPrompt"]["ts_utc"] == "2026-01-01T00:00:15.000Z"
    assert found["HitlDecision"]["ts_utc"] == "2026-01-01T00:00:16.000Z"
    assert found["StrategyApplied"]["applied_at_phase"] == "Decide"
    assert found["ChildSpawned"]["spawn_index"] == 0
    assert found["Celebrated"] == {"with": ["cake"]}
    runs = [event["payload"]["passed"] for event in events if event["kind"] == "VerificationRun"]
    assert runs == [False, True]
    first, second = (event["payload"] for event in events if event["kind"] == "SkillExecuted")
    assert first["effects_observed"] == [{"op": "WriteFS", "selector": "fs:./out/report.txt"}]
    assert first["artifacts_out"] == [
        {"path": "out/report.txt", "sha256": SHA, "size_bytes": 5, "kind": "File"}
    ]
    assert second == {
        "skill": "write",
        "evidence": "evidence/write",
        "effects_observed_count": 0,
        "effects_declared_count": 2,
    }


def test_what_a_run_says_beside_its_events_stands_in_the_receipt():
    receipt, _, _ = parts(write(run()))
    assert receipt["artifacts"] == {
        "inputs": [{"path": "in/notes.txt", "sha256": SHA}],
        "outputs": [{"path": "out/report.txt", "sha256": SHA, "size_bytes": 5, "kind": "File"}],
    }
    assert receipt["lens"]["items"] == [
        {
            "kind": "file",
            "uri": "b",
            "sha256": SHA,
            "ts_utc": "2025-12-31T23:59:59.995Z",
            "provenance": "repository",
        },
        {
            "kind": "file",
            "uri": "a",
            "sha256": SHA,
            "ts_utc": "1970-01-01T00:00:00.000Z",
            "provenance": "repository",
            "weight": 7,
        },
    ]
    assert receipt["effects"] == {
        "enf_version": "ENF-0.1",
        "k": 50,
        "executed_raw": [{"op": "WriteFS", "selector": "fs:./out/report.txt"}],
        "declared": [
            {"op": "Exec", "selector": "exec:pytest"},
            {"op": "WriteFS", "selector": "fs:out/report.txt"},
        ],
    }
    assert receipt["decisions"] == [
        {
            "point": "tool",
            "choice": "pen",
            "rationale": "It is there.",
            "alternatives_rejected": [],
        }
    ]
    assert receipt["verification"]["spec"] == {
        "level": "Acceptance",
        "checks_required": ["lint", "test"],
    }
    assert receipt["gates"] == [
        {"phase": "Act", "gate_id": "clean", "passed": True},
        {"phase": "Act", "gate_id": "b", "passed": True, "evidence": "evidence/lint"},
    ]
    assert receipt["integrity"]["policy_hash"] == sha(b"policy-default")


def test_effects_past_the_cap_are_compressed_and_that_is_recorded():
    planned = tuple(DoneEffect(op="WriteFS", selector=f"fs:gen/{n}") for n in range(51))
    skill = SkillExecuted(skill="write", evidence="evidence/write", effects=planned)
    receipt, _, events = parts(write(run(short(("Act", skill)), planned=planned)))
    assert receipt["effects"]["declared"] == [{"op": "WriteFS", "selector": "fs:gen/"}]
    assert len(receipt["effects"]["executed_raw"]) == 51
    assert receipt["effects"]["compression"] == {
        "algorithm": "TrieMerge-v0.1",
        "input_count": 51,
        "output_count": 1,
    }
    assert events[2]["payload"]["effects_declared"] == receipt["effects"]["declared"]


def test_a_plan_need_not_declare():
    (plan,) = [n for n, (_, what) in enumerate(FULL) if isinstance(what, PlanChosen)]
    pairs = [*FULL[:plan], ("Decide", PlanChosen(plan="p", declares=False)), *FULL[plan + 1 :]]
    _, _, events = parts(write(run(pairs)))
    assert events[plan]["payload"] == {"plan": "p"}


def test_further_keys_stand_in_the_payload_and_not_in_the_receipt():
    found = list(run().happenings)
    found[6] = msgspec.structs.replace(found[6], more={"host": ("a", 1)}, event_id="chosen")
    receipt, _, events = parts(write(run(happenings=tuple(found))))
    assert events[6]["payload"]["host"] == ["a", 1]
    assert "host" not in receipt["errors"][0]
    assert [events[5]["event_id"], events[6]["event_id"]] == ["evt-000005", "chosen"]


def test_a_given_phase_sequence_may_hold_what_the_events_leave_out():
    pairs = [("Observe", FULL[0][1]), ("Decide", PlanChosen(plan="p")), ("Lock", LOCKED)]
    phases = ("Observe", "Orient", "Decide", "Act", "Act", "Verify", "Lock")
    given = run(pairs, phase_sequence=phases, checks=CheckSpec(level="Syntactic"))
    receipt, _, _ = parts(write(given))
    assert receipt["phase_sequence"] == list(phases)


def test_the_same_run_gives_the_same_bytes_and_is_left_as_it_was():
    given = run()
    assert write(given) == write(given)
    assert given == run()


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("loop_id", "", "length >= 1 - at `\\$.loop_id`"),
        ("loop_id", None, "Expected `str`, got `null`"),
        ("k", -1, "Expected `int` >= 0"),
        ("planned", (DoneEffect(op="\ud800", selector="fs:a"),), "surrogates not allowed"),
        ("k", 1.5, "Expected `int`, got `float`"),
        ("inputs", (Artifact(path="a", sha256="AB" * 32),), "matching regex"),
        ("evidence", {"evidence/a": "text"}, "Expected `bytes`, got `str`"),
        ("evidence", EVIDENCE | {"evidence/x": object()}, "unsupported|not supported"),
        ("phase_sequence", ("Observe", "Look"), "Invalid enum value 'Look'"),
        ("happenings", (Happening(at_ms=-1, phase="Lock", what=LOCKED),), "Expected `int` >= 0"),
        ("happenings", happenings(("Lock", object())), "unsupported|not supported"),
        (
            "happenings",
            happenings(("Lock", Locked(lock_level="Soft", outcome=LOCKED.outcome))),
            "Soft",
        ),
    ],
)
def test_a_value_that_is_not_of_its_type_is_refused(field, value, reason):
    with pytest.raises(IllegalRunError, match=f"not a run: .*({reason})"):
        write(run(**{field: value}))


def endless():
    found = []
    found.append(found)
    return found


def deep(levels):
    found = []
    for _ in range(levels):
        found = [found]
    return found


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ({"share": 0.5}, "type float"),
        (2**64, "64 bits do not hold"),
        ("\ud800", "lone surrogate"),
        (b"raw", "type bytes"),
        ({1: 2}, "key that is not a string"),
        (deep(200), "more than 128 deep"),
        *((deep(levels), "deep") for levels in range(100, 1100, 50) if levels > 128),
        (endless(), "nested too deep, or contains itself"),
        (deep(100_000), "nested too deep, or contains itself"),
        (object(), "unsupported|not supported"),
    ],
    ids=lambda value: str(value)[:16] if not isinstance(value, list) else "list",
)
def test_an_open_value_without_a_spelling_is_refused(plan, reason):
    pairs = [*FULL[:4], ("Decide", PlanChosen(plan=plan)), *FULL[5:]]
    with pytest.raises(IllegalRunError, match=reason):
        write(run(pairs))


def test_effects_that_cannot_be_declared_are_refused():
    many = tuple(DoneEffect(op="Exec", selector=f"exec:{n}") for n in range(51))
    with pytest.raises(IllegalRunError, match="51 effects remain where at most 50"):
        write(run(short(), planned=many))
    with pytest.raises(IllegalRunError, match="leads upwards"):
        write(run(short(), planned=(DoneEffect(op="ReadFS", selector="fs:../a"),)))


def test_an_effect_that_was_done_and_not_declared_is_refused():
    done = SkillExecuted(
        skill="s",
        evidence="evidence/write",
        effects=(DoneEffect(op="Exec", selector="exec:rm"),),
    )
    with pytest.raises(IllegalRunError, match="Exec 'exec:rm' was done, but no declared effect"):
        write(run(short(("Act", done))))
    odd = msgspec.structs.replace(done, effects=(DoneEffect(op="Exec", selector="rm"),))
    with pytest.raises(IllegalRunError, match="begins with exec:"):
        write(run(short(("Act", odd))))


SIZES = {name: len(data) for name, data in write(run()).files.items()}
LONGEST = max(map(len, write(run()).files["events.jsonl"].splitlines()))


@pytest.mark.parametrize(
    ("limit", "most", "what"),
    [
        ("names", len(SIZES), "files"),
        ("events", len(FULL), "events"),
        ("line_bytes", LONGEST, "bytes in an event"),
        ("document_bytes", max(SIZES["receipt.json"], SIZES["manifest.json"]), "bytes in the"),
        ("file_bytes", max(SIZES.values()), "bytes in a file"),
    ],
)
def test_a_bundle_at_a_limit_is_written_and_one_past_it_is_refused(limit, most, what):
    write(run(), msgspec.structs.replace(LIMITS, **{limit: most}))
    with pytest.raises(IllegalRunError, match=f"^{most} {what}.*, where {most - 1} are the most$"):
        write(run(), msgspec.structs.replace(LIMITS, **{limit: most - 1}))


def test_times_are_those_of_the_run():
    _, _, events = parts(write(run()))
    assert [event["ts_utc"] for event in events][:2] == [
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:01.000Z",
    ]
    assert START == 1_767_225_600_000


#: Lone surrogates too.
ANY_CHARACTER = st.characters(exclude_categories=[])
SCRAPS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(ANY_CHARACTER, max_size=3)
    | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
        | st.sets(st.integers())
    ),
    max_leaves=6,
)
FIELDS = sorted(field.name for field in msgspec.structs.fields(Run))


@given(st.sampled_from(FIELDS), SCRAPS)
@settings(max_examples=300, deadline=None)
def test_a_run_with_anything_in_a_field_is_written_or_gives_the_one_error(field, value):
    try:
        write(run(**{field: value}))
    except IllegalRunError:
        return


@given(st.integers(0, len(FULL) - 1), st.sampled_from(["at_ms", "phase", "what", "more"]), SCRAPS)
@settings(max_examples=300, deadline=None)
def test_a_happening_with_anything_in_a_field_is_written_or_gives_the_one_error(at, field, value):
    found = list(run().happenings)
    found[at] = msgspec.structs.replace(found[at], **{field: value})
    try:
        bundle = write(run(happenings=tuple(found)))
    except IllegalRunError:
        return
    assert field in {"at_ms", "more"}
    parts(bundle)
