"""All attacks, in the order of the sections of docs/spec/bundle-0.2.md."""

from attacks import (
    demands,
    documents,
    files,
    lanes,
    lines,
    money,
    payloads,
    policy,
    projection,
    readers,
    roots,
)
from attacks.attack import ATTACKS, OPERATORS, Attack

SECTIONS = (
    demands,
    documents,
    files,
    lanes,
    lines,
    money,
    payloads,
    policy,
    projection,
    readers,
    roots,
)

__all__ = ["ATTACKS", "OPERATORS", "SECTIONS", "Attack"]
