"""Sealing: the same records give the same bundle, and only what they name is in it."""

import msgspec
import pytest

from workc.adapters.bundle_folder import MemoryBundle
from workc.bundle.move_order import MoveOrder
from workc.bundle.policies import policy_name
from workc.bundle.projection import Projection, ProjectionError
from workc.bundle.seal import seal
from workc.kernel import events
from workc.kernel.events import Record
from workc.kernel.kinds import KINDS
from workc.kernel.lens import LensAssembled
from workc.kernel.payloads import (
    Body,
    BudgetReserved,
    IntentSet,
    Locked,
    Policy,
    RunStarted,
    VerificationRun,
    WorkEnded,
)
from workc.kernel.plans import PlanChosen
from workc.verify.reader import MemoryReader
from workc.verify.verifier import verify

TEXT = Body(form="json", inline="{}")
PROGRAM = b"{}"
SHA = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
STARTED = RunStarted(
    bundle="0.2",
    catalog_sha256="",
    ceiling_micro_cents=5,
    code={},
    engine="1",
    inputs=TEXT,
    name="n",
    nonce="0" * 32,
    policy=Policy(id=policy_name(SHA), rules=TEXT, rules_sha256=SHA),
    prices=TEXT,
    program=Body(form="json", path="evidence/p", sha256=SHA, size=2),
    program_kind="function",
    run_id="r",
    seed="0",
)
PAYLOADS = (
    STARTED,
    IntentSet(description="", source="human"),
    LensAssembled(items=0),
    PlanChosen(plan=TEXT, steps=0),
    WorkEnded(output=TEXT),
    VerificationRun(results=[], verdict="nothing_to_check"),
    Locked(lock_level="Staged", outcome="success"),
)


def record(place, payload, at_ms=msgspec.UNSET):
    kind = type(payload).__name__
    return Record(
        at=(place,),
        at_ms=at_ms,
        kind=kind,
        n=0,
        payload=msgspec.Raw(events.encode(payload)),
        phase=KINDS[kind].phase,
        prev="",
    )


def records(payloads=PAYLOADS):
    return [
        record(place, payload, 9 if place == 0 else msgspec.UNSET)
        for place, payload in enumerate(payloads)
    ]


def sealed(found, data=PROGRAM):
    bundle = MemoryBundle()
    receipt = seal(found, bundle, lambda path: [data[:1], data[1:]])
    return bundle.files, receipt


def test_a_sealed_run_passes_and_is_the_same_again():
    files, receipt = sealed(records())
    assert verify(MemoryReader(files)).proof_digest == receipt.proof_digest
    assert sealed(records())[0] == files
    assert sorted(files) == ["events.jsonl", "evidence/p", "manifest.json", "receipt.json"]


def test_a_file_that_changed_since_it_was_recorded_is_sealed_and_found_out():
    assert verify(MemoryReader(sealed(records(), b"[]")[0])).codes() == ("HASH_MISMATCH",)


@pytest.mark.parametrize("missing", [0, 1, 4, 6])
def test_a_run_without_what_every_run_has_is_not_sealed(missing):
    with pytest.raises(ProjectionError):
        sealed(records([p for index, p in enumerate(PAYLOADS) if index != missing]))


def test_a_run_that_was_not_locked_leaves_no_receipt():
    bundle = MemoryBundle()
    with pytest.raises(ProjectionError):
        seal(records(PAYLOADS[:-1]), bundle, lambda path: [PROGRAM])
    assert "receipt.json" not in bundle.files


def test_the_money_is_that_of_the_move_with_the_largest_number():
    def move(n, reserved):
        return BudgetReserved(bound=9, granted=False, n=n, reserved=reserved, spent=0, step="s")

    projection = Projection()
    for place, payload in enumerate((*PAYLOADS, move(1, 1), move(0, 2))):
        projection.add(b',"payload":{},"phase":"', record(place, payload).phase, 0, payload)
    money = projection.receipt("", []).money
    assert (money.reserved_micro_cents, money.refused) == (1, 2)


def test_moves_come_in_the_order_of_their_numbers_and_what_has_no_turn_at_the_end():
    def move(n):
        return BudgetReserved(bound=9, granted=True, n=n, reserved=n, spent=0, step="s")

    order = MoveOrder()
    ready = [found.n for n in (1, 0, 0, 4, 2, 4, 6) for found in order.take(move(n))]
    assert ready == [0, 1, 2]
    assert [found.n for found in order.rest()] == [0, 4, 4, 6]
