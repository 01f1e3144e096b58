"""What a trial of a stage's code shows, as values: what a worker process sends to whoever judges.

Outputs are canonical JSON text, so that two of them are the same if they are the same text.
"""

from __future__ import annotations

from typing import Any

import msgspec

#: Of a call that did not end with a code of the catalog.
EXPIRED = "TIMEOUT"
EXHAUSTED = "MEMORY"
#: What a worker is asked before the first task of a file: to import what every such file does.
PREPARE = "prepare"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the code of a stage is: its own text, or a function of a file or of a module.

    ``function`` is the stage's function in the code, or the name of the skill in the file. ``place``
    is a path that ends in ``.py``, or a dotted name; it is empty where there is ``code``.
    """

    function: str
    place: str = ""
    code: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call: its output, or the code and words of its failure; whether it changed its input."""

    output: str | None = None
    code: str = ""
    message: str = ""
    mutated: bool = False


class Reached(msgspec.Struct, frozen=True, order=True):
    """What code did beside computing: the effect that would have to be declared, and in words."""

    effect: str
    words: str


class Generated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of inputs that were made from the input type: how many, and what breaks a property.

    ``broken`` is None if nothing does, else the smallest input that was found and why.
    """

    tried: int = 0
    broken: str | None = None
    word: str = ""
    input: str = ""
    call: Call | None = None
    note: str = ""


class Survivor(msgspec.Struct, frozen=True):
    """A change of the code that no example notices: in which line, and what it was."""

    line: int
    change: str


class Mutation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How many changes of the code there were, and those that no example noticed."""

    mutants: int = 0
    survivors: tuple[Survivor, ...] = ()
    note: str = ""

    @property
    def killed(self) -> int:
        """Returns how many were noticed."""
        return self.mutants - len(self.survivors)


class Trial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one pass showed: the calls in the order of the examples, and what the code reached.

    ``refused`` says why there is none: the code could not be loaded. ``fault`` is a bug of ours.
    """

    calls: tuple[Call, ...] = ()
    reached: tuple[Reached, ...] = ()
    refused: str = ""
    fault: str = ""
    generated: Generated | None = None
    mutation: Mutation | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker is asked to do with a stage.

    ``what`` is ``examples``, or ``captured`` where answers are recorded (``backwards``: the last one
    first), ``properties`` (``count`` inputs are made from ``seed``), ``mutants``, or ``load``, for which
    there is a file and no stage; or :data:`PREPARE`. ``others`` are the stages that properties run, by name.
    ``limit_s`` is how long it may take, ``allowed`` the kinds of effects that the code may
    have, ``paths`` those that it declares of a kind; with ``whole``
    no number that is made has a fraction. ``captures`` is the folder of recorded answers.
    """

    what: str
    # Any JSON object: msgspec does not know how to read the recursive type.
    stage: dict[str, Any] = {}
    origin: Origin
    others: dict[str, Origin] = {}
    backwards: bool = False
    count: int = 0
    seed: int = 0
    limit_s: float = 10.0
    allowed: tuple[str, ...] = ()
    paths: dict[str, tuple[str, ...]] = {}
    whole: bool = False
    captures: str = ""
