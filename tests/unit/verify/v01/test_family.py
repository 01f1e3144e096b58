"""Children, verified with their parent: each rule, the guards, and where bundles are looked for."""

import json
import shutil
from pathlib import Path

import pytest
from sealing import Draft

import workc
from workc.api.transport import pack
from workc.verify import family
from workc.verify.family import FAMILY_RULES, verify_family
from workc.verify.reader import MemoryReader

GOLDEN = Path(__file__).parents[3] / "golden" / "v0.1"
DOCUMENTS = {"receipt.json", "events.jsonl", "manifest.json"}


def files_of(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def made(loop_id, *children, parent=None, outcome="success"):
    """Returns a bundle; ``children`` are bundles, or pairs of id and digest."""
    files = files_of(GOLDEN / "basic_success" / "bundle")
    receipt = json.loads(files["receipt.json"])
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    receipt.update(loop_id=loop_id, parent_loop_id=parent, children=[])
    draft = Draft(receipt, events, {p: d for p, d in files.items() if p not in DOCUMENTS})
    for event in draft.events:
        event["loop_id"] = loop_id
    draft.receipt["outcome"]["status"] = outcome
    draft.payload("Locked")["outcome"] = draft.receipt["outcome"]
    for index, child in enumerate(children):
        child_id, digest = child if isinstance(child, tuple) else named(child)
        of_child = {"child_loop_id": child_id, "critical": True, "spawn_index": index}
        joined = {"child_loop_id": child_id, "child_proof_digest": digest}
        place = draft.place("VerificationRun")
        draft.insert(place, "ChildSpawned", "Act", of_child)
        draft.insert(place + 1, "ChildJoined", "Act", joined)
        draft.receipt["children"].append({**of_child, **joined, "outcome_status": "success"})
    return draft.seal()


def named(bundle):
    receipt = json.loads(bundle["receipt.json"])
    return receipt["loop_id"], receipt["integrity"]["proof_digest"]


class InMemory:
    def __init__(self, *bundles):
        self.bundles = bundles

    def find(self, run_id):
        return [MemoryReader(b) for b in self.bundles if named(b)[0] == run_id]


def judged(parent, *relatives):
    return verify_family(MemoryReader(parent), InMemory(*relatives))


def rules(verdict):
    return [finding.rule for finding in verdict.failures]


def test_three_generations_pass_and_each_has_its_verdict():
    grandchild = made("c", parent="b")
    child = made("b", grandchild, parent="a")
    verdict = judged(made("a", child), child, grandchild)
    assert verdict.ok
    assert verdict.run_id == "a"
    assert [each.run_id for each in verdict.children] == ["b"]
    assert [each.run_id for each in verdict.children[0].children] == ["c"]
    assert not any(text.startswith("children") for text in verdict.not_checked)
    assert verdict.to_json()["children"][0]["children"][0]["run_id"] == "c"


def test_children_that_were_not_looked_at_are_said():
    parent = made("a", ("b", "0" * 64), ("c", "1" * 64))
    verdict = workc.verify_bundle(parent)
    assert verdict.ok
    assert "children: 2 bundles of children were not looked at" in verdict.not_checked


def test_a_bundle_without_children_is_judged_alone():
    assert judged(made("a")).ok


def test_a_bad_parent_is_judged_alone():
    parent = {**made("a", made("b", parent="a")), "more": b""}
    assert judged(parent).codes() == ("UNLISTED_FILE",)


CHILD = made("b", parent="a")
NO_RECEIPT = json.dumps(
    {"loop_id": "b", "receipt_version": "0.1.0", "integrity": {"proof_digest": ""}}
)
FAMILIES = {
    "13.01": [
        (made("a", CHILD), ()),
        (made("a", CHILD), (made("c", parent="a"),)),
    ],
    "13.02": [
        (made("a", CHILD), ({**CHILD, "more": b""},)),
        (made("a", CHILD), ({**CHILD, "events.jsonl": b""},)),
        (made("a", CHILD), ({**CHILD, "receipt.json": NO_RECEIPT.encode()},)),
    ],
    "13.03": [
        (made("a", ("b", "0" * 64)), (CHILD,)),
        (made("a", CHILD), (made("b", made("c", parent="b"), parent="a"), made("c", parent="b"))),
    ],
    "13.04": [
        (made("a", made("b", parent="x")), (made("b", parent="x"),)),
        (made("a", made("b")), (made("b"),)),
    ],
    "13.05": [
        (made("a", made("b", parent="a", outcome=other)), (made("b", parent="a", outcome=other),))
        for other in ("partial", "failed")
    ],
    "13.06": [
        (made("a", ("a", "0" * 64)), ()),
        (
            made("a", made("b", ("a", "0" * 64), parent="a")),
            (made("b", ("a", "0" * 64), parent="a"),),
        ),
    ],
}


@pytest.mark.parametrize(
    ("rule", "parent", "relatives"),
    [(rule, *each) for rule, families in FAMILIES.items() for each in families],
)
def test_a_family_that_is_not_as_recorded_fails(rule, parent, relatives):
    verdict = judged(parent, *relatives)
    assert verdict.verdict == "FAIL"
    assert set(verdict.codes()) == {"CHILD_MISMATCH"}
    assert (verdict.run_id, verdict.proof_digest) == (None, None)
    assert not verdict.undecided
    deepest = verdict
    while deepest.children and deepest.children[0].failures:
        deepest = deepest.children[0]
    assert rule in (*rules(verdict), *rules(deepest))


def test_of_two_bundles_of_one_run_the_recorded_one_counts():
    other = made("b", parent="a", outcome="partial")
    assert judged(made("a", CHILD), {**other, "x": b""}, other, CHILD).ok


def test_of_two_bundles_of_one_run_the_one_that_passes_counts():
    parent = made("a", CHILD)
    assert judged(parent, {**CHILD, "x": b""}, CHILD).ok
    assert judged(parent, CHILD, {**CHILD, "x": b""}).ok


def test_a_bundle_is_verified_once_however_often_its_run_is_named():
    class Counting(InMemory):
        found = 0

        def find(self, run_id):
            self.found += 1
            return super().find(run_id)

    relatives = Counting(CHILD)
    verdict = verify_family(MemoryReader(made("a", *[CHILD] * 20)), relatives)
    assert relatives.found == 1
    assert len(verdict.children) == 20


def test_bundles_are_counted_and_not_the_runs_that_name_them(monkeypatch):
    monkeypatch.setattr(family, "MAX_BUNDLES", 3)
    assert judged(made("a", CHILD), *[CHILD] * 3).ok
    assert rules(judged(made("a", CHILD), *[CHILD] * 4)) == ["13.08"]


def line_of(depth):
    """Returns parent and descendants, one a generation."""
    bundles = [made(f"g{depth}", parent=f"g{depth - 1}")]
    for number in range(depth - 1, -1, -1):
        parent = f"g{number - 1}" if number else None
        bundles.append(made(f"g{number}", bundles[-1], parent=parent))
    return bundles[::-1]


def test_sixteen_generations_of_children_are_judged_and_one_more_is_not():
    assert judged(*line_of(family.MAX_DEPTH)).ok
    verdict = judged(*line_of(family.MAX_DEPTH + 1))
    assert not verdict.ok
    while verdict.children and verdict.children[0].failures:
        verdict = verdict.children[0]
    assert verdict.codes() == ("LIMIT_EXCEEDED",)
    assert verdict.undecided


def test_a_family_is_judged_up_to_its_limit(monkeypatch):
    children = [made(name, parent="a") for name in "bcd"]
    parent = made("a", *children)
    monkeypatch.setattr(family, "MAX_BUNDLES", 3)
    assert judged(parent, *children).ok
    monkeypatch.setattr(family, "MAX_BUNDLES", 2)
    verdict = judged(parent, *children)
    assert rules(verdict) == ["13.08"]
    assert verdict.undecided


def test_every_rule_of_families_has_a_number_and_a_code():
    assert {rule.code for rule in FAMILY_RULES} == {"CHILD_MISMATCH", "LIMIT_EXCEEDED"}
    assert len({rule.number for rule in FAMILY_RULES}) == len(FAMILY_RULES)


# ------------------------------------------------------------------------------------- folders


@pytest.fixture
def golden(tmp_path):
    shutil.copytree(GOLDEN / "parallel_children_coordination", tmp_path / "golden")
    return tmp_path / "golden"


def test_children_are_found_beside_their_parent(golden):
    verdict = workc.verify_bundle(golden / "bundle", recursive=True)
    assert verdict.ok
    assert len(verdict.children) == 3


def test_children_are_found_in_the_folders_that_one_names_and_nowhere_else(golden, tmp_path):
    (golden / "children").rename(tmp_path / "kept")
    bundle = golden / "bundle"
    assert rules(workc.verify_bundle(bundle, recursive=True)) == ["13.01"] * 3
    assert workc.verify_bundle(bundle, recursive=True, children=[tmp_path / "kept"]).ok
    none = workc.verify_bundle(bundle, recursive=True, children=[tmp_path / "nowhere"])
    assert rules(none) == ["13.01"] * 3


def test_children_may_stand_as_bundle_in_folders_of_their_own(golden, tmp_path):
    for child in (golden / "children").iterdir():
        shutil.move(child, tmp_path / "runs" / child.name / "bundle")
    found = workc.verify_bundle(golden / "bundle", recursive=True, children=[tmp_path / "runs"])
    assert found.ok


def test_links_to_children_are_not_followed(golden, tmp_path):
    (golden / "children").rename(tmp_path / "kept")
    (golden / "children").mkdir()
    for child in (tmp_path / "kept").iterdir():
        (golden / "children" / child.name).symlink_to(child)
    assert rules(workc.verify_bundle(golden / "bundle", recursive=True)) == ["13.01"] * 3
    for child in (tmp_path / "kept").iterdir():
        (tmp_path / "runs" / child.name).mkdir(parents=True)
        (tmp_path / "runs" / child.name / "bundle").symlink_to(child)
    found = workc.verify_bundle(golden / "bundle", recursive=True, children=[tmp_path / "runs"])
    assert rules(found) == ["13.01"] * 3


def test_children_may_be_archives(golden, tmp_path):
    for child in (golden / "children").iterdir():
        (tmp_path / "runs").mkdir(exist_ok=True)
        pack(child, tmp_path / "runs" / f"{child.name}.workc")
    (tmp_path / "runs" / "notes.txt").write_text("no bundle")
    found = workc.verify_bundle(golden / "bundle", recursive=True, children=[tmp_path / "runs"])
    assert found.ok


def test_a_changed_child_is_named_with_what_is_wrong(golden):
    child = golden / "children" / "loop-docs-cli"
    (child / "manifest.json").write_bytes(b"{}")
    verdict = workc.verify_bundle(golden / "bundle", recursive=True)
    (finding,) = verdict.failures
    assert (finding.code, finding.rule) == ("CHILD_MISMATCH", "13.02")
    assert finding.message == "loop-docs-cli: its bundle does not pass: BUNDLE_MALFORMED"


def test_a_bundle_in_memory_has_no_folder_to_look_in():
    assert rules(workc.verify_bundle(made("a", CHILD), recursive=True)) == ["13.01"]
