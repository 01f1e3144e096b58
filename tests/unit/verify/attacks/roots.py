"""Sections 8 and 9: roots and the proof digest."""

import json

from bundles import bundle
from reseal import second

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
