"""All rules that the oracle knows, by version of the format. What is not listed is not checked."""

from __future__ import annotations

from collections.abc import Mapping

from workc.bundle.layout import BUNDLE_VERSION
from workc.verify.rules import Rule
from workc.verify.v02.rules import RULES as RULES_02

#: The rules of each version in order of their numbers; a number means one rule of one version.
REGISTRIES: Mapping[str, tuple[Rule, ...]] = {BUNDLE_VERSION: RULES_02}
