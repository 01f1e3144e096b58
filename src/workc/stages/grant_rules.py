"""What a policy lets a run be granted: roots with their modes, programs, targets of publications.

A part that is None says nothing, and so allows whatever is granted; one that is there allows what it
names, and nothing else. A policy gives nothing by that.

>>> rules = GrantRules(programs=("git",))
>>> beyond(rules, Grants(programs=("git", "make"))).details
{'section': 'exec', 'option': '--allow-program make', 'line': 'programs = ["git", "make"]'}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from workc.kernel.failure import Failure
from workc.stages.grants import Grants, Mode


class GrantRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The most that a run may be granted; ``rw`` of a root allows ``ro`` too."""

    roots: Mapping[str, Mode] | None = None
    programs: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None


def beyond(rules: GrantRules, grants: Grants) -> Failure | None:
    """Returns why a run may not be granted this, by the first that is beyond, or None."""
    return next(_beyond(rules, grants), None)


def _beyond(rules: GrantRules, grants: Grants) -> Iterator[Failure]:
    for name, mode in sorted(grants.roots.items()) if rules.roots is not None else ():
        most = (rules.roots or {}).get(name)
        if most is None or (mode == "rw" and most == "ro"):
            what = f"the root {name}" if most is None else f"to write below the root {name}"
            yield _refusal(what, "roots", f"--root {name}", f'{name} = "{mode}"')
    for program in _unknown(grants.programs, rules.programs):
        line = _line("programs", (*(rules.programs or ()), program))
        yield _refusal(f"the program {program}", "exec", f"--allow-program {program}", line)
    for target in _unknown(grants.targets, rules.targets):
        line = _line("targets", (*(rules.targets or ()), target))
        yield _refusal(f"the target {target}", "publish", f"--allow-publish {target}", line)


def _unknown(given: tuple[str, ...], allowed: tuple[str, ...] | None) -> list[str]:
    return [] if allowed is None else [each for each in given if each not in allowed]


def _line(name: str, values: tuple[str, ...]) -> str:
    return f"{name} = [{', '.join(map(_quoted, values))}]"


def _quoted(value: str) -> str:
    return f'"{value}"'


def _refusal(what: str, section: str, option: str, line: str) -> Failure:
    message = (
        f"the policy does not allow {what}: leave out {option}, or write {line} in [{section}]"
    )
    details = {"section": section, "option": option, "line": line}
    return Failure(code="POLICY_VIOLATION", message=message, details={**details})
