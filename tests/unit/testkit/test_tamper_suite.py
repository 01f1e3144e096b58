"""The suite finds everything in every small bundle; and it notices when the oracle lacks a rule."""

import json
from collections import Counter
from pathlib import Path

import pytest
from bundles import NAMES, bundle

from workc.adapters.bundle_folder import BundleFolder
from workc.sim.tamper.catalog import Plan
from workc.sim.tamper.formats import format_of
from workc.sim.tamper.mutant import Group
from workc.sim.tamper.place import HASH, UNPROVABLE
from workc.testkit import TamperError, run_suite, tamper_links
from workc.testkit.tamper_folder import TamperFolder
from workc.testkit.tamper_report import MAX_SURPRISES, TamperReport
from workc.testkit.tamper_suite import BUDGET, MIN_BUDGET, budget_of, oracle
from workc.verify.reader import MemoryReader
from workc.verify.v01.rules import RULES as RULES_01
from workc.verify.v02.rules import RULES
from workc.verify.verifier import Expectations, verify

QUICK = 1_500
GOLDEN = Path(__file__).parents[2] / "golden/v0.1"


@pytest.mark.parametrize("name", NAMES)
def test_every_mutant_of_every_small_bundle_is_found_as_it_must_be(name):
    report = run_suite(bundle(name), budget=3_000)
    assert report.surprises == []
    assert report.ok
    assert report.mutants == report.detected == report.exact > 2_000
    assert report.is_sampled


def test_the_report_counts_every_class_once_and_is_the_same_every_time():
    report = run_suite(bundle("staged"), budget=QUICK)
    document = report.to_json()
    assert document == run_suite(bundle("staged"), budget=QUICK).to_json()
    assert sum(row["mutants"] for row in document["classes"]) == report.mutants
    form = format_of(bundle("staged"))
    folders = tamper_links.folder_groups(form.components)
    assert report.size == len(form.groups) + len(folders)
    assert len(report.classes) + len(report.missed) == report.size
    assert sum(sum(row.values()) for row in report.matrix().values()) == report.mutants
    receipt = json.loads(bundle("staged")["receipt.json"])
    assert (report.run_id, report.proof_digest) == (receipt["run_id"], receipt["proof_digest"])


def test_progress_is_told_for_each_mutant():
    told = []
    run_suite(bundle("staged"), budget=900, watch=lambda done, size: told.append((done, size)))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][0] <= told[-1][1]


def test_a_bundle_that_does_not_verify_has_no_mutants():
    with pytest.raises(TamperError, match="BUNDLE_MALFORMED"):
        run_suite({**bundle("staged"), "receipt.json": b""})
    with pytest.raises(TamperError, match="not every step"):
        run_suite(bundle("staged"), ask=blind({"3.01", "3.04", "8.01"}, drop=("manifest.json",)))


def blind(rules, *, drop=()):
    """Returns an oracle without some rules, and, to be blind for, without some files."""

    def ask(reader, digest):
        if drop:
            files = {path: data for path, data in bundle("staged").items() if path not in drop}
            reader = MemoryReader(files)
        return verify(reader, Expectations(proof_digest=digest), without=rules)

    return ask


@pytest.mark.parametrize(
    ("rule", "name"),
    [("2.02", "staged"), ("3.24", "staged"), ("4.06", "staged"), ("5.01", "success"),
     ("6.21", "staged"), ("7.01", "paid"), ("8.12", "staged"), ("9.01", "staged")],
)  # fmt: skip
def test_the_score_drops_when_a_rule_is_taken_out(rule, name):
    report = run_suite(bundle(name), budget=QUICK, ask=blind({rule}))
    assert not report.ok
    assert report.exact < report.mutants
    assert report.surprises


#: Rules that no mutant shows, each with its reason.
UNREACHED_02 = {
    "2.05": "no file system holds one path twice",
    "2.07": "a million names",
    "2.08": "a disk that fails",
    "2.09": "what is asked about is a folder",
    "3.02": "a document of 256 MiB",
    "3.03": "a disk that fails",
    "3.25": "a file of 8 GiB",
    "3.26": "a disk that fails",
    "4.04": "a line of 16 MiB",
    "4.05": "ten million events",
    "4.11": "a disk that fails",
    "6.24": "no golden is of a policy that speaks of effects",
    "6.33": "no golden is of a policy that speaks of lenses",
    "8.02": "a document of 256 MiB",
    "8.03": "a disk that fails",
    "10.03": "the caller demands a digest, not a run",
    "10.04": "the caller demands a digest, not a nonce",
    "10.05": "the caller demands a digest, not a time",
}
UNREACHED_01 = {
    "2.05": "no file system holds one path twice",
    "2.07": "a million names",
    "2.08": "a disk that fails",
    "2.09": "what is asked about is a folder",
    "3.02": "a document of 256 MiB",
    "3.03": "a disk that fails",
    "3.13": "a file of 8 GiB",
    "3.16": "a disk that fails",
    "4.01": "a document of 256 MiB",
    "4.02": "a disk that fails",
    "5.01": "a disk that fails",
    "5.02": "a line of 16 MiB",
    "5.03": "ten million events",
    "10.03": "the caller demands a digest, not a run",
    "10.04": "the caller demands a digest, not a nonce",
    "10.05": "the caller demands a digest, not a time",
}
#: So many mutants of each rule are judged again without it.
SAMPLES = 60


