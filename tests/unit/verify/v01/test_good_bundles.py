"""What passes: bundles that leave out, add or order what the format leaves open."""

import json

import pytest
from broken_bundles import ENDED_MS, Chunked, OddReader
from judging import is_good, judge, verdict_of
from sealing import ACTOR, DECLARED, INTENT, LOOP, PARTS, bundle, edited, sha256

import workc
from workc.verify.expectations import Expectations
from workc.verify.verifier import verify


@pytest.mark.parametrize("name", PARTS)
def test_a_bundle_passes_and_shows_its_loop_and_its_digest(name):
    receipt = json.loads(bundle(name)["receipt.json"])
    verdict = verdict_of(bundle(name))
    assert (verdict.verdict, verdict.failures, verdict.notes) == ("PASS", (), ())
    assert verdict.run_id == receipt["loop_id"]
    assert verdict.proof_digest == receipt["integrity"]["proof_digest"]


@pytest.mark.parametrize("chunk", [1, 7, 4096])
def test_the_size_of_the_chunks_changes_nothing(chunk):
    assert is_good(Chunked(bundle("full"), chunk))

    def edit(d):
        d.lines = lambda lines: [lines[0], b"[]\n", *lines[1:]]

    files = edited("full", edit)
    assert verify(Chunked(files, chunk)) == verify(OddReader(files))


@pytest.mark.parametrize("name", PARTS)
def test_each_file_is_read_once(name):
    class Counting(OddReader):
        def chunks(self, path, size):
            read.append(path)
            yield from super().chunks(path, size)

    read = []
    assert is_good(Counting(bundle(name)))
    assert sorted(read) == sorted(bundle(name))


def test_what_the_caller_expects_and_gets_passes():
    verdict = verdict_of(bundle("full"))
    expected = Expectations(
        proof_digest=verdict.proof_digest, run_id=verdict.run_id, not_before_ms=ENDED_MS
    )
    assert verdict_of(bundle("full"), expected).ok
    assert verdict_of(bundle("full"), Expectations(not_before_ms=-1)).ok


EDITS = []


def passes(edit):
    EDITS.append(pytest.param(edit, id=edit.__name__))
    return edit


@passes
def payload_keys_are_open(d):
    for event in d.events:
        event["payload"]["more"] = {"naïve \U0001f600": [None, -1, 2**64 - 1, "\x01\n"]}


@passes
def open_records_hold_more(d):
    for box in (d.receipt, d.receipt["lens"], d.receipt["hitl"][0], d.receipt["errors"][0]):
        box["\ue000"], box["\U0001f600"] = 1, 2
    for event in d.events:
        event["more"] = ""


@passes
def an_unknown_kind_is_hashed_like_any_other(d):
    d.insert(3, "Dreamt", "Orient", {"of": "sheep"})


@passes
def no_lens_was_assembled(d):
    d.drop("LensAssembled")


@passes
def payloads_hold_nothing_but_what_is_compared(d):
    for kind in (
        "SignalsCaptured",
        "LensAssembled",
        "SkillExecuted",
        "PlanChosen",
        "HitlPrompt",
        "HitlDecision",
        "ActError",
        "StrategySuggested",
        "StrategyApplied",
    ):
        d.event(kind)["payload"] = {}


@passes
def intent_actor_and_outcome_are_plain_texts(d):
    d.payload("IntentSet").update(intent=INTENT["description"], actor=ACTOR["name"])


@passes
def the_outcome_of_locked_is_an_object(d):
    d.payload("Locked")["outcome"] = d.receipt["outcome"]


@passes
def a_second_intent_is_not_the_receipts(d):
    d.insert(1, "IntentSet", "Observe", {"intent": "another", "actor": "another"})


@passes
def effects_are_declared_in_another_order(d):
    d.payload("PlanChosen")["effects_declared"] = DECLARED[::-1]


