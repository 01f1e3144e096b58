"""Resealed edits of runs whose policy speaks of risk and of decisions (section 22)."""

from __future__ import annotations

from workc.kernel.canonical import CanonicalError, decode
from workc.kernel.values import JsonObject
from workc.sim.tamper.attack import Attack, Attacks, does_not_apply
from workc.sim.tamper.place import POLICY
from workc.sim.tamper.v02.draft import Draft, forget_unnamed


def _rules_of(draft: Draft) -> JsonObject:
    """Returns what the policy of the run says; nothing if it is no object."""
    said = draft.payload("RunStarted")["policy"]["rules"]
    data = said["inline"].encode() if "inline" in said else draft.files.get(said["path"], b"")
    try:
        found = decode(data)
    except CanonicalError:
        return {}
    return found if isinstance(found, dict) else {}


def refuse_risk(draft: Draft, member: str) -> None:
    """Leaves a run to the attacks here if its policy has this member, itself or in what it says of checks.

    Raises:
        TamperError: it has.
    """
    if _speaks_of(draft, member):
        raise does_not_apply(f"a policy that speaks of {member}")


def _speaks_of(draft: Draft, member: str) -> bool:
    said = _rules_of(draft)
    verify = said.get("verify")
    return member in said or (isinstance(verify, dict) and member in verify)


def _expect(draft: Draft, member: str) -> None:
    if not _speaks_of(draft, member):
        raise does_not_apply(f"no policy that speaks of {member}")


def _forget_decision(draft: Draft) -> None:
    _expect(draft, "decide")
    gates = [gate for gate in draft.all("GateEvaluated") if gate["payload"]["when"] == "pre_step"]
    if not gates:
        raise does_not_apply("no gate before a step")
    draft.remove(gates[0])
    forget_unnamed(draft)


def _be_checked_otherwise(draft: Draft) -> None:
    _expect(draft, "high_risk")
    for result in draft.payload("VerificationRun")["results"]:
        result["level"] = "Semantic" if result["level"] == "Acceptance" else "Acceptance"


POLICY_ATTACKS: Attacks[Draft] = {
    "DecisionForgotten": Attack(
        _forget_decision, POLICY, "A gate never was that decided about what is of high risk."
    ),
    "RiskCheckedOtherwise": Attack(
        _be_checked_otherwise, POLICY, "A run of high risk has checks of other levels."
    ),
}
