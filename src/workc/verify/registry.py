"""All rules that the oracle knows, by what they are about. What is not listed is not checked."""

from __future__ import annotations

from typing import NamedTuple

from workc.verify.archive_rules import ARCHIVE_RULES
from workc.verify.family import FAMILY_RULES
from workc.verify.inclusion_rules import INCLUSION_RULES
from workc.verify.rules import Rule
from workc.verify.signatures.rules import SIGNATURE_RULES
from workc.verify.v01.rules import RULES as RULES_01
from workc.verify.v02.rules import RULES as RULES_02


class Registry(NamedTuple):
    """The rules of one thing, in order of their numbers; a number means one rule of one registry."""

    name: str
    title: str
    rules: tuple[Rule, ...]


def rules_of(number: str) -> list[Rule]:
    """Returns the rules of a number: one of each registry that has it."""
    return [rule for registry in REGISTRIES for rule in registry.rules if rule.number == number]


REGISTRIES = (
    Registry("bundle-0.2", "Bundles of format 0.2", RULES_02),
    Registry("bundle-0.1", "Bundles of format 0.1", RULES_01),
    Registry("signatures", "Signatures of bundles, whatever their format", SIGNATURE_RULES),
    Registry("children", "Bundles of children, whatever their format", FAMILY_RULES),
    Registry("archive", "Bundles as one file", tuple(ARCHIVE_RULES.values())),
    Registry("inclusion-proof", "Inclusion proofs", INCLUSION_RULES),
)
