"""The leaves of the eight trees: their fields, their order, and documents that have none."""

import json

import pytest

from workc.bundle.v01.leaves import (
    RECEIPT_TREES,
    LeafError,
    event_leaf,
    manifest_leaves,
    receipt_leaves,
)
from workc.bundle.v01.merkle import Tree
from workc.kernel.failure import Misuse


def leaves(tree, receipt):
    return [json.loads(leaf) for leaf in receipt_leaves(tree, receipt)]


def test_an_event_leaf_is_its_hash_and_its_number():
    assert event_leaf("ab", 7) == b'{"event_hash":"ab","seq":7}'


def test_evidence_is_what_the_manifest_lists_below_its_folder_by_path():
    files = [
        {"path": "evidence/b", "sha256": "2", "size_bytes": 9},
        {"path": "events.jsonl", "sha256": "0"},
        {"path": "evidence/a", "sha256": "1"},
        {"path": "evidence", "sha256": "3"},
    ]
    assert manifest_leaves({"files": files}) == [
        b'{"path":"evidence/a","sha256":"1"}',
        b'{"path":"evidence/b","sha256":"2"}',
    ]
    assert files[0]["path"] == "evidence/b"


def test_artifacts_are_inputs_before_outputs_each_by_path_and_hash():
    receipt = {
        "artifacts": {
            "outputs": [{"path": "a", "sha256": "3", "size_bytes": 1, "kind": "File"}],
            "inputs": [
                {"path": "z", "sha256": "1"},
                {"path": "a", "sha256": "2"},
                {"path": "a", "sha256": "1"},
            ],
        }
    }
    assert leaves(Tree.ARTIFACTS, receipt) == [
        {"io": "in", "path": "a", "sha256": "1"},
        {"io": "in", "path": "a", "sha256": "2"},
        {"io": "in", "path": "z", "sha256": "1"},
        {"io": "out", "path": "a", "sha256": "3"},
    ]


def test_lens_items_are_ordered_by_kind_uri_and_hash_without_their_weight():
    def item(kind, uri, sha256):
        times = {"ts_utc": "t", "provenance": "p"}
        return {"kind": kind, "uri": uri, "sha256": sha256, **times}

    items = [item("b", "a", "1"), item("a", "b", "0"), item("a", "a", "9"), item("a", "a", "8")]
    receipt = {"lens": {"items": [{**each, "weight": 5} for each in items]}}
    assert leaves(Tree.LENS, receipt) == [items[3], items[2], items[1], items[0]]


def test_effects_are_the_declared_ones_by_op_and_selector():
    declared = [
        {"op": "WriteFS", "selector": "fs:a"},
        {"op": "Exec", "selector": "exec:b", "why": "unknown"},
        {"op": "Exec", "selector": "exec:a"},
    ]
    assert leaves(Tree.EFFECTS, {"effects": {"declared": declared}}) == [
        {"op": "Exec", "selector": "exec:a"},
        {"op": "Exec", "selector": "exec:b"},
        {"op": "WriteFS", "selector": "fs:a"},
    ]


def test_gates_are_ordered_by_the_name_of_their_phase_and_absent_evidence_is_null():
    gates = [
        {"phase": "Verify", "gate_id": "a", "passed": True},
        {"phase": "Act", "gate_id": "c", "passed": False, "evidence": None},
        {"phase": "Act", "gate_id": "b", "passed": True, "evidence": "evidence/g"},
    ]
    assert leaves(Tree.GATES, {"gates": gates}) == [
        {"phase": "Act", "gate_id": "b", "passed": True, "evidence": "evidence/g"},
        {"phase": "Act", "gate_id": "c", "passed": False, "evidence": None},
        {"phase": "Verify", "gate_id": "a", "passed": True, "evidence": None},
    ]


