"""Runs under a contract: what a run may spend is set aside before it begins, and settled when it has ended.

A run that waits for a human, or whose process dies, keeps what it holds until it is resumed and ends.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import replace

import msgspec

from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api import launch
from workc.api.contract_account import ContractAccount, account_of, never_began
from workc.api.contract_usage import Hold
from workc.api.launch import Place
from workc.api.running import Going, place_of, run_job
from workc.api.settings import Clock, Settings
from workc.api.standing_in import recorded_contract, under_contract
from workc.api.store import read_receipt, start_of
from workc.kernel.failure import Refusal, refuse
from workc.kernel.ledger import MICRO_CENTS_PER_CENT
from workc.kernel.payloads import RunStarted
from workc.runtime.bodies import load_json
from workc.runtime.continuing import Budget
from workc.runtime.outcome import StructuredOutcome


def run_contracted(going: Going, settings: Settings, shared: ContractAccount) -> StructuredOutcome:
    """Runs a job to its end under a contract, and returns its outcome.

    Raises:
        Refusal: ``CONTRACT_EXPIRED``, ``OPERATION_NOT_ALLOWED``, ``STORE_UNAVAILABLE``.
    """
    clock = going.clock
    shared.admit(going.job.program, clock.now_ms())
    run_id = launch.new_run_id(settings, clock)
    account = shared
    if shared.contract.period == "run":
        account = account_of(shared.contract, settings.store, run_id)
    narrow = under_contract(going.stand_in, account, clock.now_ms)
    # No folder is made for a run of which nothing can be counted.
    account.left_micro_cents(clock.now_ms())
    # Its place comes first: whoever finds the hold sees there whether the run is still to come.
    place = place_of(settings, run_id, going.meter)
    going = replace(going, stand_in=narrow, account=account, run_id=run_id, place=place)
    ceiling = _held(account, place, run_id, settings.ceiling_micro_cents, clock.now_ms())
    try:
        outcome = run_job(going, replace(settings, ceiling_micro_cents=ceiling))
    except BaseException:
        _leave(account, settings, run_id, clock)
        raise
    if outcome.status == "paused" and settings.store is not None:
        return outcome
    return settled(outcome, account, run_id, clock)


def _held(
    account: ContractAccount, place: Place, run_id: str, own_micro_cents: int | None, now_ms: int
) -> int:
    """Returns the ceiling that is set aside for a run; its place is let go of where none can be."""
    try:
        return account.hold(run_id, own_micro_cents, now_ms)
    except BaseException:
        place.close()
        raise


def _leave(account: ContractAccount, settings: Settings, run_id: str, clock: Clock) -> None:
    """Settles a run that nobody can go on with: one that has not begun, or that is lost."""
    if settings.store is None:
        account.settle(run_id, None, clock.now_ms())
    elif never_began(settings.store, run_id):
        # If that fails, whoever counts next sees as much.
        with suppress(Refusal):
            account.settle(run_id, 0, clock.now_ms())


def settled(
    outcome: StructuredOutcome, account: ContractAccount | None, run_id: str | None, clock: Clock
) -> StructuredOutcome:
    """Returns the outcome of a run that has ended when what it cost was taken."""
    if account is None or run_id is None:
        return outcome
    lost = outcome.status == "paused"
    try:
        account.settle(run_id, None if lost else outcome.cost_micro_cents, clock.now_ms())
    except Refusal as refusal:
        note = f"{refusal.failure.message}; the run still holds what its contract set aside for it"
        return msgspec.structs.replace(outcome, notes=(*outcome.notes, note))
    return outcome


def recorded_account(folder: RunFolder) -> ContractAccount | None:
    """Returns who counts the contract that a run of a store began under, or None without one.

    Raises:
        Refusal: ``JOURNAL_CORRUPT``.
    """
    start = start_of(folder)
    if start is None:
        return None
    contract = recorded_contract(load_json(folder, start[0].policy.rules))
    if contract is None:
        return None
    return account_of(contract, folder.path.parent.parent, start[0].run_id)


def holds(account: ContractAccount | None, run_id: str, clock: Clock) -> bool:
    """Returns whether a contract has something set aside for a run, as far as anybody can know."""
    try:
        return account is not None and account.held_by(run_id, clock.now_ms()) is not None
    except Refusal:
        return True


@contextmanager
def held_for_more(
    account: ContractAccount | None,
    writer: RunWriter,
    started: RunStarted,
    budget: Budget,
    now_ms: int,
) -> Generator[None, None, None]:
    """Sets aside what a run may spend that goes on under a higher budget, for as long as it may go on.

    Raises:
        Refusal: ``BUDGET_EXCEEDED`` if its contract has not so much left.
    """
    if account is None:
        yield
        return
    run_id, spent = started.run_id, 0
    if writer.bundle.exists():
        spent = read_receipt(writer).money.spent_micro_cents
        account.settle(run_id, spent, now_ms)
    # Of a run that has not ended it is what it may spend still, and stays its own whatever is asked.
    own = account.held_by(run_id, now_ms)
    least = own or Hold(ceiling=0, before=spent)
    ceiling = budget.ceiling_micro_cents
    total = started.ceiling_micro_cents if ceiling is None else ceiling
    more = max(least.ceiling, total - least.before)
    left = account.hold_more(run_id, Hold(ceiling=more, before=least.before), now_ms)
    if left is not None:
        raise _too_little(account, more, left)
    try:
        yield
    finally:
        now = start_of(RunFolder(writer.path))
        if now is not None and now[0] == started:
            # It did not begin anew.
            account.put_back(run_id, own, now_ms)


def _too_little(account: ContractAccount, wanted: int, left: int) -> Refusal:
    name = f"the contract {account.contract.contract_id}"
    said = f"{name} has {left / MICRO_CENTS_PER_CENT:g} cents left"
    message = f"{said}, and the run might spend {wanted / MICRO_CENTS_PER_CENT:g} more"
    return refuse("BUDGET_EXCEEDED", message)
