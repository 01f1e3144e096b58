r"""Effects as selectors: what a run says it will do, in one spelling, and what that covers.

| op | selector | covers, of the same op |
|---|---|---|
| ReadFS, WriteFS | ``fs:{path}`` | itself; with a ``/`` at its end, all below; ``fs:/`` all |
| Network | ``net:{scheme}://{host}/{path}`` | itself, and all below its path on that host |
| Exec | ``exec:{program}`` | itself |
| Publish | ``pub:{target}`` | itself |

:func:`normalise` gives a selector's one spelling:

1. A path of ``fs:`` loses empty segments and ``.``; ``..`` is refused, because where it leads
   depends on links, and so it is between ``\``, which some systems take for ``/``. A ``/`` in
   front stays, and so does one at the end.
2. A path of ``net:`` likewise, and a ``/`` stands in front of it and none at its end; ``..`` is
   refused also where ``%2e``, ``%2f`` or ``%5c`` hide it, which clients and servers decode. A to Z
   in scheme and host are in lower case and a scheme's own port is left out. A user, a query and
   a fragment are refused.
3. Names of programs and targets stay as they are.
4. Nothing is empty and nothing holds a control character.

Anything else gives :class:`SelectorError` (docs/reference/formulas.md).

>>> normalise("WriteFS", "fs:./out//report.txt")
Effect(op='WriteFS', selector='fs:out/report.txt')
>>> covers(normalise("WriteFS", "fs:out/"), normalise("WriteFS", "fs:out/report.txt"))
True
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

import msgspec

EffectOp = Literal["ReadFS", "WriteFS", "Network", "Exec", "Publish"]

#: The folder of all files: it covers paths with a ``/`` in front and paths without.
ROOT = "fs:/"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#@:\\\s][^/?#@\\\s]*)(/[^?#]*)?")
_SEPARATOR = re.compile(r"[/\\]")
#: What clients and servers may take for a part of a path, and what for.
_HIDDEN = re.compile(r"%(?:2e|2f|5c)", re.IGNORECASE)
_SEEN: Mapping[str, str] = {"%2e": ".", "%2f": "/", "%5c": "\\"}
#: Upper case of other letters than these is not the same in all versions of Unicode.
_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_OWN_PORTS: Mapping[str, str] = {"http": ":80", "https": ":443"}


class SelectorError(ValueError):
    """Says in one sentence why a text is no selector of an op."""


class Effect(msgspec.Struct, frozen=True, order=True):
    """One effect; sorts by op, then selector, each by its UTF-8 bytes."""

    op: EffectOp
    selector: str


def normalise(op: EffectOp, selector: str) -> Effect:
    """Returns the effect in its one spelling; raises :class:`SelectorError` if it has none."""
    form = _FORMS[op]
    scheme, _, rest = selector.partition(":")
    if scheme != form.scheme:
        raise SelectorError(
            f"an effect of {op} begins with {form.scheme}: and not so: {selector!a}"
        )
    if not rest or _CONTROL.search(rest):
        raise SelectorError(f"a selector is empty or holds a control character: {selector!a}")
    return Effect(op, f"{scheme}:{form.spell(rest)}")


def declared(effects: Iterable[tuple[EffectOp, str]]) -> list[Effect]:
    """Returns effects as they are declared: each in its one spelling, once, sorted.

    Raises:
        SelectorError: one of them has no spelling.
    """
    return sorted({normalise(op, selector) for op, selector in effects})


def covers(wide: Effect, narrow: Effect) -> bool:
    """Says whether declaring ``wide`` allows ``narrow``; both in their one spelling."""
    return wide == narrow or wide in ancestors(narrow)


def uncovered(allowed: Iterable[Effect], done: Iterable[Effect]) -> list[Effect]:
    """Returns the effects of ``done`` that nothing in ``allowed`` covers, in their order."""
    known = frozenset(allowed)
    return [effect for effect in done if known.isdisjoint([effect, *ancestors(effect)])]


def common(one: Iterable[Effect], other: Iterable[Effect]) -> list[Effect]:
    """Returns effects, sorted, that cover just what both of two lists cover.

    Of two selectors one covers the other, or they have nothing in common.
    """
    others = list(other)
    pairs = [(a, b) for a in one for b in others]
    narrow = {a for a, b in pairs if covers(b, a)} | {b for a, b in pairs if covers(a, b)}
    return sorted(narrow)


def ancestors(effect: Effect) -> list[Effect]:
    """Returns all that cover an effect in its one spelling, but itself, the nearest first.

    The n-th of them is n segments wider. A root has none, nor has what is no path.
    """
    return [Effect(effect.op, wider) for wider in _FORMS[effect.op].widen(effect.selector)]


def _folders(selector: str) -> list[str]:
    if selector == ROOT:
        return []
    path = selector.removesuffix("/")
    found = [path[: at + 1] for at in _slashes(path, 0)]
    return found if path.startswith(ROOT) else [*found, ROOT]


def _parents(selector: str) -> list[str]:
    start = selector.index("/", selector.index("//") + 2) + 1
    if len(selector) == start:
        return []
    return [*(selector[:at] for at in _slashes(selector, start)), selector[:start]]


def _nothing(_: str) -> list[str]:
    return []


def _slashes(text: str, start: int) -> list[int]:
    """Returns where slashes stand in ``text`` from ``start`` on, the last first."""
    return [at for at in range(len(text) - 1, start - 1, -1) if text[at] == "/"]


def _spell_path(rest: str) -> str:
    parts = _segments(rest)
    if not parts and not rest.startswith("/"):
        raise SelectorError(f"a path names no file: {rest!a}")
    front = "/" if rest.startswith("/") else ""
    is_folder = parts and rest.rpartition("/")[2] in {"", "."}
    return front + "/".join(parts) + ("/" if is_folder else "")


def _spell_address(rest: str) -> str:
    found = _ADDRESS.fullmatch(rest)
    if not found:
        raise SelectorError(f"not scheme://host/path, without user, query, fragment: {rest!a}")
    scheme, host = found[1].translate(_LOWER), found[2].translate(_LOWER)
    host, path = host.removesuffix(_OWN_PORTS.get(scheme, "")), found[3] or ""
    _refuse_upwards(_HIDDEN.sub(lambda part: _SEEN[part[0].lower()], path))
    return f"{scheme}://{host}/{'/'.join(_segments(path))}"


def _spell_name(rest: str) -> str:
    return rest


def _segments(path: str) -> list[str]:
    """Returns the segments of a path that say something; refuses ``..``."""
    _refuse_upwards(path)
    return [part for part in path.split("/") if part not in {"", "."}]


def _refuse_upwards(path: str) -> None:
    if ".." in _SEPARATOR.split(path):
        raise SelectorError(f"a path leads upwards: {path!a}")


class _Form(msgspec.Struct, frozen=True):
    """How the selectors of an op begin, what spells the rest, and what widens the whole."""

    scheme: str
    spell: Callable[[str], str]
    widen: Callable[[str], list[str]]


_FILES = _Form("fs", _spell_path, _folders)
_FORMS: Mapping[EffectOp, _Form] = {
    "ReadFS": _FILES,
    "WriteFS": _FILES,
    "Network": _Form("net", _spell_address, _parents),
    "Exec": _Form("exec", _spell_name, _nothing),
    "Publish": _Form("pub", _spell_name, _nothing),
}
