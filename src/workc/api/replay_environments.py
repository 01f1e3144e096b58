"""Environments for replays of one bundle: what must make no difference is different in each.

The seed of Python's hashes, the zone of local time, and the locale with the encoding of text. The
zones are spelled out (POSIX, Base Definitions, section 8.3), so no table of zones is needed.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping, Sequence

import msgspec

from workc.adapters.children import Children

#: UTC, then the two ends of the world, then an offset that is no whole hour.
_ZONES = ("UTC0", "<+14>-14", "<-12>12", "<+0545>-5:45")
#: Known wherever there is a C library; the second one says that text is ASCII.
_LOCALES = ("C.UTF-8", "C")
_BARE = frozenset({"C", "POSIX"})
#: Keeps CPython from putting UTF-8 in place of what a bare locale says (PEP 538, PEP 540).
_AS_THE_LOCALE_SAYS = {"PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
#: Spreads consecutive numbers over 32 bits: 2**32 divided by the golden ratio, made odd.
_SPREAD, _SEEDS = 2_654_435_769, 4_294_967_296
#: Variables that would say something else, to Python or to the command that replays.
_REPLACED = ("LANG", "LANGUAGE", "PYTHONUTF8", "PYTHONIOENCODING", "PYTHONCOERCECLOCALE")
_OURS = ("LC_", "WORKC_")
_LIST_SECONDS = 10
MAX_ENVIRONMENTS = 64


class Environment(msgspec.Struct, frozen=True):
    """One environment: its number, from 1, and the variables that it sets."""

    number: int
    variables: Mapping[str, str]

    def over(self, base: Mapping[str, str]) -> dict[str, str]:
        """Returns the environment of a process: ``base`` without what would contradict."""
        kept = {
            name: value
            for name, value in base.items()
            if name not in _REPLACED and not name.startswith(_OURS)
        }
        return {**kept, **self.variables}

    def __str__(self) -> str:
        """Returns the variables as a shell takes them."""
        return " ".join(f"{name}={shlex.quote(value)}" for name, value in self.variables.items())


def environments(count: int, others: Sequence[str] = ()) -> tuple[Environment, ...]:
    """Returns ``count`` environments; ``others`` are further locales that this system has."""
    locales = (*_LOCALES, *others)
    return tuple(
        _environment(number, _ZONES[number % len(_ZONES)], locales[number % len(locales)])
        for number in range(count)
    )


def _environment(index: int, zone: str, locale: str) -> Environment:
    seed = str(index * _SPREAD % _SEEDS)
    text = _AS_THE_LOCALE_SAYS if locale in _BARE else {}
    return Environment(index + 1, {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, **text})


def installed_locales(children: Children, base: Mapping[str, str]) -> tuple[str, ...]:
    """Returns the locales of this system beside the bare ones; none where it does not list them."""
    command = shutil.which("locale", path=base.get("PATH"))
    if command is None:
        return ()
    listed = children.run([command, "-a"], base, _LIST_SECONDS).stdout
    names = listed.decode("ascii", "replace").split()
    return tuple(sorted(name for name in names if name.partition(".")[0] not in _BARE))
