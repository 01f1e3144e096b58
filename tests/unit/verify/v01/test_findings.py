"""What a verdict shows of a broken bundle: the place, what was not checked, what was not read."""

import pytest
from broken_bundles import VECTORS, Chunked, OddReader, larger, sized
from judging import is_good, judge, verdict_of
from sealing import bundle, draft, edited

from workc.bundle.layout import Limits
from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

PLACES = {
    "a_listed_path_that_leads_upwards": (None, "/files/1"),
    "entries_in_another_order": (None, "/files/1"),
    "a_field_more_in_the_manifest": (None, None),
    "integrity_of_cj_version_CJ_0_2": (None, "/integrity/cj_version"),
    "a_receipt_hash_of_another_receipt": (None, "/integrity/receipt_hash"),
    "a_line_past_the_limit": (1, None),
    "a_last_line_past_the_limit_without_a_newline": (19, None),
    "an_event_more_than_the_limit": (18, None),
    "no_newline_after_the_last_event": (18, None),
    "no_events_at_all": (1, None),
    "an_empty_line": (19, None),
    "a_list_among_events": (2, None),
    "an_event_edited_after_its_hash": (9, "/event_hash"),
    "numbers_from_one": (1, "/seq"),
    "a_first_event_after_another_log": (1, "/prev_event_hash"),
    "a_sequence_that_leaves_orient_out": (None, "/phase_sequence/1"),
    "a_lock_that_repeats": (None, "/phase_sequence/6"),
    "an_event_of_a_phase_that_was_over": (3, "/phase"),
    "a_log_without_its_end": (4, "/kind"),
    "a_policy_in_lower_case": (None, "/integrity/policy_id"),
    "a_program_that_was_not_declared": (None, "/effects/executed_raw/4"),
    "a_gates_root_of_nothing": (None, "/integrity/roots/gates_root"),
    "an_event_of_another_loop": (9, "/loop_id"),
    "two_times_that_changed_places": (10, "/ts_utc"),
    "a_first_event_of_another_time": (1, "/ts_utc"),
    "a_plan_that_declares_less": (6, "/payload/effects_declared"),
    "a_result_of_no_event": (None, "/verification/results/3"),
    "a_refusal_recorded_as_approval": (None, "/hitl/1"),
    "an_evi_that_was_rounded_up": (None, "/hitl/0/evi_ms"),
    "a_required_check_that_was_not_made": (None, "/verification/spec/checks_required/2"),
    "a_child_that_the_receipt_leaves_out": (7, None),
    "a_child_joined_before_it_was_spawned": (7, None),
    "a_digest_of_nothing": (None, "/integrity/proof_digest"),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_finding_names_its_line_and_its_place(name):
    given = VECTORS[name][1]()
    finding = verify(*given[:1], given.expect, limits=given.limits).failures[0]
    assert (finding.line, finding.pointer) == PLACES[name]


def test_a_mismatch_with_an_event_names_the_line_of_the_event():
    finding = verify(VECTORS["a_refusal_recorded_as_approval"][1]().reader).failures[0]
    assert finding.message == "the receipt says something else than the event on line 17"


@pytest.mark.parametrize(
    ("name", "is_open"),
    [
        ("a_manifest_with_a_space", "manifest files roots projection"),
        (
            "a_receipt_that_is_a_list",
            "receipt table policy roots projection digest expectations children",
        ),
        ("a_field_more_in_integrity", "receipt policy roots digest expectations"),
        (
            "a_receipt_without_decisions",
            "receipt table policy roots projection expectations children",
        ),
        ("an_event_with_a_space", "events table roots projection expectations children"),
        ("events_that_cannot_be_read", "events table roots projection expectations children"),
    ],
)
def test_a_step_whose_input_could_not_be_had_is_open_and_is_no_pass(name, is_open):
    number, make = VECTORS[name]
    verdict = verify(make().reader, without={number})
    assert (verdict.verdict, verdict.failures) == ("FAIL", ())
    reasons = [text.partition(":")[0] for text in verdict.not_checked if "could not be" in text]
    assert reasons == is_open.split()


def test_files_are_compared_whatever_the_versions_in_the_receipt():
    def edit(d):
        d.receipt["integrity"]["cj_version"] = "CJ-0.2"
        d.unlisted["evidence/plan.json"] = b"[]"
        d.lines = lambda lines: [b"no event\n"]

    assert verdict_of(edited("full", edit)).codes() == ("HASH_MISMATCH", "VERSION_UNSUPPORTED")


@pytest.mark.parametrize("value", [None, 1, "0.2"])
def test_a_receipt_that_has_the_field_of_later_formats_is_not_of_this_one(value):
    def edit(d):
        d.receipt["bundle_version"] = value

    verdict = verdict_of(edited("full", edit))
    assert not verdict.ok
    assert {failure.rule for failure in verdict.failures} & {"3.04", "8.04"}, "of format 0.2"


@pytest.mark.parametrize("value", [None, 1, ["0.1.0"]])
def test_a_receipt_whose_version_is_no_text_is_of_this_format_and_malformed(value):
    def edit(d):
        d.receipt["receipt_version"] = value

    assert judge(MemoryReader(edited("full", edit))) == {"4.06"}


def test_a_receipt_that_names_a_later_version_in_the_field_of_this_format_is_of_none():
    def edit(d):
        d.receipt["receipt_version"] = "0.2"

    failure = verdict_of(edited("full", edit)).failures[0]
    assert (failure.rule, failure.pointer) == ("10.01", "/receipt_version")
    assert failure.message == "this verifier knows: 0.1.0 in receipt_version, 0.2 in bundle_version"


def test_locks_that_repeat_a_million_times_without_a_prompt_are_judged_soon():
    def edit(d):
        decision = d.receipt["hitl"][1]
        d.receipt["hitl"] = [decision] * 20_000
        d.receipt["phase_sequence"] += ["Lock"] * 1_000_000

    assert "6.03" in judge(MemoryReader(edited("full", edit)))


def test_a_sequence_of_no_phases_is_illegal():
    def edit(d):
        d.receipt["phase_sequence"] = []

    assert judge(MemoryReader(edited("full", edit))) == {"6.01", "6.04"}


def test_a_sequence_must_end_with_lock():
    def edit(d):
        d.receipt["phase_sequence"] = d.receipt["phase_sequence"][:-2]

    assert judge(MemoryReader(edited("full", edit))) == {"6.01", "6.04"}


RECORDS = [
    ("HitlPrompt", "/hitl/0", "9.05"),
    ("HitlDecision", "/hitl/1", "9.05"),
    ("ActError", "/errors/0", "9.06"),
    ("StrategySuggested", "/strategies/suggestions/0", "9.07"),
    ("StrategyApplied", "/strategies/used", "9.08"),
]
FIELDS = [
    (kind, field, pointer, rule)
    for kind, pointer, rule in RECORDS
    for field in draft("full").payload(kind)
]


@pytest.mark.parametrize(("kind", "field", "pointer", "rule"), FIELDS)
def test_each_field_that_an_event_repeats_is_compared_and_said_once(kind, field, pointer, rule):
    def edit(d):
        d.payload(kind)[field] = {"another": "value"}
        if kind not in ("StrategyApplied", "HitlDecision"):
            d.insert(d.place(kind) + 1, kind, d.event(kind)["phase"], d.payload(kind))

    failures = verdict_of(edited("full", edit)).failures
    assert [(found.rule, found.pointer) for found in failures] == [(rule, pointer)]


def test_a_prompt_without_a_field_is_no_decision():
    def edit(d):
        prompt, decision = d.event("HitlPrompt"), d.event("HitlDecision")
        prompt["kind"], decision["kind"] = decision["kind"], prompt["kind"]
        prompt["payload"], decision["payload"] = {}, {}

    failures = verdict_of(edited("full", edit)).failures
    assert [(found.rule, found.pointer) for found in failures] == [("9.05", "/hitl/0")]
    assert judge(MemoryReader(edited("full", lambda d: d.drop("HitlPrompt")))) == {"9.05"}


def test_a_decision_without_a_field_is_no_prompt():
    def edit(d):
        d.receipt["hitl"] = d.receipt["hitl"][:1] * 2
        d.event("HitlDecision")["payload"] = {}

    failures = verdict_of(edited("full", edit)).failures
    assert [(found.rule, found.pointer) for found in failures] == [("9.05", "/hitl/1")]


def test_a_prompt_without_a_field_repeats_no_decision():
    def edit(d):
        d.receipt["hitl"].append(d.receipt["hitl"][1])
        d.insert(d.place("Locked"), "HitlPrompt", "Lock", {})

    failures = verdict_of(edited("full", edit)).failures
    assert [(found.rule, found.pointer) for found in failures] == [("9.05", "/hitl/2")]


def test_a_text_is_no_list_of_no_effects():
    def edit(d):
        d.payload("PlanChosen")["effects_declared"] = "none"

    assert judge(MemoryReader(edited("small", edit))) == {"9.09"}


def test_what_is_too_large_is_not_read():
    class Reading(OddReader):
        def chunks(self, path, size):
            assert path != "events.jsonl"
            yield from super().chunks(path, size)

    given = larger("events.jsonl", 1_000_000, file_bytes=999_999)
    reader = Reading(bundle("full"), sizes=given.reader.sizes)
    assert judge(reader, given.limits) == {"3.13"}


def test_what_is_just_within_the_limits_passes():
    d = draft("full")
    d.receipt["effects"]["k"] = 3
    d.receipt["effects"]["compression"]["input_count"] = 3
    files = d.seal()
    lines = files["events.jsonl"].splitlines()
    limits = Limits(
        names=len(files) + 1,
        file_bytes=max(map(len, files.values())),
        document_bytes=max(len(files["receipt.json"]), len(files["manifest.json"])),
        line_bytes=max(map(len, lines)),
        events=len(lines),
    )
    assert is_good(MemoryReader(files), limits)
    assert is_good(Chunked(files, 1), limits)


def test_every_kind_of_the_format_is_known():
    def edit(d):
        place = d.place("SkillExecuted")
        d.insert(place, "OrientFromFailure", "Act", {"evidence": "evidence/plan.json"})
        d.insert(place, "RetryScheduled", "Act", {"after_ms": 5, "attempt": 2})

    verdict = verdict_of(edited("full", edit))
    assert (verdict.verdict, verdict.notes) == ("PASS", ())


def test_an_entry_twice_and_entries_in_disorder_are_told_apart():
    twice = verify(VECTORS["an_entry_twice_that_the_root_does_not_show"][1]().reader).failures[0]
    disorder = verify(VECTORS["entries_in_another_order"][1]().reader).failures[0]
    assert twice.message == "evidence/plan.json is listed twice"
    assert disorder.message.endswith("is not in order")


def test_a_size_that_is_not_listed_is_said_without_reading():
    files = edited("full", sized("evidence/plan.json", lambda n: n + 1))
    finding = verdict_of(files).failures[0]
    assert (finding.path, finding.expected, finding.actual) == ("evidence/plan.json", "3", "2")
