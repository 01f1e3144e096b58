"""What is generated is what its tables say, and the specification says what the tables say."""

import ast
import importlib.util
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from workc.kernel.catalog import CATALOG
from workc.kernel.kinds import KINDS
from workc.kernel.lanes import ROOT_LANE, STEP_LANE
from workc.verify.verdict import VERIFY_FAIL_CODES

ROOT = Path(__file__).resolve().parents[2]
SPEC = (ROOT / "docs/spec/bundle-0.2.md").read_text("utf-8")


def test_generated_files_are_fresh():
    done = subprocess.run(
        [sys.executable, ROOT / "tools/generate.py", "--check"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_a_stale_file_is_named(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    spec = importlib.util.spec_from_file_location("generate", ROOT / "tools/generate.py")
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    assert not generate._is(tmp_path / "missing", "text")


def test_every_kind_and_lane_rule_stands_in_the_specification():
    rows = defaultdict(set)
    for left, after in re.findall(r"^\| ([A-Za-z, ]+) \| ([A-Za-z ]+) \|$", SPEC, re.M):
        for before in left.split(","):
            rows[before.strip()] |= set(after.split())
    for kind in KINDS:
        assert f"| {kind} |" in SPEC
    for table in (STEP_LANE, ROOT_LANE):
        for before, after in table.items():
            assert set(after) <= rows[before] | {"END"}, before


def test_every_oracle_code_that_can_come_out_is_in_a_specification():
    pages = SPEC + (ROOT / "docs/spec/bundle-0.1.md").read_text("utf-8")
    for code in VERIFY_FAIL_CODES:
        assert code.removeprefix("MERKLE_MISMATCH_") in pages, code


def codes_in(*folders):
    """Returns the codes of the catalog that stand as string literals in Python files there."""
    return {
        node.value
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "catalog.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in CATALOG
    }


def test_every_code_of_the_catalog_is_emitted():
    assert set(CATALOG) - codes_in("src/workc") == set()


def test_every_code_of_the_catalog_is_produced_by_a_test():
    assert set(CATALOG) - codes_in("tests") == set()


def test_every_code_that_is_refused_with_is_in_the_catalog():
    pattern = re.compile(r"refuse\(\s*\"([A-Z_0-9]+)\"|Failure\(\s*code=\"([A-Z_0-9]+)\"")
    for path in sorted((ROOT / "src/workc").rglob("*.py")):
        for one, other in pattern.findall(path.read_text("utf-8")):
            assert (one or other) in CATALOG, f"{path.name}: {one or other}"