@passes
def suggestions_stand_in_one_event(d):
    suggestion = d.payload("StrategySuggested")
    d.event("StrategySuggested")["payload"] = {"suggestions": [suggestion]}


@passes
def children_are_joined_in_any_order(d):
    one, other = d.event("ChildJoined"), d.event("ChildJoined", 1)
    one["payload"], other["payload"] = other["payload"], one["payload"]


@passes
def children_have_one_id(d):
    for child in d.receipt["children"]:
        child["child_loop_id"] = "loop-0009"
    for kind in ("ChildSpawned", "ChildJoined"):
        for number in (0, 1):
            d.payload(kind, number)["child_loop_id"] = "loop-0009"


@passes
def a_child_is_joined_before_the_next_one_with_its_id_is_spawned(d):
    children_have_one_id(d)
    one, other = d.event("ChildSpawned", 1), d.event("ChildJoined")
    for field in ("kind", "payload"):
        one[field], other[field] = other[field], one[field]


@passes
def a_child_that_is_not_critical_fails_and_the_parent_is_partial(d):
    d.receipt["children"][0]["outcome_status"] = "failed"
    d.receipt["outcome"]["status"] = d.payload("Locked")["outcome"] = "partial"


@passes
def the_outcome_is_worse_than_the_children_allow(d):
    d.receipt["outcome"]["status"] = d.payload("Locked")["outcome"] = "failed"


@passes
def a_check_that_was_not_required_failed(d):
    d.receipt["verification"]["spec"]["checks_required"] = ["fmt"]
    d.receipt["verification"]["results"][1]["passed"] = False
    d.payload("VerificationRun", 1)["results"][0]["passed"] = False


@passes
def a_required_check_failed_but_so_did_the_work(d):
    d.receipt["verification"]["spec"]["checks_required"] += ["audit"]
    d.receipt["outcome"]["status"] = d.payload("Locked")["outcome"] = "failed"


@passes
def times_stand_still_and_have_fractions(d):
    for event in d.events[1:]:
        event["ts_utc"] = "2026-01-02T03:04:05.000Z"


@passes
def optional_fields_are_null(d):
    d.receipt["actor"].update(model=None, model_digest=None, email=None)
    d.receipt["artifacts"]["inputs"][0].update(size_bytes=None, kind=None)
    d.receipt["gates"][0]["evidence"] = None
    d.receipt["effects"]["compression"] = None
    d.payload("IntentSet")["actor"] = d.receipt["actor"]


@passes
def evidence_of_a_gate_is_an_object(d):
    d.receipt["gates"][0]["evidence"] = {"path": "evidence/plan.json", "sha256": sha256(b"{}")}


@passes
def there_is_no_evidence(d):
    d.files = {}


@passes
def evidence_stands_in_folders_with_odd_names(d):
    d.files["evidence/a b/(1)+{2}=@,;'~!#$%&^`[].x.txt"] = b"odd"


@passes
def effects_that_have_no_spelling_are_covered_by_their_equals(d):
    odd = [{"op": "Network", "selector": "net:https://a.example/x?y=1"}]
    d.receipt["effects"]["executed_raw"] += odd
    d.receipt["effects"]["declared"] += odd
    d.payload("PlanChosen")["effects_declared"] = d.receipt["effects"]["declared"]
    d.receipt["effects"]["compression"]["output_count"] = 4


@passes
def a_root_covers_everything(d):
    d.receipt["effects"]["declared"] = [
        {"op": "ReadFS", "selector": "fs:/"},
        {"op": "WriteFS", "selector": "fs:/"},
        {"op": "Network", "selector": "net:https://api.example.org"},
    ]
    d.payload("PlanChosen")["effects_declared"] = d.receipt["effects"]["declared"]


@passes
def lists_that_the_roots_sort_are_in_any_order(d):
    for entries in (
        d.receipt["gates"],
        d.receipt["children"],
        d.receipt["lens"]["items"],
        d.receipt["artifacts"]["inputs"],
    ):
        entries.reverse()


