"""Families of format 0.2, and of both formats, in folders: each rule, the guards, what is compared."""

import json

import pytest
from bundles import bundle
from reseal import reseal
from test_family import made, named, rules

import workc

RUN = json.loads(bundle("parent")["receipt.json"])["run_id"]


def receipt_of(files):
    return json.loads(files["receipt.json"])


def changed(name, edit):
    """Returns a golden with an edit and all that follows from it."""
    return reseal(bundle(name), edit, project=True)


def joining(files, number=0, **words):
    """Returns a parent of this child, which says of it what is so, but for ``words``."""
    said = {"proof_digest": receipt_of(files)["proof_digest"], **words}
    return changed("parent", lambda d: d.payload("ChildJoined", number).update(said))


def put(folder, files):
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def judged(folder, parent, *children):
    """Returns the verdict on a parent whose children stand beside it."""
    for number, child in enumerate(children):
        put(folder / "children" / f"c{number}", child)
    return workc.verify_bundle(put(folder / "bundle", parent), recursive=True)


CHILDREN = (bundle("child"), bundle("child_failed"))


@pytest.mark.parametrize("name", ["parent", "parent_failed"])
def test_a_family_passes_whatever_became_of_the_children(name, tmp_path):
    children = CHILDREN
    if name == "parent_failed":
        edits = [{"spawn_index": 1, "step": "a"}, {"spawn_index": 0, "step": "b"}]
        children = [
            changed(child, lambda d, words=words: d.payload("RunStarted")["parent"].update(words))
            for child, words in zip(("child", "child_failed"), edits, strict=True)
        ]
        digests = [receipt_of(child)["proof_digest"] for child in children]
        parent = changed(
            name,
            lambda d: [
                d.payload("ChildJoined", n).update(proof_digest=digest)
                for n, digest in enumerate(digests)
            ],
        )
    else:
        parent = bundle(name)
    verdict = judged(tmp_path, parent, *children)
    assert (verdict.verdict, verdict.failures) == ("PASS", ())
    assert {each.run_id for each in verdict.children} == {"child-0", "child-1"}
    assert not any(text.startswith("children") for text in verdict.not_checked)


def test_a_bundle_alone_says_how_many_children_were_not_looked_at():
    verdict = workc.verify_bundle(bundle("parent"))
    assert verdict.ok
    assert "children: 2 bundles of children were not looked at" in verdict.not_checked


def test_a_child_that_is_not_there_is_missed(tmp_path):
    assert rules(judged(tmp_path, bundle("parent"), CHILDREN[0])) == ["13.01"]


def test_a_child_that_is_bad_fails_its_family(tmp_path):
    bad = {**CHILDREN[0], "events.jsonl": b""}
    assert rules(judged(tmp_path, bundle("parent"), bad, CHILDREN[1])) == ["13.02"]


def test_a_child_that_was_sealed_anew_has_another_digest(tmp_path):
    other = changed("child", lambda d: d.payload("RunStarted").update(seed="7"))
    assert rules(judged(tmp_path, bundle("parent"), other, CHILDREN[1])) == ["13.03"]


def of_parent(**words):
    return lambda d: d.payload("RunStarted")["parent"].update(words)


OTHERS = {
    "13.04": of_parent(run_id="other"),
    "13.09": lambda d: d.payload("RunStarted").update(ceiling_micro_cents=10**6),
    "13.11": lambda d: d.payload("RunStarted").update(nonce="0" * 32),
    "13.12": of_parent(step="other"),
}


@pytest.mark.parametrize("rule", OTHERS)
def test_a_child_that_says_something_else_than_its_parent_is_found(rule, tmp_path):
    child = changed("child", OTHERS[rule])
    assert rules(judged(tmp_path, joining(child), child, CHILDREN[1])) == [rule]


def test_a_child_with_another_number_is_found(tmp_path):
    child = changed("child", of_parent(spawn_index=7))
    assert rules(judged(tmp_path, joining(child), child, CHILDREN[1])) == ["13.12"]


def test_a_child_without_a_parent_is_nobodys(tmp_path):
    child = changed("child", lambda d: d.payload("RunStarted").pop("parent"))
    assert rules(judged(tmp_path, joining(child), child, CHILDREN[1])) == ["13.04"]


def test_a_child_that_ended_otherwise_is_found(tmp_path):
    parent = joining(CHILDREN[1], 1, outcome="partial")
    assert rules(judged(tmp_path, parent, *CHILDREN)) == ["13.05"]


OUTPUT = bundle("child")["artifacts/output.json"].decode()


@pytest.mark.parametrize(("text", "found"), [(OUTPUT, []), ("[]", ["13.13"])])
def test_a_child_gave_what_its_parent_says_that_it_gave(text, found, tmp_path):
    parent = joining(CHILDREN[0], 0, value={"form": "json", "inline": text})
    assert rules(judged(tmp_path, parent, *CHILDREN)) == found


