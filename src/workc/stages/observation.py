"""What a lens looks at, as values: what is asked of the world, and what was seen of it.

A file and an address are asked for as skills ask for them; what no skill asks for has a request here.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from workc.stages.effects import FileRead, HttpRequest, Redaction

#: The most bytes of one item.
MAX_ITEM_BYTES = 8_388_608
#: How long one item may take.
ITEM_TIMEOUT_MS = 30_000


class FileList(msgspec.Struct, frozen=True, kw_only=True):
    """The files below a root that match ``pattern``, at most ``at_most`` of them.

    ``pattern`` is ``<root>/<pattern>``, where ``*`` is any text within a name, ``?`` any character of
    one, and ``**`` any folders.
    """

    pattern: str
    at_most: int


class Variable(msgspec.Struct, frozen=True):
    """An environment variable."""

    name: str


class EarlierRun(msgspec.Struct, frozen=True):
    """The output of an earlier run of the same store, by its id, or of the ``last`` one."""

    run: str


class Proof(msgspec.Struct, frozen=True):
    """The output of a bundle below a root, if the bundle verifies; ``path`` is ``<root>/<path>``."""

    path: str


class GivenText(msgspec.Struct, frozen=True):
    """A text that the workflow itself holds."""

    text: str


#: What the port of lenses answers; files and addresses have ports of their own.
LensRequest: TypeAlias = FileList | Variable | EarlierRun | Proof
Observation: TypeAlias = HttpRequest | FileRead | LensRequest | GivenText


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The evidence that something was read from: its run, and the digest that proves the bundle."""

    run_id: str
    proof_digest: str


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen. ``dated_ms`` is from when it is, in ms since 1970; None: from now.

    ``origin`` is the evidence of another run that it was read from, None if it was not.
    """

    data: bytes
    is_json: bool = False
    dated_ms: int | None = None
    redactions: tuple[Redaction, ...] = ()
    origin: Origin | None = None
