"""The words that a stage is found by, and those that are like a misspelt one.

A word is a run of letters and digits, in small letters and without accents, so that what is indexed
and what is asked for are cut in one way, whatever the database thinks of Unicode:

>>> words_of("Parse_JSON, été!")
['parse', 'json', 'ete']
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher

import msgspec

from workc.kernel.values import Json
from workc.stages.stage.value import Stage

#: So many words of the examples of a stage are indexed; an example may be a whole document.
MAX_EXAMPLE_WORDS = 1000
#: A word that is longer is cut.
MAX_WORD = 64
#: How alike two words must be, of 0 to 1, so that one may have been meant by the other.
_ALIKE = 0.7


class StageWords(msgspec.Struct, frozen=True):
    """The words of a stage by where they stand; the first tier counts most.

    The tiers are its name, its aliases and tags, its description, and its examples.
    """

    tiers: tuple[tuple[str, ...], ...]

    def marked(self) -> list[str]:
        """Returns each word once for its tier and every later one, with the number of the tier before it.

        So whatever stands in the first tiers, up to one, is found by a single word of the index.
        """
        best: dict[str, int] = {}
        for tier, words in enumerate(self.tiers):
            for word in words:
                best.setdefault(word, tier)
        last = len(self.tiers)
        return [mark(word, tier) for word in sorted(best) for tier in range(best[word], last)]

    def spoken(self) -> list[str]:
        """Returns the words that somebody chose to describe it, without those of its examples."""
        return sorted({word for words in self.tiers[:-1] for word in words})


#: How many tiers there are.
TIERS = 4


def mark(word: str, tier: int) -> str:
    """Returns a word as it is marked if it stands in a tier, or in one before it."""
    return f"{tier}{word}"


def stage_words(stage: Stage) -> StageWords:
    """Returns what a stage is found by."""
    parts = (part for each in stage.examples for part in (each.input, each.output))
    examples = [word for text in _texts(parts) for word in words_of(text)]
    return StageWords(
        (
            tuple(words_of(stage.name or "")),
            tuple(words_of(" ".join((*stage.aliases, *stage.tags)))),
            tuple(words_of(stage.description)),
            tuple(examples[:MAX_EXAMPLE_WORDS]),
        )
    )


def words_of(text: str) -> list[str]:
    """Returns the words of a text in order."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    # Casefold again: what is taken apart may hold capitals, as in the sign for a kelvin.
    shown = "".join(_kept(char) for char in folded.casefold())
    return [word[:MAX_WORD] for word in shown.split()]


def _kept(char: str) -> str:
    category = unicodedata.category(char)[0]
    if category in "LN":
        return char
    return "" if category == "M" else " "


def grams_of(word: str) -> list[str]:
    """Returns the parts of three letters of a word, its ends marked, each once and in order.

    >>> grams_of("abc")
    ['^ab', 'abc', 'bc$']
    """
    marked = f"^{word}$"
    return sorted({marked[at : at + 3] for at in range(max(len(marked) - 2, 1))})


def likeness(word: str, other: str) -> float:
    """Returns how alike two words are, of 0 to 1; the same for both orders."""
    one, two = sorted((word, other))
    return SequenceMatcher(None, one, two, autojunk=False).ratio()


def most_alike(word: str, others: Iterable[str], most: int = 3) -> list[str]:
    """Returns the words that may have been meant, the likest first, then by letters."""
    found = sorted((-likeness(word, other), other) for other in {*others} if other != word)
    return [other for ratio, other in found if -ratio >= _ALIKE][:most]


def _texts(values: Iterable[Json]) -> Iterable[str]:
    """Yields the texts of JSON values: names of members, strings and numbers."""
    for value in values:
        match value:
            case str():
                yield value
            case dict():
                for name in sorted(value):
                    yield name
                    yield from _texts([value[name]])
            case list():
                yield from _texts(value)
            case None | bool():
                pass
            case _:
                yield str(value)
