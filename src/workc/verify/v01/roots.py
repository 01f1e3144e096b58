"""Step roots: the eight Merkle roots, each with its own code (docs/spec/bundle-0.1.md, section 8)."""

from __future__ import annotations

from collections.abc import Mapping

from workc.bundle.layout import RECEIPT
from workc.bundle.v01 import merkle
from workc.bundle.v01.leaves import RECEIPT_TREES, manifest_leaves, receipt_leaves
from workc.bundle.v01.merkle import Tree
from workc.kernel.values import JsonObject
from workc.verify.case import Case
from workc.verify.rules import Rule
from workc.verify.v01 import rules
from workc.verify.v01.records import Roots

_RULES: Mapping[Tree, Rule] = {
    Tree.EVENT_LOG: rules.ROOT_EVENT_LOG,
    Tree.ARTIFACTS: rules.ROOT_ARTIFACTS,
    Tree.EVIDENCE: rules.ROOT_EVIDENCE,
    Tree.LENS: rules.ROOT_LENS,
    Tree.EFFECTS: rules.ROOT_EFFECTS,
    Tree.GATES: rules.ROOT_GATES,
    Tree.VERIFICATION: rules.ROOT_VERIFICATION,
    Tree.WORKGRAPH: rules.ROOT_WORKGRAPH,
}


def compare(
    recorded: Roots,
    *,
    event_log: str | None,
    manifest: JsonObject | None,
    receipt: JsonObject | None,
    case: Case,
) -> None:
    """Compares every root whose leaves could be had; the step is taken if all could.

    ``manifest`` and ``receipt`` are of their form: then they have leaves.
    """
    computed: dict[Tree, str] = {}
    if event_log is not None:
        computed[Tree.EVENT_LOG] = event_log
    if manifest is not None:
        computed[Tree.EVIDENCE] = merkle.root(Tree.EVIDENCE, manifest_leaves(manifest))
    if receipt is not None:
        computed |= {
            tree: merkle.root(tree, receipt_leaves(tree, receipt)) for tree in RECEIPT_TREES
        }
    for tree, expected in computed.items():
        _compare(tree, expected, str(getattr(recorded, tree.field)), case)
    if len(computed) == len(_RULES):
        case.take("roots")


def _compare(tree: Tree, expected: str, actual: str, case: Case) -> None:
    if expected != actual:
        case.fail(
            _RULES[tree],
            RECEIPT,
            f"{tree.field} is not the root of its leaves",
            pointer=f"/integrity/roots/{tree.field}",
            expected=expected,
            actual=actual,
        )
