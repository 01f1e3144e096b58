"""What the text of an expression alone can show, checked before the run, and the paths it names.

The limits keep the library's recursive parser and interpreter far from Python's own limit, so
that an expression is accepted or refused whatever the caller's stack looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Refusal, refuse
from workc.runtime.expression_dialect import FUNCTION_TABLE

#: The most characters of an expression.
MAX_LENGTH = 16_384
#: The most brackets, negations and projections inside one another; keeps the parser off the stack.
MAX_NESTING = 48
#: The most levels of the syntax tree; ``a | b | c`` has one for each bar.
MAX_TREE_DEPTH = 96

Token: TypeAlias = Mapping[str, Any]
Node: TypeAlias = Mapping[str, Any]

_CLOSING = frozenset({"rparen", "rbracket", "rbrace"})
_OPENING = frozenset({"lparen", "lbracket", "lbrace", "filter"})
_DEEPENING = frozenset({"not", "expref", "star", "flatten", "rbracket"})
_SEPARATING = frozenset({"comma", "pipe", "or", "and", "eq", "ne", "lt", "lte", "gt", "gte"})

#: Raw strings and quoted names, which may hold backticks, and literals, whose text is the group.
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`((?:[^`\\]|\\.)*)`", re.DOTALL)

#: Which children of a node see the data that the node sees; of the others each sees something else.
_SAME_SCOPE: Mapping[str, slice] = {
    "subexpression": slice(0, 1),
    "index_expression": slice(0, 1),
    "pipe": slice(0, 1),
    "projection": slice(0, 1),
    "value_projection": slice(0, 1),
    "filter_projection": slice(0, 1),
    "expref": slice(0, 0),
    # A slice keeps its three numbers where others keep nodes.
    "slice": slice(0, 0),
}
_ALL = slice(None)
_INDEXING = frozenset({"index_expression", "projection", "value_projection", "flatten"})


def invalid(text: str, position: int, reason: str) -> Refusal:
    """Returns the refusal of an expression that goes wrong at a character, counted from 0."""
    message = f"invalid expression at character {position + 1}: {reason}"
    return refuse("INVALID_EXPRESSION", message, expression=text[:MAX_LENGTH], position=position)


def check_characters(text: str) -> None:
    """Refuses half of a surrogate pair, which no failure could show as JSON."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        shown = text.encode(errors="replace").decode()
        raise invalid(shown, error.start, "half of a surrogate pair") from None


def check_literals(text: str) -> None:
    """Refuses backtick literals that are not JSON, which the library takes with a warning."""
    for found in _QUOTED.finditer(text):
        literal: str | None = found[1]
        if literal is None:
            continue
        try:
            jcs.parse(literal.replace("\\`", "`").encode())
        except (CanonicalError, UnicodeEncodeError):
            reason = "not a JSON literal; a string is '...' or `\"...\"`"
            raise invalid(text, found.start(), reason) from None


def check_nesting(text: str, tokens: Sequence[Token]) -> None:
    """Refuses what would take the library's recursive parser too deep."""
    levels = [0]
    for token in tokens:
        kind = token["type"]
        if kind in _OPENING:
            levels.append(0)
        elif kind in _CLOSING and len(levels) > 1:
            levels.pop()
        elif kind in _SEPARATING:
            levels[-1] = 0
        if kind in _DEEPENING:
            levels[-1] += 1
        if len(levels) + sum(levels) > MAX_NESTING:
            raise invalid(text, token["start"], f"nested more than {MAX_NESTING} levels deep")


def check_tree(text: str, tokens: Sequence[Token], tree: Node) -> None:
    """Refuses a tree that is too deep, and calls and slices that can never work."""
    pending: list[tuple[Node, int]] = [(tree, 1)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_TREE_DEPTH:
            raise invalid(text, 0, f"more than {MAX_TREE_DEPTH} levels in one expression")
        if node["type"] == "slice":
            _check_slice(text, node)
            continue
        if node["type"] == "function_expression":
            _check_call(text, tokens, node)
        pending.extend((child, depth + 1) for child in node["children"])
    _check_references(text, tokens, tree)


def _check_slice(text: str, node: Node) -> None:
    if node["children"][2] == 0:
        raise invalid(text, 0, "the step of a slice cannot be 0")


def _check_call(text: str, tokens: Sequence[Token], node: Node) -> None:
    """Refuses a call of an unknown function or with the wrong number of arguments."""
    name: str = node["value"]
    position = _call_position(tokens, name)
    if name not in FUNCTION_TABLE:
        raise invalid(text, position, f"there is no function {name}()")
    given, wanted = len(node["children"]), len(FUNCTION_TABLE[name])
    variadic = "variadic" in FUNCTION_TABLE[name][-1]
    if given < wanted or (given > wanted and not variadic):
        least = "at least " if variadic else ""
        reason = f"{name}() takes {least}{wanted} arguments, not {given}"
        raise invalid(text, position, reason)


def _call_position(tokens: Sequence[Token], name: str) -> int:
    """Returns where ``name`` is first called; the tree itself keeps no places."""
    following = pairwise(tokens)
    calls = (t["start"] for t, n in following if t["value"] == name and n["type"] == "lparen")
    return next(calls, 0)


def _check_references(text: str, tokens: Sequence[Token], tree: Node) -> None:
    """Refuses ``&x`` where no function asks for it (it is no JSON value), and the reverse."""
    if any(_misplaced_references(tree)):
        position = next((t["start"] for t in tokens if t["type"] == "expref"), 0)
        raise invalid(text, position, "&x stands where a function takes it, and nowhere else")


def _misplaced_references(tree: Node) -> Iterator[bool]:
    pending: list[tuple[Node, bool]] = [(tree, False)]
    while pending:
        node, may_refer = pending.pop()
        yield (node["type"] == "expref") is not may_refer
        pending.extend(zip(_nodes(node), _reference_places(node), strict=True))


def _reference_places(node: Node) -> list[bool]:
    """Returns, child by child, whether the function called here takes an expression there."""
    children = _nodes(node)
    if node["type"] != "function_expression":
        return [False] * len(children)
    kinds = [argument["types"] == ["expref"] for argument in FUNCTION_TABLE[node["value"]]]
    return (kinds + [False] * len(children))[: len(children)]


def _nodes(node: Node) -> Sequence[Node]:
    found: Sequence[Node] = () if node["type"] == "slice" else node["children"]
    return found


def chains(tree: Node) -> Iterator[tuple[str, ...]]:
    """Yields each path of names that starts at the data."""
    pending = [tree]
    while pending:
        node = pending.pop()
        chain = _chain(node)
        if chain:
            yield chain
            continue
        children: Sequence[Node] = node["children"]
        pending.extend(reversed(children[_SAME_SCOPE.get(node["type"], _ALL)]))


def _chain(node: Node) -> tuple[str, ...]:
    """Returns the names at the head of ``node``: one for a field, more for ``a.b.c[0]``."""
    names: list[str] = []
    parts: Sequence[Node] = node["children"] if node["type"] == "subexpression" else [node]
    for part in parts:
        # ``a.b[0]`` is parsed as a.(b[0]).
        head = part
        while head["type"] in _INDEXING and part is not node:
            head = head["children"][0]
        if head["type"] != "field":
            break
        names.append(head["value"])
        if head is not part:
            break
    return tuple(names)
