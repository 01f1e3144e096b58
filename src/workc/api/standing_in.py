"""Who stands in for the world in a run, and what the run's evidence says of it.

The rules of the policy, which every bundle holds, name it: ``stubs`` is the text of the tables,
``recording`` the proof digest of the bundle that answered, ``contract`` the text of the contract
under which everything is refused that it does not allow. So a run that goes on after a crash is
answered as before, and nobody takes a stubbed run for a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, get_args

from workc.api.contract_account import ContractAccount, ContractWorld
from workc.api.contracts import ResourceContract, parse_contract
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Failure, Misuse, Refusal, refuse
from workc.kernel.payloads import Port
from workc.kernel.values import Json, JsonObject
from workc.runtime.asks import Call, Effect, Look
from workc.runtime.outcome import AnsweredBy
from workc.runtime.world import World
from workc.sim.stubs import StubWorld
from workc.skills.stub_tables import Stubs, read_stubs
from workc.stages.effects import EffectResponse
from workc.stages.observation import GivenText, Observed
from workc.stages.skill import Result


@dataclass(frozen=True)
class StandIn:
    """A world with the members that it adds to the policy's rules; ``by`` says who answers a port."""

    world: World | None
    rules: JsonObject
    by: Mapping[str, AnsweredBy]


class RunRecorder(Protocol):
    """Keeps what a run was answered, and answers later runs with it."""

    def stand_in(self) -> StandIn | None:
        """Returns who answers the next run: None while there is nothing to answer with."""
        ...

    def keep(self, seal: Callable[[], Mapping[str, bytes]]) -> None:
        """Takes the bundle that ``seal`` gives of a run that has just ended, if it wants one."""
        ...


def stand_in_for(stubs: Stubs, recorder: RunRecorder | None) -> StandIn | None:
    """Returns who stands in for the world: a recording before any stub, or None."""
    recorded = None if recorder is None else recorder.stand_in()
    return recorded or _stubbed(stubs)


def recording_stand_in(world: World, proof_digest: str) -> StandIn:
    """Returns the stand-in of a recording: nothing of the world is asked."""
    by: dict[str, AnsweredBy] = dict.fromkeys(get_args(Port), "recording")
    return StandIn(world, {"recording": proof_digest}, by)


def under_contract(
    stand_in: StandIn | None, account: ContractAccount, now_ms: Callable[[], int]
) -> StandIn:
    """Returns the stand-in that refuses what a contract does not allow, and passes on the rest."""
    inner = stand_in or StandIn(None, {}, {})
    text = jcs.encode(account.contract.to_json()).decode()
    world = ContractWorld(account, now_ms, inner.world)
    return StandIn(world, {**inner.rules, "contract": text}, inner.by)


def recorded_stand_in(
    rules: Json, now_ms: Callable[[], int], account: ContractAccount | None = None
) -> StandIn | None:
    """Returns who stood in for the world when a run began, by the rules that it recorded.

    The recording itself is not among them, so what it would have to answer is missing. What was
    used of a contract is not either: without an ``account`` its quotas are counted from here.

    Raises:
        Refusal: ``JOURNAL_CORRUPT`` if the rules hold stubs or a contract that are none.
    """
    found = rules if isinstance(rules, dict) else {}
    stand_in = _recorded_world(found)
    contract = recorded_contract(found)
    if contract is None:
        return stand_in
    return under_contract(stand_in, account or ContractAccount(contract), now_ms)


def recorded_contract(rules: Json) -> ResourceContract | None:
    """Returns the contract that a run began under, by its rules; raises as its sibling does."""
    if not isinstance(rules, dict) or "contract" not in rules:
        return None
    try:
        return parse_contract(jcs.parse(str(rules["contract"]).encode()))
    except (Misuse, CanonicalError) as error:
        raise _unreadable(error) from None


def recorded_by(rules: Json) -> Mapping[str, AnsweredBy]:
    """Returns who answered each port that the world did not; raises as its sibling does."""
    stand_in = _recorded_world(rules if isinstance(rules, dict) else {})
    return {} if stand_in is None else stand_in.by


def _recorded_world(rules: JsonObject) -> StandIn | None:
    if "recording" in rules:
        return recording_stand_in(_Gone(), str(rules["recording"]))
    try:
        return _stubbed(read_stubs(str(rules["stubs"]))) if "stubs" in rules else None
    except Misuse as misuse:
        raise _unreadable(misuse) from None


def _unreadable(error: Exception) -> Refusal:
    return refuse("JOURNAL_CORRUPT", f"the rules of the run cannot be read: {error}")


def _stubbed(stubs: Stubs) -> StandIn | None:
    tables = {"http": stubs.http, "model": stubs.model}
    by: dict[str, AnsweredBy] = {
        port: "stub" for port, table in tables.items() if table is not None
    }
    return StandIn(StubWorld(stubs), {"stubs": stubs.to_text()}, by) if by else None


class _Gone:
    """Is the world of a recording that is not at hand."""

    def of_effect(self, effect: Effect) -> EffectResponse | Failure | None:
        """Returns that there is no answer."""
        return _missing()

    def of_call(self, call: Call) -> Result | Failure | None:
        """Returns that there is no answer, unless the function is pure."""
        return None if call.pure else _missing()

    def of_look(self, look: Look) -> Observed | Failure | None:
        """Returns that there is no answer, unless the workflow itself holds it."""
        return None if isinstance(look.request, GivenText) else _missing()


def _missing() -> Failure:
    message = "the run was answered from a recording, which is not here"
    return Failure(code="CAPTURE_MISSING", message=message)
