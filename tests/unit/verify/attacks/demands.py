"""Section 10: good bundles that are not the one that the caller wants."""

import json
from functools import partial

from bundles import bundle
from reseal import reseal

from attacks.attack import attack
from workc.verify.verifier import Expectations

NAME = "staged"
RECEIPT = json.loads(bundle(NAME)["receipt.json"])


def _start(d, **fields):
    d.payload("RunStarted").update(fields)
    d.manifest["run_id"] = fields.get("run_id", d.manifest["run_id"])


def _a_day_before(d):
    for event in d.events:
        if "at_ms" in event:
            event["at_ms"] -= 86_400_000


def unwanted(what, operator, wanted, edit=None):
    """Adds a good bundle for a caller who wants another."""
    files = partial(reseal, bundle(NAME), edit, project=True) if edit else partial(bundle, NAME)
    attack(what, operator, "DIGEST_UNEXPECTED", "expectations", files, wanted=wanted, alone=True)


unwanted("another_digest_wanted", "demand", Expectations(proof_digest="0" * 64))
unwanted("another_run_wanted", "demand", Expectations(run_id="other"))
unwanted("another_nonce_wanted", "demand", Expectations(nonce="0" * 32))
unwanted("a_later_run_wanted", "demand", Expectations(not_before_ms=RECEIPT["ended_ms"] + 1))
unwanted(
    "a_digest_wanted_in_capitals",
    "respell",
    Expectations(proof_digest=RECEIPT["proof_digest"].upper()),
)

# An old bundle in place of the one that is wanted.
unwanted(
    "a_digest_of_another_run",
    "replay",
    Expectations(proof_digest=RECEIPT["proof_digest"]),
    partial(_start, seed="7"),
)
unwanted(
    "a_run_of_another_id",
    "replay",
    Expectations(run_id=RECEIPT["run_id"]),
    partial(_start, run_id="old"),
)
unwanted(
    "a_run_of_another_nonce",
    "replay",
    Expectations(nonce=RECEIPT["nonce"]),
    partial(_start, nonce="0" * 32),
)
unwanted(
    "a_run_of_the_day_before",
    "replay",
    Expectations(not_before_ms=RECEIPT["ended_ms"]),
    _a_day_before,
)
