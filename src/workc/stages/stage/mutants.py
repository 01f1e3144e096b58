r"""Small changes of a function's code: where no example notices one, the examples are weak.

The operators are few and classic: comparisons, arithmetic, constants, boolean connectives, a return
of nothing, a statement left out. Changed are the function and what it names of the same file; neither
annotations nor docstrings are, nor what no example can notice: the words of a failure, and the
defaults of the function itself, which its schema holds.

>>> code = "def least(a, b):\n    return a if a < b else b\n"
>>> [(mutant.line, mutant.change) for mutant in mutants(code, "least")]
[(2, 'return None'), (2, '< is <=')]
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

import msgspec

from workc.stages.stage.code import parsed
from workc.stages.stage.refinements import StageError

#: Of more changes so many are taken, evenly spread.
MAX_MUTANTS = 300

_COMPARISONS: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: Mapping[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_UNARY: Mapping[type[ast.unaryop], str] = {ast.Not: "not", ast.USub: "-"}
_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
#: What a node could be instead, with words for the change.
_Choice: TypeAlias = tuple[str, ast.AST]
_DROPPED = (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Continue, ast.Break, ast.Delete)


class Mutant(msgspec.Struct, frozen=True):
    """One change: in which line, what it is in words, and the functions with it in them."""

    line: int
    change: str
    tree: ast.Module


def mutants(code: str, name: str, limit: int = MAX_MUTANTS) -> tuple[Mutant, ...]:
    """Returns the changes of a function of a file and of what it names there, in order of the file.

    Raises:
        StageError: the text is no Python, or has no such function at its top.
    """
    functions = _named(parsed(code), name)
    if not functions:
        raise StageError(f"no function {name:.80} stands at the top of its file")
    changes = [
        (number, place, choice)
        for number, function in enumerate(functions)
        for place, choices in enumerate(_changes(function, name))
        for choice in range(choices)
    ]
    step = max(1, -(-len(changes) // limit))
    return tuple(_made(functions, *change) for change in changes[::step])


def _named(tree: ast.Module, name: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Returns a function and those of its file that it names, in the order of the file."""
    known = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    waiting, seen = [name], set[str]()
    while waiting:
        each = waiting.pop()
        if each in known and each not in seen:
            seen.add(each)
            names = (node.id for node in ast.walk(known[each]) if isinstance(node, ast.Name))
            # What is decorated may be another thing than a function; it stays as it is.
            waiting += [found for found in names if found in known and _is_plain(known[found])]
    return [_bare(node) for found, node in known.items() if found in seen]


def _is_plain(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return not node.decorator_list


def _bare(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
) -> ast.FunctionDef | ast.AsyncFunctionDef:
    """Returns a function without decorators, annotations and docstrings."""
    bare = copy.deepcopy(node)
    bare.decorator_list = []
    for each in ast.walk(bare):
        if isinstance(each, ast.arg):
            each.annotation = None
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            each.returns = None
            if ast.get_docstring(each, clean=False) is not None:
                each.body[:1] = [] if len(each.body) > 1 else [ast.Pass()]
    return ast.fix_missing_locations(bare)


def _changes(function: ast.FunctionDef | ast.AsyncFunctionDef, entry: str) -> Iterator[int]:
    """Yields for each node of a function how many changes of it there are."""
    silent = _words_of_failures(function)
    if function.name == entry:
        defaults = [*function.args.defaults, *(each for each in function.args.kw_defaults if each)]
        silent |= {node for default in defaults for node in ast.walk(default)}
    return (0 if node in silent else len(_choices(node)) for node in ast.walk(function))


def _words_of_failures(function: ast.AST) -> set[ast.AST]:
    raised = (node for node in ast.walk(function) if isinstance(node, ast.Raise))
    # The first word is a code, if it looks like one, and codes are compared.
    return {
        part
        for node in raised
        for part in ast.walk(node)
        if isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and not (part.value.isupper() and part.value.isidentifier())
    }


def _choices(node: ast.AST) -> Sequence[_Choice]:
    """Returns what a node could be instead, each with words for the change."""
    if isinstance(node, _DROPPED):
        return [(f"left out: {ast.unparse(node):.60}", ast.Pass())]
    return _OPERATORS.get(type(node), _nothing)(node)


def _nothing(_node: ast.AST) -> list[_Choice]:
    return []


def _comparison(node: ast.Compare) -> list[_Choice]:
    return [_compared(node, index) for index in range(len(node.ops))]


def _arithmetic(node: ast.BinOp) -> list[_Choice]:
    other = _ARITHMETIC.get(type(node.op))
    if other is None:
        return []
    words = f"{_SIGNS[type(node.op)]} is {_SIGNS[other]}"
    return [(words, ast.BinOp(node.left, other(), node.right))]


def _connective(node: ast.BoolOp) -> list[_Choice]:
    if isinstance(node.op, ast.And):
        return [("and is or", ast.BoolOp(ast.Or(), node.values))]
    return [("or is and", ast.BoolOp(ast.And(), node.values))]


def _unary(node: ast.UnaryOp) -> list[_Choice]:
    sign = _UNARY.get(type(node.op))
    return [] if sign is None else [(f"{sign} is left out", node.operand)]


def _return(node: ast.Return) -> list[_Choice]:
    value = node.value
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return []
    return [("return None", ast.Return(ast.Constant(None)))]


def _compared(node: ast.Compare, index: int) -> _Choice:
    old = node.ops[index]
    new = _COMPARISONS[type(old)]
    ops = [*node.ops[:index], new(), *node.ops[index + 1 :]]
    words = f"{_SIGNS[type(old)]} is {_SIGNS[new]}"
    return words, ast.Compare(node.left, ops, node.comparators)


def _constants(node: ast.Constant) -> list[_Choice]:
    value = node.value
    match value:
        case bool():
            other: object = not value
        case int() | float():
            other = value + 1
        case str():
            other = "" if value else "x"
        case _:
            return []
    return [(f"{value!r:.30} is {other!r:.30}", ast.Constant(other))]  # type: ignore[arg-type]  # a constant


_OPERATORS: Mapping[type[ast.AST], Callable[[Any], list[_Choice]]] = {
    ast.BinOp: _arithmetic,
    ast.BoolOp: _connective,
    ast.Compare: _comparison,
    ast.Constant: _constants,
    ast.Return: _return,
    ast.UnaryOp: _unary,
}


def _made(
    functions: Sequence[ast.FunctionDef | ast.AsyncFunctionDef],
    number: int,
    place: int,
    choice: int,
) -> Mutant:
    changed = copy.deepcopy(functions[number])
    node = list(ast.walk(changed))[place]
    words, other = _choices(node)[choice]
    line = getattr(node, "lineno", 0)
    made = cast("ast.stmt", _Replace(node, other).visit(changed))
    body: list[ast.stmt] = [*functions[:number], made, *functions[number + 1 :]]
    return Mutant(line, words, ast.fix_missing_locations(ast.Module(body, [])))


class _Replace(ast.NodeTransformer):
    """Puts one node in place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self._old = old
        self._new = ast.copy_location(new, old)

    def visit(self, node: ast.AST) -> ast.AST:
        """Returns the node, or what stands in its place."""
        if node is self._old:
            return self._new
        self.generic_visit(node)
        return node
