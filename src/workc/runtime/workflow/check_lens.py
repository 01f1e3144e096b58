"""Checks ``lens``: that each item is got in one way, from where it can be, and judged by what there is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from workc.kernel.failure import Refusal
from workc.kernel.lens import How
from workc.kernel.trie_merge import CompressionError, compress
from workc.kernel.values import Json, JsonObject
from workc.runtime.declared_effects import BadEffect
from workc.runtime.workflow.check_effects import declared_in
from workc.runtime.workflow.check_references import check_chains
from workc.runtime.workflow.facts import Facts, listed, members
from workc.runtime.workflow.json_schema import VARIABLE_PATTERN
from workc.runtime.workflow.lens import DECIDING, WAYS, build_lens
from workc.runtime.workflow.lens_schema import ITEM_PATTERN, JUDGED
from workc.runtime.workflow.place import Place, quoted
from workc.runtime.workflow.problems import not_one, suggest
from workc.stages.effects import PROVIDER_BASES
from workc.stages.file_pattern import parse_pattern
from workc.stages.root_path import parse_file, parse_folder
from workc.stages.url import parse_url

#: A run looks at so many items at most, the files of patterns not counted.
MAX_ITEMS = 100
_NAME = re.compile(ITEM_PATTERN)
_VARIABLE = re.compile(VARIABLE_PATTERN)
_RUN = re.compile(r"[0-9a-z]{1,26}(?:[.-][A-Za-z0-9._-]{1,64})?")
_KEYS = frozenset(f"{provider.upper()}_API_KEY" for provider in PROVIDER_BASES)
_SAYS_OF = ("value", "text")
_BESIDE = frozenset({"about", "at_most", "says", "weight"})


def check_lens(facts: Facts) -> None:
    """Reports what is wrong with the lens of a workflow."""
    items = facts.section("lens").get("items")
    _check_number(facts, items)
    for name, item in members(items).items():
        _check_name(facts, name)
        if isinstance(item, dict):
            _check_item(facts, ("lens", "items", name), item)
    _check_requires(facts, members(items))
    _check_thresholds(facts)
    # Of what is wrong already it cannot be told what it touches.
    if not facts.report.problems():
        _check_effects(facts)


def _check_number(facts: Facts, items: Json) -> None:
    place: Place = ("lens", "items")
    if items == {}:
        facts.refuse(place, "a lens without items sees nothing", "name an item, or remove the lens")
    if len(members(items)) > MAX_ITEMS:
        facts.refuse(place, f"more than {MAX_ITEMS} items", "use a pattern of files")


def _check_name(facts: Facts, name: str) -> None:
    if not _NAME.fullmatch(name):
        fix = "start with a letter or _; then letters, digits, _ and -; at most 64 in all"
        facts.refuse_key(("lens", "items", name), f"{quoted(name)} is not a name", fix)


def _check_item(facts: Facts, place: Place, item: JsonObject) -> None:
    there: list[How] = [way for way in WAYS if way in item]
    # A key that is not known is told as such, with what it was meant to be.
    if len(there) > 1 or (not there and item.keys() <= _BESIDE):
        facts.refuse(place, *not_one(there, WAYS))
    for beside, owner in (("at_most", "files"), ("says", "about")):
        if beside in item and owner not in item:
            message = f"{beside} stands beside {owner} alone"
            facts.refuse_key((*place, beside), message, f"remove it, or say {owner}")
    for way in there:
        source = item[way]
        if isinstance(source, str) and source:
            _check_source(facts, (*place, way), way, source)
    says = item.get("says")
    if isinstance(says, str) and says:
        check_chains(facts, (*place, "says"), says, _SAYS_OF)


def _check_source(facts: Facts, place: Place, way: How, source: str) -> None:
    if "${" in source and way != "text":
        fix = "write it out: what a run looks at is fixed before it begins"
        facts.refuse(place, "a lens holds no references", fix)
        return
    try:
        problem = _SOURCES[way](source)
    except Refusal as refusal:
        problem = refusal.failure.message
    if problem is not None:
        facts.refuse(place, problem, _FIXES[way])
    if way == "environment" and source in {*facts.secrets, *_KEYS}:
        message = f"{source} is a secret, and secrets are no facts"
        facts.refuse(place, message, "name another variable; use a secret as ${secrets.NAME}")


def _file(source: str) -> str | None:
    parse_file(source)
    return None


def _folder(source: str) -> str | None:
    parse_folder(source)
    return None


def _pattern(source: str) -> str | None:
    parse_pattern(source)
    return None


def _address(source: str) -> str | None:
    parse_url(source)
    return "an address to look at has no fragment" if "#" in source else None


def _run(source: str) -> str | None:
    return None if _RUN.fullmatch(source) else f"{quoted(source)} is no id of a run"


def _variable(source: str) -> str | None:
    is_name = _VARIABLE.fullmatch(source)
    return None if is_name else f"{quoted(source)} is no name of an environment variable"


def _text(source: str) -> str | None:
    return None if source else "this text is empty"


_SOURCES: Mapping[How, Callable[[str], str | None]] = {
    "file": _file,
    "files": _pattern,
    "url": _address,
    "run": _run,
    "bundle": _folder,
    "environment": _variable,
    "text": _text,
}
_FIXES: Mapping[How, str] = {
    "file": "write ROOT/PATH, as in src/README.md",
    "files": "write ROOT/PATTERN, as in src/**/*.py",
    "url": "write it like https://api.example.com/v1/prices",
    "run": "write last, or an id that workc ls shows",
    "bundle": "write ROOT/PATH of the folder of a bundle",
    "environment": "write a name like LANG",
    "text": "write a text",
}


def _check_requires(facts: Facts, items: JsonObject) -> None:
    seen: set[str] = set()
    for index, name in enumerate(listed(facts.section("lens").get("requires"))):
        if not isinstance(name, str):
            continue
        place: Place = ("lens", "requires", index)
        if name not in items:
            fix = suggest(name, items, "write the name of an item")
            facts.refuse(place, f"there is no item {quoted(name)}", fix)
        elif name in seen:
            facts.refuse(place, f"{quoted(name)} stands here twice", "remove one")
        seen.add(name)


def _check_thresholds(facts: Facts) -> None:
    said = members(facts.section("lens").get("at_least"))
    levels = [level for level in (DECIDING, *JUDGED) if type(said.get(level)) is int]
    for lower, higher in pairwise(levels):
        if _number(said[higher]) < _number(said[lower]):
            message = f"{higher} takes {said[higher]}, which is less than {said[lower]} of {lower}"
            fix = "a level that binds more takes as much or more"
            facts.refuse(("lens", "at_least", higher), message, fix)


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _check_effects(facts: Facts) -> None:
    """Reports a lens whose effects a plan cannot hold beside those that are declared."""
    declared = declared_in(members(facts.document.value))
    lens = build_lens(facts.section("lens"))
    if declared is None or lens is None:
        return
    try:
        effects = (*declared, *lens.effects())
        compress((effect.op, effect.selector) for effect in effects)
    except (CompressionError, BadEffect, Refusal) as error:
        facts.refuse(("lens", "items"), str(error), "declare folders or paths that cover several")
