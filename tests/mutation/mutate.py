"""Changes the source in small ways, one at a time, and asks whether a test notices: `make mutate`.

mutmut makes the changes (mutants) and runs, for each, the tests that reach the changed function until
one fails. A mutant that all tests pass has survived: either the change is none that anybody could
see, or a test is missing. Each survivor must stand in survivors.toml with the argument why it may
live; survivors without one, or more than 5 % of what was run, fail.

mutmut changes what stands in functions. It leaves tables and constants outside of them alone, and
functions with a decorator; what only says something to people or to a type checker is left out here.

What was found is kept in .mutate, so a run that was stopped goes on where it was, and the next run
tries again only what survived or has changed.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".mutate"
LIST = Path(__file__).with_name("survivors.toml")
#: One worker: the tests themselves start servers and processes.
MUTMUT = [sys.executable, "-m", "mutmut", "run", "--max-children", "1"]
#: The most that may survive, argued or not.
MOST = 0.05
#: What mutmut writes of a mutant that nothing noticed, and of one that no test reaches.
SURVIVED, UNREACHED = 0, 33
#: A test failed, pytest broke, time or CPU time was over, the process crashed. Whatever else there
#: is (nothing at all, a stop by the user) says that it was not run to its end.
NOTICED = frozenset({1, 3, 36, 152, 255, 24, -24, -9, -11})
#: Rooms that are changed, and the tests that must notice.
GROUPS = {
    "kernel": [
        "tests/unit/kernel",
        "tests/property/test_canonical_properties.py",
        "tests/property/test_formula_properties.py",
        "tests/property/test_inclusion_properties.py",
        "tests/property/test_jcs_properties.py",
        "tests/property/test_ledger_properties.py",
        "tests/property/test_lens_properties.py",
        "tests/property/test_merkle_properties.py",
    ],
    "runtime": [
        "tests/unit/runtime",
        "tests/property/test_engine_properties.py",
        "tests/property/test_metrics_properties.py",
        "tests/property/test_workflow_files.py",
        "tests/unit/api/test_contracts.py",
        "tests/unit/api/test_introspection.py",
        "tests/unit/api/test_recorder.py",
        "tests/integration/test_approval.py",
        "tests/integration/test_checks.py",
        "tests/integration/test_children.py",
        "tests/integration/test_command_gates.py",
        "tests/integration/test_declared_effects.py",
        "tests/integration/test_function_secrets.py",
        "tests/integration/test_gates.py",
        "tests/integration/test_gates_in_python.py",
        "tests/integration/test_injection.py",
        "tests/integration/test_lens.py",
        "tests/integration/test_on_failure.py",
        "tests/integration/test_on_failure_in_python.py",
        "tests/integration/test_passes.py",
        "tests/integration/test_planned_runs.py",
        "tests/integration/test_policies.py",
        "tests/integration/test_python_workflows.py",
        "tests/integration/test_raised_budget.py",
        "tests/integration/test_recovery.py",
        "tests/integration/test_replay.py",
        "tests/integration/test_resolving.py",
        "tests/integration/test_resources.py",
        "tests/integration/test_resume.py",
        "tests/integration/test_workflow_files.py",
        "tests/workflow",
    ],
}
#: Mutants of a function stand behind a call, so what counts frames of the stack counts one more; and
#: what asks which mutant it is reads the environment, which a guard sees.
NOT = [
    "tests/unit/kernel/test_jcs.py::test_a_caller_near_the_end_of_the_stack",
    "tests/integration/test_children.py::test_what_a_guard_sees_in_a_child_is_noted",
]
#: Tests that kill a run at each of its writes take minutes, and what they reach is reached by others.
QUICK = ["-k", "not killed"]
PLUGINS = ["-p", "no:cacheprovider", "-p", "same_ids"]
#: What tests read beside the source.
READ = ["benchmarks", "docs", "examples", "requirements", "src", "tests", "tools", "README.md"]
#: Lines that are left alone: texts of errors, and what is there for a type checker.
SAID = [
    r"raise \w+\(f?\"",
    r"message = f?\"",
    r"message=f?\"",
    r"fix = f?\"",
    r"assert_never\(",
    r"\bcast\(",
]


@dataclass(frozen=True)
class Change:
    """What a mutant changes: lines of one function, without their indentation."""

    function: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """A mutant by mutmut's name, the folder it was made in, and what became of it."""

    name: str
    group: str
    path: Path
    found: int | None


def main() -> int:
    """Runs what is asked for and returns 1 if a survivor is not argued for, or too many survive."""
    asked = _arguments()
    groups = [group for group in GROUPS if _may_have(group, asked.only)]
    for group in groups:
        _prepare(group, GROUPS[group])
    chosen = _chosen(asked)
    for group in groups:
        again = [each.name for each in chosen if each.group == group and _is_open(each)]
        if again:
            print(f"{group}: {len(again)} mutants to run", flush=True)
            _mutmut(group, again, asked.seconds)
    names = {each.name for each in chosen}
    return judge([each for each in _mutants() if each.name in names], read_list(LIST))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="asks whether tests notice changes of the source")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants; 0: all")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument(
        "--seconds", type=int, default=0, help="at most, for each room; 0: no limit"
    )
    parser.add_argument("--only", nargs="+", default=["*"], help="as 'workc.kernel.ledger.*'")
    return parser.parse_args()


