"""What a runtime is set to: how it stores, what it allows, where it takes time and chance from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Literal, Protocol, get_args

import msgspec
from msgspec import UNSET

from workc.adapters.budget_tracker import BudgetTracker
from workc.adapters.clock import SystemClock, SystemEntropy
from workc.adapters.driver import Driver
from workc.adapters.guard import GuardMode
from workc.adapters.memory_locks import LockTable
from workc.adapters.run_folder import Durability
from workc.api.access import Access
from workc.api.contracts import ResourceContract
from workc.api.standing_in import RunRecorder
from workc.kernel.arguments import a, choice, instance, whole
from workc.kernel.failure import Misuse
from workc.kernel.payloads import Limits, ScriptedQuality
from workc.kernel.values import JsonObject
from workc.runtime.answering import Answering
from workc.runtime.injection import Injection
from workc.runtime.policy.model import PolicyFile, rules_of
from workc.runtime.ports import Entropy, Ports
from workc.runtime.session import Session
from workc.skills.prices import Prices, builtin_price_file, load_prices
from workc.skills.stub_tables import Stubs
from workc.stages.network import NetworkPolicy


class ClockSource(Protocol):
    """Makes the clock of a run: it never tells less than ``floor_ms``."""

    def __call__(self, floor_ms: int) -> Clock:
        """Returns a clock."""
        ...


class Clock(Protocol):
    """Tells ms since 1970, never going back."""

    def now_ms(self) -> int:
        """Returns the time."""
        ...


class RunDriver(Protocol):
    """Drives a session to its end."""

    def drive(self, session: Session) -> object:
        """Returns what the run gave."""
        ...

    def interrupt(self) -> None:
        """Stops the run at the next turn."""
        ...

    def stop(self) -> None:
        """Ends the run as one that a step aborts; may be called from any thread."""
        ...


class DriverMaker(Protocol):
    """Makes the driver of a run."""

    def __call__(self, answering: Answering, ports: Ports, threads: int) -> RunDriver:
        """Returns a driver."""
        ...


def make_live_driver(answering: Answering, ports: Ports, threads: int) -> RunDriver:
    """Returns the driver that works on threads and an event loop."""
    return Driver(answering, ports, threads=threads)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything a run is given beside its program and its inputs.

    ``ceiling_micro_cents`` None leaves it to the workflow; a run with neither may spend nothing.
    ``limits`` are those beside money; of theirs and the workflow's the lowest hold. ``budget`` is a
    ceiling that the run shares with others.
    ``environment`` is where secrets, keys and base URLs are looked up, by name. ``ports`` replaces
    the network by something else, as a simulation does; ``mode`` is what metrics call the runs.
    ``stubs`` are the tables that answer a port in place of it, ``recorder`` what was recorded: then
    no port is asked. ``contract`` refuses what it does not allow.
    ``access`` says which folders, programs and targets of this machine the work may use: none.
    ``guard`` says what becomes of code that reaches around ``ctx``: see :mod:`workc.adapters.guard`.
    ``ruling`` is the policy file that the run is under, if it is under one; its network is ``policy``.
    ``lens_script`` is what a simulated run says of its lens in place of the formulas.
    ``inject`` are failures of attempts, to see what follows: see :mod:`workc.runtime.injection`.
    ``locks`` is where runs without a store claim resources.
    """

    store: Path | None = None
    policy: NetworkPolicy = field(default_factory=NetworkPolicy)
    ceiling_micro_cents: int | None = None
    limits: Limits = field(default_factory=Limits)
    budget: BudgetTracker | None = None
    seed: int | None = None
    durability: Durability = "flush"
    max_parallel: int = 16
    prices: bytes = field(default_factory=builtin_price_file, repr=False)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    clock: ClockSource = SystemClock
    entropy: Entropy = field(default_factory=SystemEntropy)
    ports: Ports | None = None
    stubs: Stubs = field(default_factory=Stubs)
    recorder: RunRecorder | None = None
    contract: ResourceContract | None = None
    driver: DriverMaker = make_live_driver
    access: Access = field(default_factory=Access)
    guard: GuardMode = "off"
    ruling: PolicyFile | None = None
    inject: tuple[Injection, ...] = ()
    locks: LockTable = field(default_factory=LockTable)
    mode: Literal["live", "simulated"] = "live"
    lens_script: tuple[ScriptedQuality, ...] = ()

    def __post_init__(self) -> None:
        """Refuses settings under which no run can work.

        Raises:
            Misuse: says which, and what they may be.
        """
        whole("max_parallel", self.max_parallel, least=1)
        if self.ceiling_micro_cents is not None:
            whole("the budget in micro-cents", self.ceiling_micro_cents)
        for name, limit in msgspec.structs.asdict(self.limits).items():
            if limit is not UNSET:
                whole(f"budget_{name}", limit)
        if self.lens_script and self.mode != "simulated":
            raise Misuse("lens_script is for simulated runs alone; let a live one look")
        if self.seed is not None:
            whole("seed", self.seed, most=2**64 - 1)
        choice("durability", self.durability, get_args(Durability))
        choice("guard", self.guard, get_args(GuardMode))
        if self.budget is not None:
            instance("budget", self.budget, BudgetTracker, "a workc.BudgetTracker")
        instance("access", self.access, Access, "what access_of() gives")
        if self.ruling is not None:
            instance("ruling", self.ruling, PolicyFile, "a policy file that was read")
        if self.contract is not None:
            instance("contract", self.contract, ResourceContract, "a workc.ResourceContract")
        recorder: object = self.recorder
        if recorder is not None and not all(
            callable(getattr(recorder, each, None)) for each in ("stand_in", "keep")
        ):
            raise Misuse(f"recorder is a workc.ReplayRecorder, not {a(recorder)}")

    @property
    def price_table(self) -> Prices:
        """Returns the prices of the file.

        Raises:
            Refusal: ``INVALID_INPUT`` if it is no price file.
        """
        return _price_table(self.prices)


@lru_cache(maxsize=4)
def _price_table(data: bytes) -> Prices:
    return load_prices(data)


def policy_rules(settings: Settings) -> JsonObject:
    """Returns the rules of a run as JSON; their digest is in every bundle.

    A guard that refuses is one of them, and so are injected failures: a replay must refuse what the
    run refused, and fail where it failed. What the run may do to the machine is there if it may do
    anything.
    """
    policy = settings.policy
    refusing: JsonObject = {"guard": settings.guard} if settings.guard == "refuse" else {}
    failing: JsonObject = (
        {"injected": [str(each) for each in settings.inject]} if settings.inject else {}
    )
    return {
        **refusing,
        **failing,
        **settings.access.grants.rules(),
        **rules_of(settings.ruling),
        "network": {
            "allow_hosts": list(policy.allow_hosts),
            "allow_loopback": policy.allow_loopback,
            "allow_private": policy.allow_private,
            "allow_public": policy.allow_public,
            "deny_hosts": list(policy.deny_hosts),
            "offline": policy.offline,
        },
    }
