"""How well a strategy fits a situation, and in which order strategies are suggested.

A strategy asks for a confidence of at least its threshold. Above it the match grows in a straight
line to 1000, and is then weighed; all divisions round down. A strategy is suggested if its match
is above 0: best match first, then by the bytes of its id (docs/reference/formulas.md).

>>> match(900, threshold=600), match(900, threshold=600, weight=500), match(600, threshold=600)
(750, 375, 0)
>>> ranked({"retry": 500, "ask": 500, "split": 0, "narrow": 900})
[('narrow', 900), ('ask', 500), ('retry', 500)]
"""

from __future__ import annotations

from collections.abc import Mapping

from workc.kernel.permille import WHOLE, checked


def match(confidence: int, *, threshold: int, weight: int = WHOLE) -> int:
    """Returns the match in permille; all three numbers are permille.

    At a threshold of 1000, where the line has no length, full confidence matches fully: so it
    does at every threshold below.

    Raises:
        Misuse: a number is no permille.
    """
    checked("the confidence", confidence)
    checked("the threshold", threshold)
    checked("the weight", weight)
    if confidence < threshold:
        return 0
    if confidence == WHOLE:
        return weight
    return WHOLE * (confidence - threshold) // (WHOLE - threshold) * weight // WHOLE


def ranked(matches: Mapping[str, int]) -> list[tuple[str, int]]:
    """Returns ids and matches above 0, in the order in which strategies are suggested."""
    found = [(strategy, permille) for strategy, permille in matches.items() if permille > 0]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
