"""All attacks, in the order of the sections of docs/spec/bundle-0.2.md."""

from attacks import (
    chains,
    children,
    demands,
    documents,
    effects,
    fallbacks,
    files,
    gates,
    lanes,
    lenses,
    limits,
    lines,
    money,
    pairs,
    passes,
    payloads,
    policy,
    projection,
    readers,
    roots,
    steps,
)
from attacks.attack import ATTACKS, OPERATORS, Attack

SECTIONS = (
    chains,
    children,
    demands,
    documents,
    effects,
    fallbacks,
    files,
    gates,
    lanes,
    lenses,
    limits,
    lines,
    money,
    payloads,
    pairs,
    passes,
    policy,
    projection,
    readers,
    roots,
    steps,
)

__all__ = ["ATTACKS", "OPERATORS", "SECTIONS", "Attack"]
