"""What git says of a folder; no program that a repository brings is run for it."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress

import pytest

from workc.adapters import git_facts as module
from workc.adapters.git_facts import GitFacts, git_facts
from workc.adapters.platform_facts import platform_facts
from workc.api.report_facts import git_info, platform_info
from workc.kernel.version import __version__

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def environment(tmp_path):
    """The environment of a caller who has no settings of git at all."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}


@pytest.fixture
def git(tmp_path, environment):
    """Runs git in a new repository on the branch ``main`` that holds one committed file."""
    folder = tmp_path / "repository"
    folder.mkdir()

    def run(*arguments):
        named = ("-c", "user.name=a", "-c", "user.email=a@b.invalid")
        command = ["git", "-C", str(folder), *named, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    run("init", "-q", "-b", "main")
    (folder / "file").write_text("one\n")
    run("add", "file")
    run("commit", "-q", "-m", "one")
    return run


@pytest.fixture
def folder(tmp_path, git):
    return tmp_path / "repository"


def test_commit_and_branch_are_those_of_the_folder(folder, git, environment):
    commit = git("rev-parse", "HEAD")
    assert git_facts(folder, environment) == GitFacts(commit, "main", False)
    (folder / "below").mkdir()
    assert git_facts(folder / "below", environment) == GitFacts(commit, "main", False)
    git("checkout", "-q", "--detach")
    assert git_facts(folder, environment) == GitFacts(commit, None, False)


def test_a_tracked_file_that_was_changed_makes_it_dirty_and_a_new_one_does_not(folder, environment):
    (folder / "new").write_text("")
    assert git_facts(folder, environment).dirty is False
    (folder / "file").write_text("two\n")
    assert git_facts(folder, environment).dirty is True


def test_where_there_is_no_commit_or_no_git_nothing_is_known(tmp_path, folder, git, environment):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert git_facts(empty, environment) == GitFacts()
    assert git_facts(tmp_path / "gone", environment) == GitFacts()
    assert git_facts(tmp_path / "a\0b", environment) == GitFacts()
    assert git_facts(folder, {**environment, "PATH": str(empty)}) == GitFacts()
    git("checkout", "-q", "--orphan", "fresh")
    assert git_facts(folder, environment) == GitFacts()


def test_a_git_that_does_not_end_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "git").write_text(f"#!/bin/sh\nread line < {tmp_path / 'fifo'}\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    assert git_facts(tmp_path, {"PATH": str(tmp_path)}) == GitFacts()


def test_variables_of_the_caller_do_not_lead_to_another_repository(
    tmp_path, folder, git, environment
):
    other = tmp_path / "other"
    other.mkdir()
    leading = {**environment, "GIT_DIR": str(folder / ".git"), "GIT_WORK_TREE": str(folder)}
    assert git_facts(other, leading) == GitFacts()


@pytest.fixture
def program(tmp_path):
    """A program that leaves a mark, and what says whether it was run."""
    mark, path = tmp_path / "mark", tmp_path / "program"
    path.write_text(f"#!{sys.executable}\nopen({str(mark)!r}, 'w').close()\n")
    path.chmod(0o755)
    return path, mark


def touched(folder):
    """Makes git look into a file again whose content is the same."""
    os.utime(folder / "file", (1_000_000_000, 1_000_000_000))


def test_a_monitor_of_files_and_hooks_of_the_repository_are_not_run(
    folder, git, environment, program
):
    path, mark = program
    hooks = folder / ".git/hooks"
    shutil.copy(path, hooks / "post-index-change")
    git("config", "core.fsmonitor", str(path))
    touched(folder)
    assert git_facts(folder, environment).dirty is False
    assert not mark.exists()
    git("status")
    assert mark.exists()


@pytest.mark.parametrize("kind", ["clean", "process"])
def test_a_filter_of_the_repository_is_not_run_and_what_was_changed_is_not_known(
    folder, git, environment, program, kind
):
    path, mark = program
    (folder / ".git/info/attributes").write_text("file filter=own\n")
    git("config", f"filter.own.{kind}", str(path))
    touched(folder)
    assert git_facts(folder, environment) == GitFacts(git("rev-parse", "HEAD"), "main", None)
    assert not mark.exists()
    # Whatever git thinks of the program, it was run.
    with suppress(subprocess.CalledProcessError):
        git("status")
    assert mark.exists()


def test_a_filter_in_a_file_that_the_settings_include_is_one_of_the_repository(
    folder, git, environment, program
):
    path, mark = program
    (folder / ".git/info/attributes").write_text("file filter=own\n")
    (folder / "more").write_text(f'[filter "own"]\n\tclean = {path}\n')
    git("config", "include.path", str(folder / "more"))
    touched(folder)
    assert git_facts(folder, environment).dirty is None
    assert not mark.exists()


def test_no_index_is_written(folder, environment):
    touched(folder)
    before = (folder / ".git/index").read_bytes()
    assert git_facts(folder, environment).dirty is False
    assert (folder / ".git/index").read_bytes() == before


def test_reports_get_what_is_known_of_commit_and_machine(folder, git, environment):
    found = git_info(str(folder), environment)
    assert (found.commit, found.branch, found.dirty) == (git("rev-parse", "HEAD"), "main", False)
    made = platform_info()
    assert (made.os, made.workc) == (sys.platform, __version__)
    assert made.python == ".".join(map(str, sys.version_info[:3]))
    assert made.cpus >= 1
    assert tuple(getattr(made, name) for name in platform_facts()._fields) == platform_facts()
