"""Lists of files below a root stay below it, follow no link and are bounded; other looks are what they say."""

import asyncio
import json
import os

import pytest

from workc.adapters import lens as module
from workc.adapters.lens import LensLooks, Proven
from workc.adapters.redaction import Redactor
from workc.adapters.root_folders import RootFolders
from workc.kernel.failure import Refusal, refuse
from workc.stages.grants import Grants
from workc.stages.observation import EarlierRun, FileList, Origin, Proof, Variable


class Entropy:
    def draw(self, count):
        return bytes(count)


class Evidence:
    def of_run(self, run):
        if run == "none":
            raise refuse("NOT_FOUND", "there is none")
        return Proven({"of": run}, 7, Origin(run_id=run, proof_digest="ab" * 32))

    def of_bundle(self, path):
        return Proven(["tok-3f9a", str(path)], 8, Origin(run_id="b", proof_digest="cd" * 32))


@pytest.fixture
def looks(tmp_path):
    (tmp_path / "src").mkdir()
    secrets = {"TOKEN": "tok-3f9a"}
    return LensLooks(
        Grants(roots={"src": "ro"}),
        RootFolders({"src": tmp_path / "src"}),
        Redactor(secrets),
        Entropy(),
        {"LANG": "de", "T": "a tok-3f9a"},
        Evidence(),
    )


@pytest.fixture
def src(tmp_path, looks):
    return tmp_path / "src"


def paths(looks, pattern, at_most=100):
    return json.loads(asyncio.run(looks.look(FileList(pattern=pattern, at_most=at_most))).data)


def code(looks, request):
    with pytest.raises(Refusal) as refused:
        asyncio.run(looks.look(request))
    return refused.value.failure.code, refused.value.failure.message


def fill(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_files_are_listed_in_the_order_of_the_bytes_of_their_paths(looks, src):
    fill(src, "b.py", "B.py", "é.py", "a/z.py", "a.py", "a/b/c.py", "a.txt")
    assert paths(looks, "src/**/*.py") == [
        "src/B.py",
        "src/a.py",
        "src/a/b/c.py",
        "src/a/z.py",
        "src/b.py",
        "src/é.py",
    ]
    assert paths(looks, "src/*.py") == ["src/B.py", "src/a.py", "src/b.py", "src/é.py"]
    assert paths(looks, "src/a/*/*") == ["src/a/b/c.py"]
    assert paths(looks, "src/*.none") == []


def test_links_folders_fifos_and_hidden_names_are_not_listed(looks, src, tmp_path):
    fill(tmp_path, "outside/secret.py")
    fill(src, "a.py", ".hidden.py", ".git/config.py")
    (src / "link.py").symlink_to(tmp_path / "outside/secret.py")
    (src / "out").symlink_to(tmp_path / "outside")
    (src / "folder.py").mkdir()
    os.mkfifo(src / "fifo.py")
    assert paths(looks, "src/**/*.py") == ["src/a.py"]
    assert paths(looks, "src/**/.*") == ["src/.hidden.py"]
    assert paths(looks, "src/.git/*") == ["src/.git/config.py"]


def test_more_files_than_asked_for_are_refused_and_so_many_are_not(looks, src):
    fill(src, "a", "b", "c")
    assert len(paths(looks, "src/*", 3)) == 3
    found, message = code(looks, FileList(pattern="src/*", at_most=2))
    assert (found, "more than 2 files" in message) == ("OUTPUT_TOO_LARGE", True)


def test_more_bytes_or_names_than_may_be_are_refused(looks, src, monkeypatch):
    fill(src, "a", "b", "c")
    monkeypatch.setattr(module, "MAX_BYTES", 2)
    assert "bytes in all" in code(looks, FileList(pattern="src/*", at_most=9))[1]
    monkeypatch.setattr(module, "MAX_BYTES", 3)
    assert len(paths(looks, "src/*")) == 3
    monkeypatch.setattr(module, "MAX_NAMES", 2)
    assert "more than 2 names" in code(looks, FileList(pattern="src/*", at_most=9))[1]


def test_folders_that_are_too_deep_to_be_named_are_refused(looks, src):
    deep = src.joinpath(*["d"] * 31)
    deep.mkdir(parents=True)
    found, message = code(looks, FileList(pattern="src/**", at_most=9))
    assert (found, "deep" in message) == ("OUTPUT_TOO_LARGE", True)
    assert paths(looks, "src/*/*") == []


def test_a_file_that_work_could_not_name_is_refused_and_not_left_out(looks, src):
    fill(src, "a:b.py")
    found, message = code(looks, FileList(pattern="src/*.py", at_most=9))
    assert (found, "cannot be named" in message) == ("INVALID_INPUT", True)
    assert paths(looks, "src/*.txt") == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("other/*", "OPERATION_NOT_ALLOWED"),
        ("src/gone/*", "NOT_FOUND"),
        ("src/link/*", "OPERATION_NOT_ALLOWED"),
        ("src/../*", "INVALID_INPUT"),
    ],
)
def test_a_folder_that_may_not_be_looked_into_is_refused(looks, src, tmp_path, pattern, expected):
    (src / "link").symlink_to(tmp_path)
    assert code(looks, FileList(pattern=pattern, at_most=9))[0] == expected


def test_a_variable_is_given_without_secrets_and_one_that_is_not_set_is_not_found(looks):
    assert asyncio.run(looks.look(Variable("LANG"))).data == b"de"
    found = asyncio.run(looks.look(Variable("T")))
    assert b"3f9a" not in found.data
    assert [each.secret for each in found.redactions] == ["TOKEN"]
    assert code(looks, Variable("NONE"))[0] == "NOT_FOUND"


def test_evidence_is_given_as_json_with_the_end_of_its_run_and_without_secrets(looks):
    run = asyncio.run(looks.look(EarlierRun("last")))
    assert (run.data, run.is_json, run.dated_ms) == (b'{"of":"last"}', True, 7)
    proof = asyncio.run(looks.look(Proof("src/proof")))
    assert (json.loads(proof.data)[1], proof.dated_ms) == ("src/proof", 8)
    assert (run.origin.run_id, proof.origin.run_id) == ("last", "b")
    assert (run.origin.proof_digest, proof.origin.proof_digest) == ("ab" * 32, "cd" * 32)
    assert b"3f9a" not in proof.data
    assert code(looks, EarlierRun("none"))[0] == "NOT_FOUND"
    assert code(looks, Proof("other/proof"))[0] == "OPERATION_NOT_ALLOWED"
