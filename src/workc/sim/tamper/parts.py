"""The parts of a bundle: its files as a mapping, and the component that each belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

from workc.bundle.layout import ARTIFACTS, EVENTS, EVIDENCE, MANIFEST, RECEIPT

#: Path to bytes. What is not there is KeyError or, from a folder, TamperError.
Files: TypeAlias = Mapping[str, bytes]
#: The components of a bundle; ``names`` are what stands beside them.
Component: TypeAlias = Literal[
    "receipt", "events", "manifest", "evidence", "artifacts", "signatures", "names"
]
COMPONENTS: tuple[Component, ...] = get_args(Component)

_NAMED: Mapping[str, Component] = {RECEIPT: "receipt", EVENTS: "events", MANIFEST: "manifest"}
_FOLDERS: Mapping[str, Component] = {
    EVIDENCE: "evidence",
    ARTIFACTS: "artifacts",
    "signatures/": "signatures",
}


def component_of(path: str) -> Component:
    """Returns the component that a file belongs to.

    >>> component_of("receipt.json"), component_of("evidence/a/b"), component_of("x")
    ('receipt', 'evidence', 'names')
    """
    folder, slash, _ = path.partition("/")
    return _NAMED.get(path) or _FOLDERS.get(folder + slash, "names")
