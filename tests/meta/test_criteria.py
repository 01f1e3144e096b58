"""The criteria of the workflow suites: each is shown by tests that exist, and none may fail."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PAGE = (TESTS / "workflow/README.md").read_text("utf-8")
#: Test functions that the specification names, by suite.
NAMED = {
    "replay_certification": (
        "workflow_replay_http_call",
        "workflow_replay_llm_invoke",
        "workflow_replay_mixed",
        "replay_with_injected_failure",
        "replay_budget_behavior",
    ),
    "budget_enforcement": (
        "single_skill_budget_check",
        "workflow_budget_accumulation",
        "budget_exceeded_mid_workflow",
        "budget_exceeded_error_code",
        "budget_refund_on_failure",
    ),
    "failure_catalog": (
        "timeout_produces_timeout_error",
        "rate_limit_produces_resource_error",
        "4xx_produces_permanent_error",
        "5xx_produces_transient_error",
        "validation_error_mapped",
        "all_error_codes_documented",
    ),
    "observability": (
        "workflow_emits_metrics",
        "skill_duration_histogram",
        "budget_metrics_accurate",
        "error_counters_increment",
        "replay_metrics_distinct",
    ),
    "simple_http_workflow": (),
    "llm_chain_workflow": (),
    "budget_exceeded_workflow": (),
    "error_recovery_workflow": (),
    "permanent_failure_workflow": (),
    "mixed_skill_workflow": (),
}


def functions_of(path):
    tree = ast.parse((TESTS / path).read_text("utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_criterion_is_shown_by_tests_that_exist():
    rows = re.findall(r"^\| (?!Criterion|---)(.+?) \| (.+?) \|$", PAGE, re.M)
    assert len(rows) >= 25
    for criterion, shown in rows:
        named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", shown)
        assert named or "`benchmarks/`" in shown, criterion
        for path, name in named:
            assert name in functions_of(path), (criterion, path, name)


def test_every_suite_has_the_tests_that_the_specification_names():
    for suite, names in NAMED.items():
        found = functions_of(f"workflow/test_{suite}.py")
        assert found >= {f"test_{name}" for name in names}, suite
        assert f"workflow/test_{suite}.py" in PAGE, suite


def test_nothing_is_expected_to_fail():
    mark = "x" + "fail"
    marked = [path for path in TESTS.rglob("*.py") if mark in path.read_text("utf-8")]
    assert marked == []


def test_ci_runs_the_suites():
    steps = (ROOT / ".ci/run").read_text("utf-8").splitlines()
    assert "make test" in steps
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\ntest:")[2].partition("\n\n")[0]
    assert '-m pytest -n auto -m "not peers"' in recipe
    assert "--ignore" not in recipe
