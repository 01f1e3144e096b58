"""In which line of a JSON file a place stands that a pointer names, and why a text is no JSON."""

from __future__ import annotations

import json

from workc.kernel.canonical import CanonicalError
from workc.kernel.values import Json
from workc.runtime.workflow.json_marks import JsonPlaces
from workc.runtime.workflow.place import Place
from workc.runtime.workflow.source import Document, Source
from workc.stages.problem import tokens_of


class Lines:
    """The lines of a JSON text that could be read."""

    def __init__(self, data: bytes, value: Json) -> None:
        text = data.decode()
        places = JsonPlaces(text).places
        self._document = Document(value, Source(text), lambda: places)

    def of(self, pointer: str) -> int:
        """Returns the line, from 1, of a place; of one that is not there, that of what would hold it."""
        return self._document.key_mark(_place(self._document.value, pointer)).line


def _place(value: Json, pointer: str) -> Place:
    found: list[str | int] = []
    here: Json = value
    for name in tokens_of(pointer):
        if isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            found.append(int(name))
            here = here[int(name)]
        elif isinstance(here, dict) and name in here:
            found.append(name)
            here = here[name]
        else:
            break
    return tuple(found)


def fault_of(data: bytes, error: CanonicalError) -> tuple[int | None, str]:
    """Returns where bytes are no JSON, as far as that is known, and why: a line, from 1, and a sentence."""
    try:
        text = data.decode()
        json.loads(text)
    except json.JSONDecodeError as found:
        return found.lineno, f"not JSON: {found.msg}, in column {found.colno}"
    except (ValueError, RecursionError):
        return None, str(error)
    repeated = JsonPlaces(text).repeated
    return None if repeated is None else Source(text).mark(repeated).line, str(error)
