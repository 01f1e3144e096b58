"""Every golden verifies, shows the digest it had on its first day, and shows what it is for."""

import json
from pathlib import Path

import pytest

import workc

GOLDEN = Path(__file__).parent
BUNDLES = sorted(path.parent for path in GOLDEN.glob("v*/**/receipt.json"))
V01 = GOLDEN / "v0.1"


def receipt_of(folder):
    return json.loads((folder / "receipt.json").read_text("utf-8"))


def events_of(folder):
    lines = (folder / "events.jsonl").read_text("utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda path: str(path.relative_to(GOLDEN)))
def test_a_golden_passes_with_its_own_digest(folder):
    verdict = workc.verify_bundle(folder)
    assert (verdict.verdict, verdict.failures) == ("PASS", ())
    receipt = receipt_of(folder)
    assert verdict.proof_digest == receipt.get("integrity", receipt)["proof_digest"]


def test_there_are_as_many_bundles_as_the_list_says():
    sums = (GOLDEN / "SHA256SUMS").read_text("utf-8")
    assert len(BUNDLES) == sums.count("/receipt.json\n") >= 11


def test_the_children_are_the_bundles_that_their_parent_names():
    parent = receipt_of(V01 / "parallel_children_coordination/bundle")
    joined = [
        event["payload"]["child_loop_id"]
        for event in events_of(V01 / "parallel_children_coordination/bundle")
        if event["kind"] == "ChildJoined"
    ]
    assert [child["spawn_index"] for child in parent["children"]] == [0, 1, 2]
    assert joined != [child["child_loop_id"] for child in parent["children"]]
    for child in parent["children"]:
        folder = V01 / "parallel_children_coordination/children" / child["child_loop_id"]
        receipt = receipt_of(folder)
        assert workc.verify_bundle(folder).proof_digest == child["child_proof_digest"]
        assert receipt["outcome"]["status"] == child["outcome_status"]
        assert receipt["parent_loop_id"] == parent["loop_id"]
    statuses = [(child["critical"], child["outcome_status"]) for child in parent["children"]]
    assert (False, "partial") in statuses
    assert parent["outcome"]["status"] == "partial"


def test_two_hundred_effects_became_fifty():
    effects = receipt_of(V01 / "effect_compression/bundle")["effects"]
    assert (len(effects["executed_raw"]), len(effects["declared"])) == (200, 50)
    assert effects["compression"] == {
        "algorithm": "TrieMerge-v0.1",
        "input_count": 200,
        "output_count": 50,
    }


def test_the_errors_are_of_all_tiers():
    names = ("strategies", "tiered_recovery")
    found = {error["class"] for n in names for error in receipt_of(V01 / n / "bundle")["errors"]}
    assert found == {"Recoverable", "Unrecoverable", "PatternFailure", "Catastrophic"}


def test_the_lists_of_the_unexercised_are_not_in_the_order_of_their_leaves():
    receipt = receipt_of(V01 / "unexercised/bundle")
    lists = [
        (receipt["lens"]["items"], ("kind", "uri", "sha256")),
        (receipt["gates"], ("phase", "gate_id")),
        (receipt["verification"]["results"], ("level", "check_id")),
        (receipt["artifacts"]["inputs"], ("path", "sha256")),
        (receipt["artifacts"]["outputs"], ("path", "sha256")),
    ]
    for entries, fields in lists:
        keys = [[entry[field] for field in fields] for entry in entries]
        assert len(keys) > 2
        assert keys != sorted(keys)


def test_the_unexercised_hold_keys_that_two_orders_put_differently():
    line = (V01 / "unexercised/bundle/events.jsonl").read_text("utf-8").split("\n")[0]
    keys = list(json.loads(line)["payload"]["odd_keys"])
    assert keys == sorted(keys, key=str.encode)
    assert keys != sorted(keys, key=lambda key: key.encode("utf-16-be"))