def first_of(verdict):
    return (verdict.failures[0].step, verdict.failures[0].code) if verdict.failures else None


def noticed(bundles):
    """Returns the rules without which some mutant is found elsewhere, or not at all."""
    seen, found = Counter(), set()
    for files in bundles:
        digest = verify(MemoryReader(files)).proof_digest
        for reader in readers(files):
            for wanted in (None, digest):
                verdict = oracle(reader, wanted)
                rule = verdict.failures[0].rule if verdict.failures else None
                seen[rule] += 1
                if rule is None or rule in found or seen[rule] > SAMPLES:
                    continue
                if first_of(blind({rule})(reader, wanted)) != first_of(verdict):
                    found.add(rule)
    return found


def readers(files):
    for _, mutant in Plan(files, 1).mutants():
        yield MemoryReader(mutant.files)
    for mutant in tamper_links.folder_mutants(files):
        with tamper_links.made(mutant, files) as folder:
            yield BundleFolder(folder)


def goldens_01():
    return [dict(TamperFolder(path.parent)) for path in sorted(GOLDEN.rglob("receipt.json"))]


@pytest.mark.parametrize(
    ("rules", "bundles", "unreached"),
    [
        (RULES, lambda: map(bundle, NAMES), UNREACHED_02),
        (RULES_01, goldens_01, UNREACHED_01),
    ],
    ids=["0.2", "0.1"],
)
def test_every_rule_that_a_mutant_can_show_is_needed_and_the_others_are_named(
    rules, bundles, unreached
):
    numbers = {rule.number for rule in rules}
    assert numbers - noticed(bundles()) == unreached.keys()


def test_a_verifier_that_says_yes_or_raises_detects_nothing():
    good = verify(MemoryReader(bundle("staged")))
    report = run_suite(bundle("staged"), budget=QUICK, ask=lambda reader, digest: good)
    assert (report.detected, report.exact, report.ok) == (0, 0, False)
    assert len(report.surprises) == MAX_SURPRISES

    def fragile(reader, digest):
        verdict = oracle(reader, digest)
        return verdict if verdict.ok else 1 / 0

    report = run_suite(bundle("staged"), budget=QUICK, ask=fragile)
    assert {surprise.actual for surprise in report.surprises} == {"raised ZeroDivisionError"}
    assert report.detected == 0


def test_a_right_verdict_for_the_wrong_reason_is_no_score():
    report = TamperReport((Group("x", "events", 0),))
    report.take(Group("x", "events", 0), HASH, "references HASH_MISMATCH", "there")
    assert (report.mutants, report.detected, report.exact, report.ok) == (1, 1, 0, False)
    assert not TamperReport(()).ok


def test_what_is_not_provable_must_pass_with_another_digest_and_be_found_by_it():
    def deaf(reader, _digest):
        return verify(reader)

    report = run_suite(bundle("staged"), budget=QUICK, ask=deaf)
    assert report.detected < report.mutants
    wanted = " ".join(UNPROVABLE)
    assert {surprise.expected for surprise in report.surprises} == {wanted}
    assert {surprise.actual for surprise in report.surprises} == {"PASS"}


def test_the_budget_follows_the_size_of_the_bundle():
    assert budget_of({}) == BUDGET
    assert budget_of({"x": b"0" * 1_000_000}) == BUDGET
    assert budget_of({"x": bytes(20_000_000)}) == MIN_BUDGET


def test_a_folder_of_a_mutant_is_gone_after_it_was_judged():
    (mutant, *_) = tamper_links.folder_mutants(bundle("staged"))
    with tamper_links.made(mutant, bundle("staged")) as folder:
        assert folder.is_dir()
    assert not folder.parent.exists()


def test_the_classes_of_folders_are_those_that_are_made():
    made = {mutant.group for mutant in tamper_links.folder_mutants(bundle("success"))}
    components = format_of(bundle("success")).components
    assert made == set(tamper_links.folder_groups(components))
