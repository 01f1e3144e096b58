r"""The Python code of a stage that carries it in its JSON: which of its functions is the stage.

It is the function that is named as the stage, with ``_`` where a name of Python cannot have what the
stage's has; else the only public one. It is called with the input alone.

>>> entry_name("def add_one(n):\n    return n + _one()\ndef _one():\n    return 1\n", "add-one")
'add_one'
"""

from __future__ import annotations

import ast
import re

from workc.stages.stage.refinements import StageError

#: Bytes of code that are read.
MAX_CODE = 1_048_576


def entry_name(code: str, name: str | None) -> str:
    """Returns the name of the function that is the stage.

    Raises:
        StageError: the code is no Python, or no function of it can be told to be the stage.
    """
    functions = [node.name for node in parsed(code).body if isinstance(node, ast.FunctionDef)]
    wanted = re.sub(r"\W", "_", name or "")
    if wanted in functions:
        return wanted
    public = sorted({each for each in functions if not each.startswith("_")})
    if len(public) == 1:
        return public[0]
    found = ", ".join(public) or "none"
    raise StageError(f"the code needs a function {wanted or 'of one public name'}; it has {found}")


def first_line(code: str, function: str) -> int:
    """Returns the line, from 1, in which a function begins that the code has, decorators included.

    Raises:
        StageError: the code is no Python.
    """
    found = [
        min([node.lineno, *(each.lineno for each in node.decorator_list)])
        for node in parsed(code).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    # The last one of a name is what the name stands for.
    return found[-1] if found else 0


def parsed(code: str) -> ast.Module:
    """Returns the code as a tree.

    Raises:
        StageError: it is no Python.
    """
    if len(code) > MAX_CODE:
        raise StageError(f"the code is longer than {MAX_CODE} characters")
    try:
        return ast.parse(code)
    except SyntaxError as error:
        raise StageError(f"the code is no Python: line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise StageError(f"the code is no Python: {type(error).__name__}") from None
