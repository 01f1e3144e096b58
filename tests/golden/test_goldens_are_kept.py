"""Golden bundles are only ever added: no file of one changes, goes, or comes unlisted."""

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent
ROOT = GOLDEN.parent.parent
SUMS = GOLDEN / "SHA256SUMS"

#: Every golden there ever was, by format version. Names are added here and never taken away.
KEPT = {
    "v0.1": [
        "basic_success",
        "effect_compression",
        "human_approval",
        "parallel_children_coordination",
        "strategies",
        "tiered_recovery",
        "unexercised",
        "verify_fail_backtrack",
    ],
    "v0.2": [
        "aborted",
        "approved",
        "back_after_failure",
        "back_after_gate",
        "back_by_gates",
        "back_in_vain",
        "bounded",
        "call_halted",
        "captures",
        "checked_by_program",
        "child",
        "child_failed",
        "cited",
        "commanded",
        "continued",
        "counted",
        "denied",
        "failed",
        "failed_check",
        "fallen",
        "fallen_paid",
        "family",
        "function",
        "gate_barred",
        "gate_failed",
        "gated",
        "gates_failed",
        "halted",
        "limited",
        "locked",
        "looked",
        "lowered",
        "machine",
        "no_strategy",
        "offline",
        "out_of_calls",
        "overrun",
        "paid",
        "parent",
        "parent_failed",
        "partial",
        "plan_approved",
        "plan_denied",
        "plan_refused",
        "planned",
        "recovered",
        "replanned",
        "resolved",
        "resolver_halted",
        "resources",
        "retried",
        "risky",
        "run_barred",
        "scripted_lens",
        "shared",
        "staged",
        "stages",
        "step_refused",
        "strategies",
        "success",
        "undecided",
        "unresolved",
        "went_back",
        "words",
    ],
}


def listed(sums):
    """Returns path to hash, from text as sha256sum writes it."""
    pairs = [line.split("  ", 1) for line in sums.splitlines()]
    return {path: digest for digest, path in pairs}


def problems(folder, sums, kept):
    """Yields what is wrong with the goldens in ``folder``."""
    paths = sorted(path for path in folder.glob("v*/**/*") if not path.is_dir())
    there = {path.relative_to(folder).as_posix(): path for path in paths}
    hashes = listed(sums)
    for path in sorted(hashes.keys() - there.keys()):
        yield f"gone: {path}"
    for path in sorted(there.keys() - hashes.keys()):
        yield f"not listed in {SUMS.name}: {path}"
    for path in sorted(there.keys() & hashes.keys()):
        if there[path].is_symlink():
            yield f"a link: {path}"
        elif hashlib.sha256(there[path].read_bytes()).hexdigest() != hashes[path]:
            yield f"changed: {path}"
    names = {tuple(path.split("/")[:2]) for path in hashes}
    wanted = {(version, name) for version, found in kept.items() for name in found}
    for version, name in sorted(wanted - names):
        yield f"vanished: {version}/{name}"
    for version, name in sorted(names - wanted):
        yield f"not in KEPT: {version}/{name}"


def test_no_golden_has_changed_gone_or_come_unlisted():
    assert list(problems(GOLDEN, SUMS.read_text("utf-8"), KEPT)) == []


def test_the_list_is_sorted_and_says_each_file_once():
    lines = SUMS.read_text("utf-8").splitlines()
    paths = [line.split("  ", 1)[1] for line in lines]
    assert paths == sorted(set(paths))
    assert len(paths) > 60


def of_version(version, sums):
    """Returns the lines of the list that are about one version."""
    return [line for line in sums.splitlines() if f"  {version}/" in line]