@passes
def nothing_was_verified(d):
    d.receipt["verification"] = {
        "spec": {"level": "Acceptance", "checks_required": []},
        "results": [],
    }
    for number in (0, 1):
        d.payload("VerificationRun", number)["results"] = []


@passes
def attempts_are_counted_from_the_number(d):
    names = ("cargo_test@9", "cargo_test@010", "fmt@x")
    for result, name in zip(d.receipt["verification"]["results"], names, strict=True):
        result["check_id"] = name
    d.payload("VerificationRun")["results"] = d.receipt["verification"]["results"][:1]
    d.payload("VerificationRun", 1)["results"] = d.receipt["verification"]["results"][1:]


@passes
def a_required_check_has_a_number(d):
    d.receipt["verification"]["spec"]["checks_required"] = ["cargo_test@1"]


@passes
def the_intent_is_set_after_the_signals(d):
    d.events[0]["kind"], d.events[1]["kind"] = d.events[1]["kind"], d.events[0]["kind"]
    d.events[0]["payload"], d.events[1]["payload"] = d.events[1]["payload"], d.events[0]["payload"]


@passes
def a_verification_that_names_no_results_has_none(d):
    d.receipt["verification"]["results"] = []
    d.receipt["verification"]["spec"]["checks_required"] = []
    d.event("VerificationRun")["payload"] = {}
    d.payload("VerificationRun", 1)["results"] = None


VALUES = [
    (("intent", "source"), ["human", "parent_loop", "trigger", "policy"]),
    (("actor", "type"), ["human", "agent", "automation"]),
    (("lock_level",), ["Draft", "Staged", "Committed", "Published", "Immutable"]),
    (("outcome", "status"), ["success", "partial", "failed"]),
    (("artifacts", "inputs", 0, "kind"), ["File", "Directory", "Uri"]),
    (("effects", "executed_raw", 0, "op"), ["ReadFS", "WriteFS", "Network", "Exec", "Publish"]),
    (
        ("verification", "spec", "level"),
        ["Syntactic", "Semantic", "Regression", "Acceptance"],
    ),
    (("gates", 0, "phase"), ["Observe", "Orient", "Decide", "Act", "Verify", "Lock"]),
    (
        ("errors", 0, "class"),
        ["Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"],
    ),
    (("hitl", 1, "approver", "type"), ["human", "agent", "automation"]),
    (("strategies", "used", "applied_at_phase"), ["Observe", "Orient", "Decide", "Act", "Verify"]),
]
EACH = [(path, value) for path, values in VALUES for value in values]


@pytest.mark.parametrize(("path", "value"), EACH)
def test_each_value_of_a_list_of_values_may_stand(path, value):
    def edit(d):
        box = d.receipt
        for key in path[:-1]:
            box = box[key]
        box[path[-1]] = value

    numbers = judge(OddReader(edited("full", edit)))
    assert not {number for number in numbers if number.startswith("4.")}


@pytest.mark.parametrize("edit", EDITS)
def test_what_the_format_leaves_open_passes(edit):
    assert is_good(OddReader(edited("full", edit)))


def test_a_kind_that_is_not_known_is_noted_with_its_number():
    def edit(d):
        for number in range(3):
            d.insert(3, f"Dreamt{number}", "Orient", {})

    verdict = verdict_of(edited("full", edit))
    assert verdict.ok
    assert verdict.notes == ("events of kinds that are not known: 3, the first Dreamt2",)


def test_a_bundle_in_a_folder_passes_whatever_safe_names_it_has(tmp_path):
    def edit(d):
        d.files["evidence/a b/(1)@,;~.txt"] = b"odd"

    for path, data in edited("full", edit).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    verdict = workc.verify_bundle(tmp_path)
    assert (verdict.ok, verdict.run_id) == (True, LOOP)