def test_a_child_without_an_output_gave_nothing(tmp_path):
    def give(d):
        ends = [event["payload"] for event in d.events if event["kind"] == "ChildJoined"]
        (failed,) = [end for end in ends if end["outcome"] == "failed"]
        failed["value"] = {"form": "json", "inline": "1"}

    child = bundle("child_failed")
    assert "artifacts/output.json" not in child
    parent = changed("parent_failed", give)
    # The goldens have two parents with the same children, of which these name one each.
    assert "13.13" in rules(judged(tmp_path, parent, child, CHILDREN[0]))


def test_a_child_that_spent_something_else_is_found(tmp_path):
    def spend(d):
        d.payload("BudgetSettled").update(actual=7)
        for number in (0, 1):
            d.payload("BudgetSettled", number)["spent"] -= 353
        d.payload("ChildJoined")["spent_micro_cents"] = 7

    parent = changed("parent", spend)
    assert rules(judged(tmp_path, parent, *CHILDREN)) == ["13.10"]


def test_a_run_that_is_its_own_grandchild_is_refused(tmp_path):
    def be_child(d):
        d.payload("RunStarted").update(
            run_id="child-0", parent={"run_id": RUN, "spawn_index": 0, "step": "a"}
        )
        d.manifest["run_id"] = "child-0"
        for kind in ("ChildSpawned", "ChildJoined"):
            d.payload(kind)["child_run_id"] = RUN

    verdict = judged(tmp_path, bundle("parent"), changed("parent", be_child), CHILDREN[1])
    assert "13.06" in rules(verdict.children[0])


def test_a_child_that_was_halted_is_listed_and_not_looked_for(tmp_path):
    def halt(d):
        joined = d.event("ChildJoined", 1)
        joined.update(kind="CallHalted", payload={"code": "CANCELLED"})
        d.payload("WorkEnded")["halt"] = "CANCELLED"
        d.event("Locked")["payload"] = {"lock_level": "Draft", "outcome": "failed"}

    parent = changed("parent", halt)
    verdict = judged(tmp_path, parent, CHILDREN[0])
    assert (verdict.verdict, verdict.failures) == ("PASS", ())
    assert [child.run_id for child in verdict.children] == ["child-0"]
    halted = receipt_of(parent)["children"][1]
    assert halted["child_run_id"] == "child-1"
    assert not {"outcome", "proof_digest", "spent_micro_cents"} & halted.keys()


def test_a_child_of_format_0_1_has_no_account_to_compare(tmp_path):
    old = made("child-0", parent=RUN)
    parent = changed(
        "parent", lambda d: d.payload("ChildJoined").update(proof_digest=named(old)[1])
    )
    assert judged(tmp_path, parent, old, CHILDREN[1]).ok
    stranger = made("child-0", parent="other")
    digest = named(stranger)[1]
    parent = changed("parent", lambda d: d.payload("ChildJoined").update(proof_digest=digest))
    other = judged(tmp_path / "other", parent, stranger, CHILDREN[1])
    assert rules(other) == ["13.04"]


def test_a_child_of_format_0_2_has_its_parent_of_format_0_1(tmp_path):
    child = changed("child", of_parent(run_id="old"))
    parent = made("old", ("child-0", receipt_of(child)["proof_digest"]))
    verdict = judged(tmp_path, parent, child)
    assert verdict.ok
    assert [each.bundle_version for each in verdict.children] == ["0.2"]


def test_of_two_children_of_a_step_the_last_one_counts():
    """The first one fails, the step tries again, and the second one makes it a success."""

    def retry(d):
        lane = [e for e in d.events if e["at"][:2] == [4, 1]]
        place = d.events.index(lane[0])
        at_ms = d.event("RunStarted")["at_ms"]
        failure = {"code": "TIMEOUT", "details": {"form": "json", "inline": "{}"}, "message": ""}
        again = [json.loads(json.dumps(event)) for event in lane]
        lane[-1]["payload"].pop("value")
        lane[-1]["payload"]["failure"] = failure
        retried = {"after_ms": 1, "attempt": 1, "code": "TIMEOUT", "step": "b"}
        between = [
            {"kind": "RetryScheduled", "payload": retried, "phase": "Act"},
            {"kind": "TimerFired", "payload": {}, "phase": "Act", "at_ms": at_ms},
        ]
        for number, event in enumerate(again):
            if "n" in event["payload"]:
                event["payload"]["n"] += 2 + number % 2
        reserved, spawned, joined, settled, executed = (event["payload"] for event in again)
        reserved["n"], settled["n"], settled["grant"] = 4, 5, 4
        spent = d.payload("BudgetSettled", 1)["spent"]
        reserved.update(reserved=reserved["bound"], spent=spent)
        settled.update(reserved=0, spent=spent)
        executed["attempt"] = 2
        spawned.update(child_run_id="child-2", spawn_index=2)
        joined.update(child_run_id="child-2", spawn_index=2, outcome="success")
        d.events[place : place + 5] = [*lane, *between, *again]
        for number, event in enumerate(d.events[place : place + 12]):
            event["at"] = [4, 1, number]
        d.payload("ChildSpawned", 1)["critical"] = True
        d.event("Locked")["payload"] = {"lock_level": "Staged", "outcome": "success"}

    verdict = workc.verify_bundle(changed("parent", retry))
    assert (verdict.verdict, verdict.failures) == ("PASS", ())
