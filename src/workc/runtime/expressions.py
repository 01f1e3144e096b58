"""JMESPath: compiles an expression before the run and evaluates it on data within bounds.

Everything that the text alone can show is refused when compiling: syntax, unknown functions,
the number of arguments, a slice step of 0. What depends on the data is refused when evaluating.
Object members are visited in canonical key order (RFC 8785, section 3.2.3), so ``keys(@)``,
``values(@)`` and ``*`` do not depend on how the data was spelled.

    >>> evaluate(compile_expression("items[?n > `1`].name"), {"items": [{"n": 2, "name": "b"}]})
    ['b']

Refused although ``jmespath`` takes them: literals that are not JSON (`` `foo` ``) and an
expression reference (``&a``) anywhere but where a function asks for one.
"""

from __future__ import annotations

import msgspec
from jmespath import exceptions, lexer, parser

from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import Refusal, refuse
from workc.kernel.values import Json
from workc.runtime.expression_checks import (
    MAX_LENGTH,
    Node,
    Token,
    chains,
    check_characters,
    check_literals,
    check_nesting,
    check_tree,
    invalid,
)
from workc.runtime.expression_dialect import MAX_WORK, Interpreter, Meter, TooMuchWork

#: The most levels of containers in the data.
MAX_DATA_DEPTH = jcs.MAX_DEPTH_DATA


class Expression(msgspec.Struct, frozen=True):
    """A compiled expression.

    ``chains`` are the paths that start at the data itself, one for each place where the text
    begins one: ``steps.top.result[0]`` gives ``("steps", "top", "result")``.
    """

    text: str
    tree: Node
    chains: tuple[tuple[str, ...], ...]


def compile_expression(text: str) -> Expression:
    """Returns the expression that ``text`` spells.

    Raises:
        Refusal: ``INVALID_EXPRESSION``; the details hold ``position``, the index of the character
            (from 0) where it goes wrong, and the expression.
    """
    if len(text) > MAX_LENGTH:
        raise invalid(text, MAX_LENGTH, f"an expression has at most {MAX_LENGTH} characters")
    if not text.isascii():
        check_characters(text)
    check_literals(text)
    try:
        tokens: list[Token] = [*lexer.Lexer().tokenize(text)]
        check_nesting(text, tokens)
        tree: Node = _Parser().parse(text).parsed
    except exceptions.JMESPathError as error:
        raise _syntax_error(text, error) from None
    except RecursionError:
        raise invalid(text, 0, "the caller left too little stack to read it") from None
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        raise invalid(text, 0, "a number has too many digits") from None
    check_tree(text, tokens, tree)
    return Expression(text, tree, tuple(chains(tree)))


def evaluate(expression: Expression, data: Json, max_work: int = MAX_WORK) -> Json:
    """Returns what ``expression`` finds in ``data``, as plain JSON.

    ``max_work`` bounds nodes visited and values made.

    Raises:
        Refusal: ``TRANSFORM_FAILED`` where the data does not fit: a function given the wrong
            type, data nested too deeply, a result that JSON cannot say or that is too large.
    """
    meter = Meter(max_work)
    try:
        found: object = Interpreter(meter).visit(expression.tree, in_canonical_order(data))
        meter.weigh(found)
        return jcs.normalise(found)
    except TooMuchWork:
        raise _failed(expression, f"it takes more than {max_work} units of work") from None
    except exceptions.JMESPathTypeError as error:
        raise _wrong_type(expression, error) from None
    except CanonicalError as error:
        raise _failed(expression, f"the result is not JSON: {error}") from None
    except TypeError:
        raise _failed(expression, "it compares values of different types") from None
    except UnicodeEncodeError:
        raise _failed(expression, "a key holds half of a surrogate pair") from None
    except (OverflowError, ValueError):
        raise _failed(expression, "a number is too large") from None
    except RecursionError:
        raise _failed(expression, "the data is nested too deeply") from None


def in_canonical_order(value: Json, room: int = MAX_DATA_DEPTH) -> Json:
    """Returns ``value`` with the members of each object in canonical order; itself if they are.

    Raises:
        Refusal: ``TRANSFORM_FAILED`` when containers nest deeper than ``room``.
    """
    if not isinstance(value, dict | list):
        return value
    if room == 0:
        raise refuse(
            "TRANSFORM_FAILED",
            f"the data is nested more than {MAX_DATA_DEPTH} levels deep",
            limit=MAX_DATA_DEPTH,
        )
    if isinstance(value, list):
        items = [in_canonical_order(item, room - 1) for item in value]
        return value if all(map(_is, items, value)) else items
    names = jcs.in_key_order(value)
    members = {name: in_canonical_order(value[name], room - 1) for name in names}
    same = names == [*value] and all(map(_is, members.values(), value.values()))
    return value if same else members


class _Parser(parser.Parser):
    """The library's parser without its process-wide cache (which 1.0 purged at random)."""

    def __init__(self) -> None:
        super().__init__()
        self._CACHE: dict[str, parser.ParsedResult] = {}


def _is(one: object, other: object) -> bool:
    return one is other


def _failed(expression: Expression, reason: str) -> Refusal:
    message = f"the expression failed on this data: {reason}"
    return refuse("TRANSFORM_FAILED", message, expression=expression.text)


def _wrong_type(expression: Expression, error: exceptions.JMESPathTypeError) -> Refusal:
    wanted = " or ".join(error.expected_types)
    name = error.function_name
    return _failed(expression, f"{name}() takes {wanted}, not {error.actual_type}")


def _syntax_error(text: str, error: exceptions.JMESPathError) -> Refusal:
    if isinstance(error, exceptions.LexerError):
        return invalid(text, error.lexer_position, error.message)
    if isinstance(error, exceptions.IncompleteExpressionError):
        return invalid(text, len(text), "the expression ends too early")
    if isinstance(error, exceptions.ParseError):
        return invalid(text, error.lex_position, error.msg)
    return invalid(text, 0, "the expression is empty")