def _may_have(group: str, only: list[str]) -> bool:
    room, starts = f"workc.{group}.", [each.partition("*")[0] for each in only]
    return any(room.startswith(start) or start.startswith(room) for start in starts)


def _prepare(group: str, tests: list[str]) -> None:
    """Makes the folder of a group, in which mutmut works, and lets mutmut make its mutants."""
    folder = WORK / group
    folder.mkdir(parents=True, exist_ok=True)
    for name in READ:
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(ROOT / name)
    skipped = [f"--deselect={each}" for each in NOT]
    settings = {
        "source_paths": ["src"],
        "only_mutate": [f"src/workc/{group}/*"],
        "do_not_mutate_patterns": SAID,
        "also_copy": [name for name in READ if name != "src"],
        "pytest_add_cli_args": [*PLUGINS, *QUICK, *skipped],
        "pytest_add_cli_args_test_selection": tests,
        "timeout_multiplier": 5.0,
        "timeout_constant": 2.0,
        "use_git_change_detection": False,
        "on_dependency_change": "ignore",
    }
    lines = [f"{key} = {_toml(value)}\n" for key, value in settings.items()]
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text(f"{text}\n[tool.mutmut]\n{''.join(lines)}", "utf-8")
    print(f"{group}: making mutants, timing tests", flush=True)
    # No mutant has this name: mutants are made, tests are timed, and there it ends.
    made = subprocess.run(
        [*MUTMUT, "none.*"], cwd=folder, env=_environment(), capture_output=True, text=True
    )
    if "nothing matches" not in made.stderr:
        sys.exit(f"{made.stdout[-5000:]}\n{made.stderr[-5000:]}\nmutmut could not be set up")


def _toml(value: object) -> str:
    # Of these types JSON is TOML.
    return json.dumps(value)


def _mutmut(group: str, names: list[str], seconds: int) -> None:
    process = subprocess.Popen([*MUTMUT, *names], cwd=WORK / group, env=_environment())
    try:
        failed = process.wait(seconds or None)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        process.wait()
        return
    if failed:
        sys.exit("mutmut broke off; what it said stands above")


def _environment() -> dict[str, str]:
    """Returns the environment, in which the plugin beside this file is found."""
    return {**os.environ, "PYTHONPATH": str(LIST.parent)}


def _mutants() -> Iterator[Mutant]:
    for group in GROUPS:
        mutants = WORK / group / "mutants"
        for meta in sorted(mutants.rglob("*.py.meta")):
            found = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
            for name, code in found.items():
                yield Mutant(name, group, meta.with_suffix(""), code)


def _chosen(asked: argparse.Namespace) -> list[Mutant]:
    fitting = [
        each for each in _mutants() if any(fnmatchcase(each.name, only) for only in asked.only)
    ]
    if not asked.sample or asked.sample >= len(fitting):
        return fitting
    return random.Random(asked.seed).sample(fitting, asked.sample)


def _is_open(mutant: Mutant) -> bool:
    return mutant.found not in NOTICED


# --- the verdict -------------------------------------------------------------------------------


def judge(mutants: list[Mutant], argued: Mapping[Change, str]) -> int:
    """Tells what survived; returns 0 if it is little enough and each is argued for, else 1."""
    run = [each for each in mutants if each.found in NOTICED | {SURVIVED, UNREACHED}]
    survivors = {each.name: change_of(each) for each in run if _is_open(each)}
    unargued = {name: change for name, change in survivors.items() if change not in argued}
    for name, change in unargued.items():
        print(f"\n{name}\n  in {change.function}\n  - {change.old}\n  + {change.new}")
    print(
        f"\n{len(mutants)} mutants chosen, {len(run)} run, {len(run) - len(survivors)} noticed, "
        f"{len(survivors)} survived, {len(survivors) - len(unargued)} of them argued for"
    )
    if not run:
        print("nothing was run")
        return 1
    return int(bool(unargued) or len(survivors) > MOST * len(run))


def read_list(path: Path) -> dict[Change, str]:
    """Returns the survivors that may live, each with the argument why."""
    listed = tomllib.loads(path.read_text("utf-8")).get("survivor", [])
    return {Change(each["function"], each["old"], each["new"]): each["why"] for each in listed}


def change_of(mutant: Mutant) -> Change:
    """Returns what a mutant changes, read from the file in which it stands beside its original."""
    module, _, mangled = mutant.name.rpartition(".")
    stem, _, _ = mangled.rpartition("__mutmut_")
    text = mutant.path.read_text("utf-8")
    old, new = (_body(text, f"{stem}__mutmut_orig"), _body(text, mangled))
    lines = [line for line in difflib.ndiff(old, new) if line[0] in "-+"]
    gone, come = (" ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return Change(f"{module}.{_readable(stem)}", gone, come)


def _readable(stem: str) -> str:
    """Returns Class.method or function for a name as mutmut writes it."""
    return stem.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in stem else stem.removeprefix("x_")


def _body(text: str, name: str) -> list[str]:
    """Returns the lines of a function in a file of mutants, its own name taken out."""
    lines = text.splitlines()
    start = next(n for n, line in enumerate(lines) if f"def {name}(" in line)
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or _is_inside(lines[end], indent)):
        end += 1
    return [line.replace(name, "it") for line in lines[start:end] if line.strip()]


def _is_inside(line: str, indent: int) -> bool:
    # The line that closes the parameters stands at the indentation of its function.
    return len(line) - len(line.lstrip()) > indent or line.lstrip().startswith(")")


if __name__ == "__main__":
    sys.exit(main())
