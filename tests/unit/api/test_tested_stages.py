"""What reports say of the stages that a run called: of exactly them, and nothing else."""

import json
import random
from itertools import permutations
from pathlib import Path

import msgspec
import pytest

from workc.adapters.bundle_folder import BundleFolder
from workc.api.named_file import MAX_FILE_BYTES
from workc.api.tested_stages.called import Called, calls_of
from workc.api.tested_stages.checking import check_stages
from workc.api.tested_stages.judging import BAD, STATUSES, Reports
from workc.api.tested_stages.reports import Row, rows_of
from workc.api.verification import verify_bundle
from workc.kernel.failure import Refusal
from workc.kernel.stage_ids import StageIds
from workc.verify.reader import MemoryReader, ReadError

GOLDEN = Path(__file__).parents[2] / "golden" / "v0.2" / "stages" / "bundle"
IDS = StageIds(evidence_id="e" * 64, signature_id="5" * 64, stage_id="d" * 64)
CALLED = Called(name="tidy", code="c" * 64, ids=IDS, attempts=1)
ROW = Row(
    name="tidy",
    verdict="verified",
    where="a.py:tidy",
    stage_id=IDS.stage_id,
    evidence_id=IDS.evidence_id,
    implementation_hash=CALLED.code,
)
OTHER = "0" * 64


def changed(**fields):
    return msgspec.structs.replace(ROW, **fields)


def status(*rows, called=CALLED, built_in=()):
    return Reports(rows, built_in).judge("run", called).status


def test_a_stage_is_verified_by_a_report_about_exactly_it():
    assert status(ROW) == "verified"
    assert status(changed(implementation_hash="")) == "verified"
    assert status(changed(where="elsewhere.py:x")) == "verified"


@pytest.mark.parametrize("verdict", ["failed", "errored", "skipped", "unverifiable"])
def test_any_other_verdict_of_a_report_is_said_as_it_is(verdict):
    assert status(changed(verdict=verdict)) == verdict


def test_of_several_reports_one_that_failed_counts_then_one_that_verified():
    rows = [changed(verdict=each) for each in ("verified", "errored", "skipped")]
    for order in permutations(rows):
        assert status(*order) == "verified"
        assert status(*order, changed(verdict="failed")) == "failed"


def test_what_was_tested_before_it_changed_is_stale_and_says_what_changed():
    other_evidence = Reports([changed(evidence_id=OTHER)]).judge("run", CALLED)
    assert (other_evidence.status, other_evidence.message) == (
        "stale",
        "a test was of other examples or properties",
    )
    other_code = Reports([changed(evidence_id=OTHER, stage_id=OTHER)]).judge("run", CALLED)
    assert (other_code.status, other_code.message) == (
        "stale",
        "a test was of other code, types or effects",
    )


def test_a_stage_that_no_report_is_about_is_untested():
    assert status() == "untested"
    assert status(changed(name="other", evidence_id=OTHER, stage_id=OTHER)) == "untested"


def test_ids_of_a_tested_stage_beside_other_code_are_a_lie():
    assert status(changed(implementation_hash=OTHER)) == "contradicted"
    moved = msgspec.structs.replace(CALLED, code=OTHER)
    assert status(ROW, called=moved) == "contradicted"
    examples_too = msgspec.structs.replace(
        moved, ids=msgspec.structs.replace(IDS, evidence_id=OTHER)
    )
    assert status(ROW, called=examples_too) == "contradicted"


def test_ids_of_another_stage_of_the_same_file_are_a_lie():
    """All skills of a file have one digest of code; ids are of a name, too."""
    renamed = msgspec.structs.replace(CALLED, name="pay")
    failed = changed(name="pay", verdict="failed", evidence_id=OTHER, stage_id=OTHER)
    for rows in ([ROW], [ROW, failed], [failed, ROW]):
        judged = Reports(rows).judge("run", renamed)
        assert (judged.status, judged.message) == (
            "contradicted",
            "its ids are those of a stage of another name",
        )


def test_evidence_beside_the_id_of_another_stage_is_a_lie():
    swapped = msgspec.structs.replace(CALLED, ids=msgspec.structs.replace(IDS, stage_id=OTHER))
    assert status(ROW, called=swapped) == "contradicted"


def test_a_declaration_with_a_forged_id_does_not_blame_the_stage_that_it_names():
    forged = changed(verdict="failed", evidence_id=OTHER, implementation_hash=OTHER)
    assert status(forged, ROW) == "verified"
    assert status(changed(verdict="failed", stage_id=OTHER), ROW) == "verified"


def test_a_skill_without_ids_is_unnamed_whatever_it_is_called():
    nameless = msgspec.structs.replace(CALLED, ids=None)
    assert status(ROW, called=nameless) == "unnamed"
    assert status(ROW, called=msgspec.structs.replace(nameless, code="")) == "unnamed"


def test_a_built_in_skill_is_found_by_the_digest_that_names_its_code():
    nameless = msgspec.structs.replace(CALLED, ids=None)
    assert status(changed(built_in=CALLED.code), called=nameless) == "verified"
    assert status(ROW, called=nameless, built_in=[CALLED.code]) == "untested"
    assert status(changed(built_in=CALLED.code, verdict="failed"), called=nameless) == "failed"
    renamed = msgspec.structs.replace(nameless, name="pay")
    assert status(changed(built_in=CALLED.code), called=renamed) == "contradicted"