def test_results_are_ordered_by_the_name_of_their_level_and_their_check():
    results = [
        {"level": "Syntactic", "check_id": "a", "passed": True},
        {"level": "Acceptance", "check_id": "b@2", "passed": True, "evidence": "e", "x": 1},
        {"level": "Acceptance", "check_id": "b@10", "passed": False},
    ]
    assert leaves(Tree.VERIFICATION, {"verification": {"results": results}}) == [
        {"level": "Acceptance", "check_id": "b@10", "passed": False, "evidence": None},
        {"level": "Acceptance", "check_id": "b@2", "passed": True, "evidence": "e"},
        {"level": "Syntactic", "check_id": "a", "passed": True, "evidence": None},
    ]


def test_children_are_ordered_by_spawn_and_name_the_receipt_as_their_parent():
    def child(index):
        return {
            "spawn_index": index,
            "child_loop_id": f"c{index}",
            "critical": index == 2,
            "child_proof_digest": "d",
        }

    receipt = {
        "loop_id": "me",
        "parent_loop_id": "mine",
        "children": [{**child(10), "outcome_status": "success"}, child(2)],
    }
    before = list(receipt["children"])
    assert leaves(Tree.WORKGRAPH, receipt) == [
        {**child(2), "parent_loop_id": "me"},
        {**child(10), "parent_loop_id": "me"},
    ]
    assert receipt["children"] == before


def test_text_is_ordered_by_its_bytes_and_not_by_utf_16_units():
    paths = ["evidence/\U0001f600", "evidence/\uffff", "evidence/\ue000"]
    files = [{"path": path, "sha256": ""} for path in paths]
    found = [json.loads(leaf)["path"] for leaf in manifest_leaves({"files": files})]
    assert found == sorted(paths, key=str.encode) == paths[::-1]


def test_entries_with_equal_keys_keep_their_order():
    gates = [{"phase": "Act", "gate_id": "a", "passed": flag} for flag in (True, False)]
    assert [leaf["passed"] for leaf in leaves(Tree.GATES, {"gates": gates})] == [True, False]
    gates.reverse()
    assert [leaf["passed"] for leaf in leaves(Tree.GATES, {"gates": gates})] == [False, True]


@pytest.mark.parametrize(
    ("tree", "receipt", "reason"),
    [
        (Tree.ARTIFACTS, {}, "artifacts is missing"),
        (Tree.ARTIFACTS, {"artifacts": []}, "artifacts is not an object"),
        (Tree.ARTIFACTS, {"artifacts": {"inputs": []}}, "outputs is missing"),
        (Tree.LENS, {"lens": {"items": {}}}, "items is not a list"),
        (Tree.LENS, {"lens": {"items": [1]}}, "an entry of items is not an object"),
        (Tree.EFFECTS, {"effects": {"declared": [{"op": 1, "selector": ""}]}}, "op is not text"),
        (Tree.GATES, {"gates": [{"phase": "", "gate_id": ""}]}, "passed is missing"),
        (Tree.WORKGRAPH, {"children": [{"spawn_index": True}]}, "spawn_index is not an integer"),
        (Tree.WORKGRAPH, {"children": [{"spawn_index": "1"}]}, "spawn_index is not an integer"),
        (Tree.WORKGRAPH, {"children": []}, "loop_id is missing"),
        (Tree.VERIFICATION, {"verification": {"results": None}}, "results is not a list"),
    ],
)
def test_a_receipt_without_what_a_leaf_needs_is_refused(tree, receipt, reason):
    with pytest.raises(LeafError, match=f"^{reason}$"):
        receipt_leaves(tree, receipt)


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ({"files": [{"path": None}]}, "path is not text"),
        ({"files": [{"path": "evidence/a"}]}, "sha256 is missing"),
    ],
)
def test_a_manifest_without_what_a_leaf_needs_is_refused(manifest, reason):
    with pytest.raises(LeafError, match=f"^{reason}$"):
        manifest_leaves(manifest)


def test_two_trees_are_not_made_from_the_receipt():
    assert set(Tree) - set(RECEIPT_TREES) == {Tree.EVENT_LOG, Tree.EVIDENCE}
    for tree in (Tree.EVENT_LOG, Tree.EVIDENCE):
        with pytest.raises(Misuse, match="do not stand in the receipt"):
            receipt_leaves(tree, {})
