"""The source keeps its budgets: sizes, imports, words that have no place in it."""

import ast
import re
import statistics
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/workc"
FILES = sorted(SOURCE.rglob("*.py"))
#: Generated from data: no one reads it line by line.
GENERATED = {SOURCE / "kernel/catalog.py"}

#: What the rooms that must be pure may import beside themselves and the rooms below.
PURE = {
    "kernel": {"msgspec"},
    "bundle": {"msgspec"},
    "verify": {"msgspec", "cryptography"},
}
BELOW = {"kernel": set(), "bundle": {"kernel"}, "verify": {"kernel", "bundle"}}
#: Modules of the standard library that do no I/O and know no time.
PURE_STDLIB = {
    "__future__",
    "base64",
    "bisect",
    "collections",
    "contextlib",
    "dataclasses",
    "decimal",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "struct",
    "sys",
    "types",
    "typing",
    "zlib",
}

#: Lines that import inside a function, each with its reason.
LAZY = {
    "adapters/workers.py": "few calls are given up",
    "adapters/bundle_folder.py": "libraries of compression come along; a verification takes nothing away",
    "cli/errors.py": "most commands meet no error of ours",
    "cli/lazy.py": "most commands are spelt right",
    "adapters/side_by_side.py": "it brings logging along; few bundles are large",
    "api/verification.py": "trust files are read, and JSON with them, for signed bundles only",
    "cli/commands/verify_bundle.py": "the same",
    "verify/verifier.py": "nearly all bundles are of the other format",
    "verify/signatures/ed25519.py": "the library is needed for signed bundles only",
    "api/network.py": "HTTP costs 200 ms to import and most commands need none",
    "cli/columns.py": "tables of all letters; most text is ASCII",
    "pytest_plugin/__init__.py": "pytest loads it in every session, and few tests use it",
    "pytest_plugin/scenario_items.py": "collecting a scenario file is cheap, running one is not",
}


def functions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def body_lines(node):
    body = node.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def trees():
    return [(path, ast.parse(path.read_text("utf-8"))) for path in FILES if path not in GENERATED]


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def test_no_file_has_more_than_500_lines_and_the_median_has_at_most_200():
    lengths = {path: path.read_text("utf-8").count("\n") for path in FILES if path not in GENERATED}
    assert {str(path): n for path, n in lengths.items() if n > 500} == {}
    assert statistics.median(lengths.values()) <= 200


def test_functions_are_short():
    lengths = {
        f"{path.relative_to(SOURCE)}:{node.name}": body_lines(node)
        for path, tree in trees()
        for node in functions(tree)
    }
    long = {name: n for name, n in lengths.items() if n > 60}
    assert len(long) <= len(lengths) / 100, long
    assert statistics.median(lengths.values()) <= 8


@pytest.mark.parametrize("room", sorted(PURE))
def test_a_pure_room_imports_only_what_it_may(room):
    rooms = {f"workc.{name}" for name in {room, *BELOW[room]}}
    for path in sorted((SOURCE / room).rglob("*.py")):
        for name in imported(ast.parse(path.read_text("utf-8"))):
            top = name.partition(".")[0]
            own = ".".join(name.split(".")[:2])
            allowed = own in rooms or top in PURE[room] or top in PURE_STDLIB
            assert allowed, f"{path.relative_to(SOURCE)} imports {name}"


def test_imports_stand_at_the_top_but_for_the_named_lazy_places():
    found = {
        str(path.relative_to(SOURCE))
        for path, tree in trees()
        for node in functions(tree)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    }
    assert found <= LAZY.keys(), found - LAZY.keys()


def test_there_is_no_any_where_the_oracle_lives():
    for room in ("kernel", "bundle", "verify"):
        for path in sorted((SOURCE / room).rglob("*.py")):
            names = ast.walk(ast.parse(path.read_text("utf-8")))
            assert not any(isinstance(n, ast.Name) and n.id == "Any" for n in names), path


def test_every_mark_that_silences_a_check_names_it():
    for path in [*FILES, *sorted((ROOT / "tests").rglob("*.py"))]:
        if path == Path(__file__):
            continue
        text = path.read_text("utf-8")
        assert not re.search(r"#\s*noqa(?!: [A-Z]+[0-9])", text), path
        assert not re.search(r"#\s*type: ignore(?!\[)", text), path


#: Pieces are joined here so that this file does not hold what it forbids.
FORBIDDEN = [
    "pypi" + r"\.org",
    "pythonhosted" + r"\.org",
    "registry" + r"\.npmjs",
    "deb" + r"ian\.org",
    r"/work/" + r"(main|shared|scratch)",
    r"\.\./" + "shared",
    "BEGIN [A-Z ]*PRIVATE " + "KEY",
    r"sk-[A-Za-z0-9]{20," + "}",
]
#: A test certificate for the loopback server has to have its key; its SOURCE.md says so.
EXCEPT = {"tests/vectors/tls"}


def tracked_text_files():
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = {
            ".git",
            ".venv",
            ".venv-peers",
            ".fuzz",
            ".mutate",
            "node_modules",
            "demo-output",
            "__pycache__",
            ".hypothesis",
        }
        if (
            path.is_file()
            and not hidden & set(parts)
            and not any(p.endswith("_cache") for p in parts)
        ):
            yield path


def test_the_project_speaks_of_itself_alone():
    for path in tracked_text_files():
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith(tuple(EXCEPT)) or path == Path(__file__):
            continue
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for pattern in FORBIDDEN:
            assert not re.search(pattern, text), f"{relative} holds {pattern}"


def test_python_is_new_enough():
    assert sys.version_info >= (3, 11)