def test_a_row_says_verified_of_no_ids_but_its_own():
    """A report is a list of rows; whichever there are, a match is of both ids and of the code."""
    draw = random.Random(7)
    words = [IDS.evidence_id, IDS.stage_id, CALLED.code, OTHER, ""]
    verdicts = ("verified", "failed", "errored")
    for _ in range(2000):
        rows = [
            Row(
                name=draw.choice(("tidy", "x")),
                verdict=draw.choice(verdicts),
                stage_id=draw.choice(words),
                evidence_id=draw.choice(words),
                implementation_hash=draw.choice((CALLED.code, OTHER)),
            )
            for _ in range(draw.randrange(4))
        ]
        exact = [
            row
            for row in rows
            if (row.stage_id, row.evidence_id) == (IDS.stage_id, IDS.evidence_id)
        ]
        found = status(*rows)
        assert found in STATUSES
        if found == "verified":
            assert any(row.verdict == "verified" for row in exact)
            assert all(row.verdict != "failed" for row in exact)
        if any(row.verdict == "failed" for row in exact):
            assert found in BAD


def files():
    paths = (path for path in GOLDEN.rglob("*") if path.is_file())
    return {path.relative_to(GOLDEN).as_posix(): path.read_bytes() for path in paths}


def test_a_bundle_says_what_it_called_how_often_and_as_which_stage():
    verdict = verify_bundle(GOLDEN)
    calls = calls_of(BundleFolder(GOLDEN), verdict.proof_digest)
    assert [(each.name, each.attempts, each.ids is None) for each in calls.skills] == [
        ("distinct", 2, False),
        ("first", 1, False),
        ("shout", 1, True),
    ]
    assert not calls.children


@pytest.mark.parametrize("name", ["receipt.json", "manifest.json", "events.jsonl"])
def test_what_is_read_is_the_bundle_that_was_verified(name):
    digest = verify_bundle(GOLDEN).proof_digest
    good = files()
    old = json.loads(good["receipt.json"])["stages"]["first"]["stage_id"].encode()
    edits = {
        "receipt.json": good[name].replace(old, b"0" * 64),
        "manifest.json": good[name].replace(b'"size":', b'"size":1', 1),
        "events.jsonl": good[name].replace(old, b"0" * 64).replace(b'"first"', b'"third"'),
    }
    assert edits[name] != good[name]
    for data in (edits[name], b"", b"{}", b"\xff"):
        with pytest.raises(ReadError, match="not the bundle that was verified"):
            calls_of(MemoryReader({**good, name: data}), digest)


def test_a_bundle_that_is_gone_is_not_judged():
    verdict = verify_bundle(GOLDEN)
    found = check_stages(MemoryReader({}), verdict, Reports([]), None)
    assert (found.result, found.stages) == ("undecided", ())
    assert len(found.problems) == 1


def test_a_bundle_of_format_01_names_no_stages():
    old = GOLDEN.parents[2] / "v0.1" / "basic_success" / "bundle"
    verdict = verify_bundle(old)
    found = check_stages(BundleFolder(old), verdict, Reports([ROW]), None)
    assert found.result == "undecided"
    assert "format 0.1 name no stages" in found.problems[0]


def test_all_together_is_bad_before_it_is_not_known():
    verdict = verify_bundle(GOLDEN)
    ids = json.loads(files()["receipt.json"])["stages"]
    rows = [Row(name=n, verdict="verified", **_of(each)) for n, each in ids.items()]
    reader = BundleFolder(GOLDEN)
    assert check_stages(reader, verdict, Reports(rows), None).result == "undecided"
    rows[0] = msgspec.structs.replace(rows[0], verdict="failed")
    assert check_stages(reader, verdict, Reports(rows), None).result == "bad"


def _of(ids):
    return {"stage_id": ids["stage_id"], "evidence_id": ids["evidence_id"]}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"schema":"workc.stage-tests/2","stages":[]}', "\xff", "[" * 5000,
     '{"schema":"workc.stage-tests/1","stages":[{"name":"a","verdict":"fine"}]}'],
)  # fmt: skip
def test_what_is_no_report_is_refused(tmp_path, text):
    place = tmp_path / "report.json"
    place.write_text(text, "utf-8")
    with pytest.raises(Refusal) as refused:
        rows_of([place])
    assert refused.value.failure.code == "INVALID_INPUT"


def test_results_that_are_kept_are_read_and_what_is_none_is_passed_over(tmp_path):
    kept = tmp_path / "stage-tests"
    kept.mkdir()
    with pytest.raises(Refusal, match="holds no results"):
        rows_of([tmp_path])
    (kept / "a").write_bytes(msgspec.json.encode(ROW))
    (kept / "b").write_text("none")
    (kept / "large").write_bytes(msgspec.json.encode(ROW) + b" " * MAX_FILE_BYTES)
    (kept / "folder").mkdir()
    (kept / "link").symlink_to(kept / "a")
    assert rows_of([tmp_path]) == rows_of([kept]) == [ROW]
