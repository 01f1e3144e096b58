"""Step policy: a known policy, and effects within what was declared.

What a policy's numbers would ask for is not judged: the policy that published bundles name accepts
what they hold (docs/spec/bundle-0.1.md, section 7).
"""

from __future__ import annotations

from workc.bundle.layout import RECEIPT
from workc.bundle.v01.policies import POLICIES
from workc.verify.case import Case
from workc.verify.effect_bounds import Bounds
from workc.verify.v01 import rules
from workc.verify.v01.records import Effects, Integrity


def check_policy(integrity: Integrity, case: Case) -> None:
    """Looks the policy up by its id and compares its hash."""
    known = POLICIES.get(integrity.policy_id)
    if known is None:
        case.fail(
            rules.POLICY_KNOWN,
            RECEIPT,
            "the policy is not known",
            pointer="/integrity/policy_id",
            actual=integrity.policy_id,
        )
    elif integrity.policy_hash != known:
        case.fail(
            rules.POLICY_HASH,
            RECEIPT,
            "the hash is not that of the policy",
            pointer="/integrity/policy_hash",
            expected=known,
            actual=integrity.policy_hash,
        )


def check_effects(effects: Effects, case: Case) -> None:
    """Checks that what was done was declared, and that no more was declared than may be."""
    bounds = Bounds((effect.op, effect.selector) for effect in effects.declared)
    for index, effect in enumerate(effects.executed_raw):
        if not bounds.cover(effect.op, effect.selector):
            case.fail(
                rules.EFFECTS_WITHIN,
                RECEIPT,
                "no declared effect covers it",
                pointer=f"/effects/executed_raw/{index}",
                actual=f"{effect.op} {effect.selector}",
            )
    _check_numbers(effects, case)


def _check_numbers(effects: Effects, case: Case) -> None:
    number = len(effects.declared)
    if number > effects.k:
        case.fail(
            rules.EFFECTS_FEW,
            RECEIPT,
            "more effects are declared than k",
            pointer="/effects/declared",
            expected=effects.k,
            actual=number,
        )
    compression = effects.compression
    if compression is not None and (
        compression.output_count != number or compression.input_count < number
    ):
        case.fail(
            rules.COMPRESSION,
            RECEIPT,
            "the counts are not those of effects that were merged into the declared ones",
            pointer="/effects/compression",
            expected=number,
            actual=f"{compression.input_count} to {compression.output_count}",
        )
