"""A bundle in a real folder, with links, pipes and files that change; and the script itself."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]


def load(name):
    path = TESTS / "second_verifier" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"second_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = load("build")
verifier = load("verifier")
SCRIPT = TESTS / "second_verifier" / "verifier.py"
MINIMAL = build.minimal().files()

UNSAFE = "UNSAFE_PATH"
UNLISTED = "UNLISTED_FILE"
MISSING = "MANIFEST_MISSING_FILE"
LIMIT = "LIMIT_EXCEEDED"


@pytest.fixture
def folder(tmp_path):
    for name, raw in MINIMAL.items():
        path = tmp_path / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return tmp_path / "bundle"


def test_a_bundle_in_a_folder_passes(folder):
    assert verifier.verify_dir(folder) == []


def test_a_link_to_a_file_or_folder_is_unsafe_even_if_it_leads_to_the_right_bytes(folder, tmp_path):
    program = folder / "evidence" / "program.json"
    program.rename(tmp_path / "program.json")
    program.symlink_to(tmp_path / "program.json")
    assert verifier.verify_dir(folder) == [UNSAFE, UNLISTED, MISSING]
    (folder / "artifacts").rename(tmp_path / "artifacts")
    (folder / "artifacts").symlink_to(tmp_path / "artifacts")
    assert verifier.verify_dir(folder) == [UNSAFE, UNLISTED, MISSING]


def test_a_pipe_and_a_socket_are_unsafe(folder):
    os.mkfifo(folder / "evidence" / "pipe")
    assert verifier.verify_dir(folder) == [UNSAFE]
    (folder / "evidence" / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.open(folder, os.O_RDONLY)
        try:
            listening.bind(f"/proc/self/fd/{here}/socket")
        finally:
            os.close(here)
        assert verifier.verify_dir(folder) == [UNSAFE]


def test_a_folder_without_a_file_is_unlisted(folder):
    (folder / "artifacts" / "a" / "b").mkdir(parents=True)
    assert verifier.verify_dir(folder) == [UNLISTED]


def test_a_name_that_is_no_text_is_unsafe(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"")
    assert verifier.verify_dir(folder) == [UNSAFE, UNLISTED]


def test_a_folder_that_cannot_be_listed_is_unreadable(folder):
    for path in (folder / "none", folder / "receipt.json", "a\0b"):
        assert verifier.verify_dir(path) == ["FILE_UNREADABLE"]


@pytest.mark.parametrize("name", sorted(MINIMAL))
def test_a_file_that_cannot_be_read_is_unreadable(folder, name, monkeypatch):
    opened = os.open

    def refusing(path, flags):
        if path == os.fspath(folder / name):
            raise PermissionError(path)
        return opened(path, flags)

    monkeypatch.setattr(verifier.os, "open", refusing)
    assert verifier.verify_dir(folder) == ["FILE_UNREADABLE"]


def test_a_file_that_changes_while_it_is_read_is_unreadable(folder, monkeypatch):
    stated = os.fstat

    def growing(number):
        with open(folder / "evidence" / "program.json", "ab") as file:
            file.write(b"x")
        return stated(number)

    monkeypatch.setattr(verifier.os, "fstat", growing)
    assert verifier.verify_dir(folder) == ["FILE_UNREADABLE"]


def test_a_file_above_the_limit_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(verifier, "MAX_FILE", len(MINIMAL["events.jsonl"]) - 1)
    assert verifier.verify_dir(folder) == [LIMIT]


def run(*arguments):
    done = subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


def test_the_script_prints_the_verdict_and_the_codes(folder):
    assert run(str(folder)) == (0, ["PASS"])
    (folder / "evidence" / "more").write_bytes(b"")
    assert run(str(folder)) == (1, ["FAIL", UNLISTED])
    assert run(str(folder / "none")) == (
        1,
        ["FAIL", "FILE_UNREADABLE", "the bundle could not be judged"],
    )
    assert run() == (2, [])
