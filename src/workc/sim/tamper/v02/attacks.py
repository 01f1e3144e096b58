"""All resealed edits of format 0.2, by name."""

from __future__ import annotations

from workc.sim.tamper.attack import Attacks
from workc.sim.tamper.v02.attacks_children import CHILD_ATTACKS
from workc.sim.tamper.v02.attacks_conflicts import CONFLICT_ATTACKS
from workc.sim.tamper.v02.attacks_effects import EFFECT_ATTACKS
from workc.sim.tamper.v02.attacks_fallbacks import FALLBACK_ATTACKS
from workc.sim.tamper.v02.attacks_files import FILE_ATTACKS
from workc.sim.tamper.v02.attacks_gates import GATE_ATTACKS
from workc.sim.tamper.v02.attacks_lens import LENS_ATTACKS
from workc.sim.tamper.v02.attacks_limits import LIMIT_ATTACKS
from workc.sim.tamper.v02.attacks_log import LOG_ATTACKS
from workc.sim.tamper.v02.attacks_money import MONEY_ATTACKS
from workc.sim.tamper.v02.attacks_outcome import OUTCOME_ATTACKS
from workc.sim.tamper.v02.attacks_passes import PASS_ATTACKS
from workc.sim.tamper.v02.attacks_plans import PLAN_ATTACKS
from workc.sim.tamper.v02.attacks_policy import POLICY_ATTACKS
from workc.sim.tamper.v02.attacks_resources import RESOURCE_ATTACKS
from workc.sim.tamper.v02.attacks_stages import STAGE_ATTACKS
from workc.sim.tamper.v02.attacks_strategies import STRATEGY_ATTACKS
from workc.sim.tamper.v02.attacks_words import WORD_ATTACKS
from workc.sim.tamper.v02.draft import Draft

ATTACKS: Attacks[Draft] = {
    **OUTCOME_ATTACKS,
    **LOG_ATTACKS,
    **MONEY_ATTACKS,
    **LIMIT_ATTACKS,
    **WORD_ATTACKS,
    **GATE_ATTACKS,
    **FALLBACK_ATTACKS,
    **PASS_ATTACKS,
    **PLAN_ATTACKS,
    **STRATEGY_ATTACKS,
    **RESOURCE_ATTACKS,
    **CONFLICT_ATTACKS,
    **LENS_ATTACKS,
    **POLICY_ATTACKS,
    **CHILD_ATTACKS,
    **STAGE_ATTACKS,
    **EFFECT_ATTACKS,
    **FILE_ATTACKS,
}
