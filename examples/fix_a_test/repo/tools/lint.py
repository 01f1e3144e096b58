"""The linter of this repository: a file must compile, print nothing, and say what it does.

python3 tools/lint.py FILE...
"""

import ast
import sys
from pathlib import Path


def faults(name):
    """Yields what is wrong with a file, a line each."""
    try:
        tree = ast.parse(Path(name).read_text(encoding="utf-8"), name)
    except SyntaxError as error:
        yield f"{name}:{error.lineno}: {error.msg}"
        return
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        if documented and ast.get_docstring(node) is None:
            yield f"{name}:{getattr(node, 'lineno', 1)}: no docstring"
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "print":
            yield f"{name}:{node.lineno}: print"


found = [fault for name in sys.argv[1:] for fault in faults(name)]
print("\n".join(found) or "clean")
sys.exit(bool(found))
