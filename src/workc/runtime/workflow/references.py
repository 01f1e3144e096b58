"""References: ``${inputs.base}``, ``${steps.list.body[0].title}``, ``${secrets.TOKEN}``.

Grammar (no white space inside)::

    reference = "${" root segment+ "}"          root    = "inputs" | "steps" | "secrets" | "feedback" | "lens" | "planning" | "strategy"
    segment   = "." name | "[" index "]" | "[" JSON string "]"
    name      = [A-Za-z_][A-Za-z0-9_-]*         index   = "0" | [1-9][0-9]*   (at most 9 digits)

1. ``$${`` is a literal ``${``; any other ``$`` is itself.
2. A text that is one reference and nothing else gives the value with its type. Inside a longer
   text a string is put in as it is, any other value as canonical JSON.
3. ``${steps.x}`` is the whole output of step x. ``${secrets.NAME}`` has one segment and never gives a
   value, only a :class:`~workc.stages.effects.SecretText` that names it.
4. One pass: what a reference gives is never read for references again, so data from outside
   cannot make any. Keys of objects are not read for references.

    >>> resolve({"u": "${inputs.host}/a"}, {"inputs": {"host": "http://h"}})
    {'u': 'http://h/a'}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

import msgspec

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json
from workc.runtime.workflow.place import Place, quoted
from workc.stages.effects import SecretName, SecretText

Resolved: TypeAlias = (
    "bool | int | float | str | SecretText | list[Resolved] | dict[str, Resolved] | None"
)
Scope: TypeAlias = Mapping[str, Json]

ROOTS = ("inputs", "steps", "secrets", "feedback", "lens", "planning", "strategy")

#: The most levels of the value in which references are resolved.
MAX_DEPTH = 128
#: The most keys that a failure lists.
MAX_LISTED_KEYS = 20

_CODE = "UNRESOLVED_REFERENCE"
_START = re.compile(r"(\$)?\$\{")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SEGMENT = re.compile(
    r"\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|\[(?P<index>0|[1-9][0-9]{0,8})\]"
    r'|\[(?P<key>"(?:[^"\\\x00-\x1f]|\\.)*")\]'
)
_SECRET_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Reference(msgspec.Struct, frozen=True):
    """One reference: its root, the path below it, and how it stood in the text."""

    root: str
    path: Place
    text: str

    @property
    def name(self) -> str:
        """Returns the input, step or secret it names."""
        return str(self.path[0])


class Template(msgspec.Struct, frozen=True):
    """A text as literal parts and references, in order."""

    parts: tuple[str | Reference, ...]

    @property
    def references(self) -> tuple[Reference, ...]:
        """Returns the references in the text."""
        return tuple(part for part in self.parts if isinstance(part, Reference))


class MalformedReference(Refusal):
    """Refuses a text with a ``${`` that starts no reference, at ``offset``; ``fix`` says what to write."""

    def __init__(self, text: str, offset: int, reason: str, fix: str) -> None:
        self.offset, self.fix = offset, fix
        shown = quoted(text[offset : offset + 40])
        details: dict[str, Json] = {"text": text[offset : offset + 200], "offset": offset}
        message = f"malformed reference {shown}: {reason}"
        super().__init__(refuse(_CODE, message, **details).failure)


def parse_template(text: str) -> Template:
    """Returns the parts of a text; adjacent literal text is one part.

    Raises:
        MalformedReference: at the first ``${`` that starts no reference.
    """
    parts: list[str | Reference] = []
    literals: list[str] = []
    position = 0
    while (found := _START.search(text, position)) is not None:
        literals.append(text[position : found.start()])
        position = found.end()
        if found[1]:
            literals.append("${")
            continue
        reference = _parse_reference(text, found.start())
        position = found.start() + len(reference.text)
        parts += [*_joined(literals), reference]
        literals = []
    literals.append(text[position:])
    return Template((*parts, *_joined(literals)) if parts else ("".join(literals),))


def _joined(literals: list[str]) -> list[str]:
    """Returns adjacent literal text as one part, or no part if there is none."""
    text = "".join(literals)
    return [text] if text else []


def _parse_reference(text: str, start: int) -> Reference:
    """Returns the reference whose ``$`` stands at ``start``."""
    root = _NAME.match(text, start + 2)
    if root is None or root[0] not in ROOTS:
        reason = f"it starts with one of {', '.join(ROOTS)}"
        raise MalformedReference(text, start, reason, "write $${ for the two characters ${")
    path, end = _parse_path(text, root.end())
    if text[end : end + 1] != "}":
        reason = "after the path comes }" if path else "after the root comes .name"
        fix = 'a segment is .name, [0] or ["any key"], without spaces; the end is }'
        raise MalformedReference(text, start, reason, fix)
    reference = Reference(root[0], path, text[start : end + 1])
    _check_head(reference, text, start)
    return reference


def _parse_path(text: str, position: int) -> tuple[Place, int]:
    """Returns the segments from ``position`` on and where they end."""
    path: list[str | int] = []
    while (found := _SEGMENT.match(text, position)) is not None:
        if (found["key"] or "").count("\\") and _key(found["key"]) is None:
            break
        path.append(_segment(found))
        position = found.end()
    return tuple(path), position


def _segment(found: re.Match[str]) -> str | int:
    if found["index"] is not None:
        return int(found["index"])
    return str(found["name"] if found["key"] is None else _key(found["key"]))


def _key(text: str) -> str | None:
    """Returns the string that JSON text spells, or None if an escape in it is wrong."""
    try:
        return str(json.loads(text))
    except ValueError:
        return None


def _check_head(reference: Reference, text: str, start: int) -> None:
    """Refuses a reference that names nothing, and a path into a secret."""
    if not reference.path or isinstance(reference.path[0], int):
        reason = f"{reference.root} needs a name"
        fix = f"write ${{{reference.root}.name}}"
        raise MalformedReference(text, start, reason, fix)
    is_one_name = len(reference.path) == 1 and _SECRET_NAME.fullmatch(reference.name)
    if reference.root == "secrets" and not is_one_name:
        reason = "a secret is the name of an environment variable and has no parts"
        raise MalformedReference(text, start, reason, "write ${secrets.NAME}")


def texts_of(value: Json) -> Iterator[tuple[Place, str]]:
    """Yields every string in ``value`` that holds ``${``, with its place, in document order."""
    pending: list[tuple[Place, Json]] = [((), value)]
    while pending:
        place, item = pending.pop()
        if isinstance(item, str) and "${" in item:
            yield place, item
        elif isinstance(item, dict):
            pending.extend(((*place, key), item[key]) for key in reversed(item))
        elif isinstance(item, list):
            pending.extend(((*place, i), item[i]) for i in reversed(range(len(item))))


def references_of(value: Json) -> list[Reference]:
    """Returns all references in ``value``, at any depth, in document order.

    Raises:
        MalformedReference: at the first malformed one.
    """
    return [found for _, text in texts_of(value) for found in parse_template(text).references]


def resolve(value: Json, scope: Scope) -> Resolved:
    """Returns ``value`` with every reference replaced by what it names.

    ``scope`` holds ``inputs``, ``steps`` and the like: objects by name. Values of the scope are put in as
    they are, not copied.

    Raises:
        Refusal: ``UNRESOLVED_REFERENCE``; the details name the reference, the first segment that
            is missing and the keys there. ``INVALID_INPUT`` past :data:`MAX_DEPTH` levels.
    """
    return _resolve(value, scope, MAX_DEPTH)


def resolve_plain(value: Json, scope: Scope) -> Json:
    """Returns what :func:`resolve` does, for places that may not hold secrets.

    Raises:
        Refusal: as for :func:`resolve`; ``UNRESOLVED_REFERENCE`` for a secret, too.
    """
    for reference in references_of(value):
        if reference.root == "secrets":
            raise refuse(_CODE, "a secret cannot stand here", reference=reference.text)
    # Without a secret there is no SecretText in it.
    return cast("Json", _resolve(value, scope, MAX_DEPTH))


def _resolve(value: Json, scope: Scope, room: int) -> Resolved:
    if isinstance(value, str):
        return _resolve_text(value, scope) if "${" in value else value
    if not isinstance(value, dict | list):
        return value
    if room == 0:
        raise refuse("INVALID_INPUT", f"nested more than {MAX_DEPTH} levels deep", limit=MAX_DEPTH)
    if isinstance(value, list):
        return [_resolve(item, scope, room - 1) for item in value]
    return {key: _resolve(item, scope, room - 1) for key, item in value.items()}


def _resolve_text(text: str, scope: Scope) -> Resolved:
    parts = parse_template(text).parts
    found = [part if isinstance(part, str) else look_up(part, scope) for part in parts]
    if len(parts) == 1:
        return found[0]
    words = [word for item in found for word in _words(item)]
    if any(isinstance(word, SecretName) for word in words):
        return SecretText(tuple(words))
    return "".join(map(str, words))


def _words(value: Resolved) -> tuple[str | SecretName, ...]:
    """Returns a value as it stands inside a longer text."""
    if isinstance(value, SecretText):
        return value.parts
    if isinstance(value, str):
        return (value,)
    try:
        return (jcs.encode(value).decode(),)
    except CanonicalError as error:
        raise refuse(_CODE, f"what a reference gives is not JSON: {error}") from None


def look_up(reference: Reference, scope: Scope) -> Resolved:
    """Returns what one reference names.

    Raises:
        Refusal: ``UNRESOLVED_REFERENCE``.
    """
    if reference.root == "secrets":
        return SecretText((SecretName(reference.name),))
    value = scope.get(reference.root, {})
    for depth, part in enumerate(reference.path):
        value, is_there = _member(value, part)
        if not is_there:
            raise _missing(reference, depth, value)
    return _as_resolved(value)


def _as_resolved(value: Json) -> Resolved:
    # The same values under the wider type, which invariant lists and dicts cannot say.
    return cast("Resolved", value)


def _member(value: Json, part: str | int) -> tuple[Json, bool]:
    """Returns the member and True, or the value itself and False if it has no such member."""
    if isinstance(value, dict) and isinstance(part, str) and part in value:
        return value[part], True
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part], True
    return value, False


def _missing(reference: Reference, depth: int, holder: Json) -> Refusal:
    part = reference.path[depth]
    keys = sorted(holder)[:MAX_LISTED_KEYS] if isinstance(holder, dict) else []
    shown = quoted(part) if isinstance(part, str) else f"[{part}]"
    message = f"{reference.text}: no {shown} in {_described(holder, keys)}"
    details: dict[str, Json] = {"reference": reference.text, "missing": part, "keys": [*keys]}
    return refuse(_CODE, message, **details)


def _described(holder: Json, keys: list[str]) -> str:
    """Returns what a value is, for a message; never a scalar itself."""
    if isinstance(holder, dict):
        more = ", ..." if len(holder) > len(keys) else ""
        return f"an object with {', '.join(map(quoted, keys))}{more}" if keys else "an empty object"
    if isinstance(holder, list):
        return f"a list of {len(holder)}"
    return "null" if holder is None else f"a {_KINDS[type(holder)]}"


_KINDS: dict[type, str] = {bool: "boolean", int: "number", float: "number", str: "string"}
