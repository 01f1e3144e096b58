"""Where in a scenario something is wrong: what a part says of itself, put behind where that part stands.

>>> whole_place(located("at_step 5 is none", "gates.pre[0].at_step") + " - at `$.children[1].scenario`")
'at_step 5 is none - at `$.children[1].scenario.gates.pre[0].at_step`'
"""

from __future__ import annotations

import re

#: The place that a sentence ends with: below the part that says it, or below the whole.
_PLACE = re.compile(r" - at `(?P<path>[^`]*)`$")


def located(text: str, place: str) -> str:
    """Returns a sentence with a place below the part that says it, such as ``gates.pre[0]``."""
    return f"{text} - at `.{place}`"


def whole_place(text: str) -> str:
    """Returns a sentence of a reader with one place below the whole, put together of those it ends with."""
    paths: list[str] = []
    while (found := _PLACE.search(text)) is not None:
        paths.append(found["path"].removeprefix("$"))
        text = text[: found.start()]
    return f"{text} - at `${''.join(paths)}`" if paths else text