def test_the_generator_would_write_the_same_bytes_today():
    command = [sys.executable, ROOT / "tools/generate_goldens.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def generator(tmp_path, monkeypatch):
    """The generator, with an empty folder to write to."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    spec = importlib.util.spec_from_file_location("made", ROOT / "tools/generate_goldens.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.GOLDEN = tmp_path
    return module


def test_the_generator_writes_all_goldens_into_an_empty_folder(generator):
    assert generator.main([]) == 0
    sums = (generator.GOLDEN / SUMS.name).read_text("utf-8")
    assert sums.splitlines() == of_version("v0.1", SUMS.read_text("utf-8"))
    assert list(problems(generator.GOLDEN, sums, {"v0.1": KEPT["v0.1"]})) == []


def test_the_goldens_of_format_0_2_are_there_and_tell_the_story_of_today():
    command = [sys.executable, ROOT / "tools/goldens_v02.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def second_generator(tmp_path, monkeypatch):
    """The generator of format 0.2, with an empty folder to write to."""
    monkeypatch.syspath_prepend(ROOT / "tools")
    spec = importlib.util.spec_from_file_location("made_02", ROOT / "tools/goldens_v02.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert sorted(module.NAMES) == KEPT["v0.2"]
    module.GOLDEN = tmp_path / "v0.2"
    module.STORIES = {name: module.STORIES[name] for name in ("staged", "failed")}
    module.NAMES = tuple(module.STORIES)
    return module


def test_the_second_generator_writes_what_is_missing_and_never_over_a_golden(
    second_generator, capsys
):
    assert second_generator.main(["--check"]) == 1
    assert capsys.readouterr().out == "missing: v0.2/staged\nmissing: v0.2/failed\n"
    assert not second_generator.GOLDEN.exists()
    assert second_generator.main([]) == 0
    capsys.readouterr()
    receipt = second_generator.GOLDEN / "staged/bundle/receipt.json"
    good = receipt.read_bytes()
    receipt.write_bytes(b"changed")
    assert second_generator.main([]) == 1
    assert capsys.readouterr().out == "does not verify: v0.2/staged\n"
    assert receipt.read_bytes() == b"changed"
    receipt.write_bytes(good)
    assert second_generator.main(["--check"]) == 0
    (second_generator.GOLDEN / "failed").rename(second_generator.GOLDEN / "old")
    (second_generator.GOLDEN / "staged").rename(second_generator.GOLDEN / "failed")
    assert second_generator.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert said == "missing: v0.2/staged\ntells another story than today: v0.2/failed\n"


def test_the_generator_never_writes_over_a_golden_nor_over_its_hash(generator, capsys):
    generator.main([])
    before = (generator.GOLDEN / SUMS.name).read_text("utf-8")
    path = "v0.1/basic_success/bundle/receipt.json"
    (generator.GOLDEN / path).write_text("changed")
    capsys.readouterr()
    assert generator.main([]) == 1
    assert capsys.readouterr().out == f"differs from what is kept, which stays: {path}\n"
    assert (generator.GOLDEN / path).read_text() == "changed"
    assert (generator.GOLDEN / SUMS.name).read_text("utf-8") == before


def test_the_check_names_what_is_missing_and_writes_nothing(generator, capsys):
    generator.main([])
    path = "v0.1/strategies/bundle/evidence/edit.diff"
    (generator.GOLDEN / path).unlink()
    capsys.readouterr()
    assert generator.main(["--check"]) == 1
    assert capsys.readouterr().out == f"missing: {path}\n"
    assert not (generator.GOLDEN / path).exists()


@pytest.fixture
def copy(tmp_path):
    """A small golden of two versions, its list, and its names; nothing is wrong with it."""
    for path in ("v0.1/old/bundle/receipt.json", "v0.2/new/bundle/evidence/a"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(path)
    sums = "".join(
        f"{hashlib.sha256(path.encode()).hexdigest()}  {path}\n"
        for path in ("v0.1/old/bundle/receipt.json", "v0.2/new/bundle/evidence/a")
    )
    kept = {"v0.1": ["old"], "v0.2": ["new"]}
    assert list(problems(tmp_path, sums, kept)) == []
    return tmp_path, sums, kept


def test_a_changed_byte_is_seen(copy):
    folder, sums, kept = copy
    (folder / "v0.2/new/bundle/evidence/a").write_text("other")
    assert list(problems(folder, sums, kept)) == ["changed: v0.2/new/bundle/evidence/a"]


def test_a_file_that_is_gone_is_seen(copy):
    folder, sums, kept = copy
    (folder / "v0.1/old/bundle/receipt.json").unlink()
    assert list(problems(folder, sums, kept)) == ["gone: v0.1/old/bundle/receipt.json"]


def test_a_file_that_is_not_listed_is_seen_in_any_version(copy):
    folder, sums, kept = copy
    (folder / "v0.3/next/bundle").mkdir(parents=True)
    (folder / "v0.3/next/bundle/.hidden").write_text("")
    assert list(problems(folder, sums, kept)) == [
        "not listed in SHA256SUMS: v0.3/next/bundle/.hidden"
    ]


def test_a_golden_that_went_together_with_its_lines_is_seen(copy):
    folder, sums, kept = copy
    (folder / "v0.1/old/bundle/receipt.json").unlink()
    assert list(problems(folder, sums.splitlines()[1], kept)) == ["vanished: v0.1/old"]


def test_a_new_golden_must_be_named(copy):
    folder, sums, kept = copy
    assert list(problems(folder, sums, {"v0.1": kept["v0.1"]})) == ["not in KEPT: v0.2/new"]


def test_a_link_in_place_of_a_file_is_seen(copy):
    folder, sums, kept = copy
    path = folder / "v0.2/new/bundle/evidence/a"
    path.rename(folder / "elsewhere")
    path.symlink_to(folder / "elsewhere")
    assert list(problems(folder, sums, kept)) == ["a link: v0.2/new/bundle/evidence/a"]
