"""Sections 8 and 9: roots and the proof digest."""

import json

from bundles import bundle
from reseal import build, second

from attacks.attack import sealed


def _root_case(name):
    suffix = "EVENTLOG" if name == "events" else name.upper()

    def edit(d):
        d.roots = {name: {"root": "0" * 64, "size": 0}}

    edit.__name__ = f"another_root_of_{name}"
    sealed("set", f"MERKLE_MISMATCH_{suffix}", "roots", project=False)(edit)


for _name in second.ROOTS:
    _root_case(_name)


def _larger_root_case(name):
    suffix = "EVENTLOG" if name == "events" else name.upper()

    def edit(d):
        root = json.loads(d.seal(project=False)["receipt.json"])["roots"][name]
        d.roots = {name: {**root, "size": root["size"] + 1}}

    edit.__name__ = f"a_root_of_{name}_of_one_leaf_more"
    sealed("grow", f"MERKLE_MISMATCH_{suffix}", "roots", project=False)(edit)


for _name in second.ROOTS:
    _larger_root_case(_name)


@sealed("set", "PROOF_DIGEST_MISMATCH", "digest", project=False)
def a_proof_digest_changed(d):
    d.keep.add("proof_digest")
    d.receipt["proof_digest"] = "0" * 64


@sealed("respell", "PROOF_DIGEST_MISMATCH", "digest", project=False)
def a_proof_digest_in_capitals(d):
    d.keep.add("proof_digest")
    d.receipt["proof_digest"] = d.receipt["proof_digest"].upper()


@sealed("splice", "PROOF_DIGEST_MISMATCH", "digest", project=False)
def the_proof_digest_of_another_run(d):
    d.keep.add("proof_digest")
    d.receipt["proof_digest"] = json.loads(bundle("paid")["receipt.json"])["proof_digest"]


def _events_root(d, leaves, size):
    d.roots = {"events": {"root": build.tree_hash(leaves(d._chained())).hex(), "size": size}}


@sealed("repeat", "MERKLE_MISMATCH_EVENTLOG", "roots", project=False)
def a_root_over_the_last_line_twice(d):
    """Trees that pair an odd last leaf with itself have one root for both."""
    _events_root(d, lambda lines: [*lines, lines[-1]], len(d.events))


@sealed("retype", "MERKLE_MISMATCH_EVENTLOG", "roots", project=False)
def a_root_that_takes_an_inner_node_for_a_leaf(d):
    """Trees that hash leaves as they hash nodes have one root for both."""

    def halved(lines):
        cut = 1 << (len(lines) - 1).bit_length() - 1
        return [build.tree_hash(lines[:cut]) + build.tree_hash(lines[cut:])]

    _events_root(d, halved, 1)
