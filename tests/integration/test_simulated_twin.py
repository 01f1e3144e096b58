"""Determinism itself: one workflow and one script give one proof digest, wherever they run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import workc

ROOT = Path(__file__).resolve().parents[2]
TWIN = ROOT / "examples/demo/twin.py"

#: Ten worlds: hash seed, time zone, locale, umask, working folder.
WORLDS = [
    ("0", "UTC", "C", 0o022, "/"),
    ("1", "Asia/Kathmandu", "C.UTF-8", 0o077, "/tmp"),
    ("2", "America/St_Johns", "POSIX", 0o000, "/usr"),
    ("3", "Pacific/Chatham", "de_DE.UTF-8", 0o027, "/"),
    ("42", "Europe/Berlin", "tr_TR.UTF-8", 0o022, "/tmp"),
    ("99", "Australia/Lord_Howe", "ja_JP.UTF-8", 0o002, "/"),
    ("1234", "Africa/Monrovia", "C", 0o022, "/usr"),
    ("65535", "Antarctica/Troll", "C.UTF-8", 0o077, "/"),
    ("4294967295", "UTC", "fr_FR.UTF-8", 0o022, "/tmp"),
    ("random", "Etc/GMT+12", "C", 0o007, "/"),
]


def digest_in(world, out):
    seed, zone, locale, umask, folder = world
    environment = {
        **os.environ,
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "LC_ALL": locale,
        "LANG": locale,
        "OPENAI_API_KEY": "not used by the twin",
    }
    done = subprocess.run(
        [sys.executable, TWIN, out],
        env=environment,
        cwd=folder,
        umask=umask,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def files_of(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("twins")
    return {
        digest_in(world, folder / str(index)): folder / str(index)
        for index, world in enumerate(WORLDS)
    }, folder


def test_ten_worlds_give_one_proof_digest(runs):
    digests, _ = runs
    assert len(digests) == 1
    assert len(next(iter(digests))) == 64


def test_ten_worlds_give_the_same_bytes_in_every_file(runs):
    _, folder = runs
    bundles = [files_of(folder / str(index)) for index in range(len(WORLDS))]
    assert all(bundle == bundles[0] for bundle in bundles)


def test_the_twin_verifies_and_replays(runs):
    _, folder = runs
    assert workc.verify_bundle(folder / "0").ok
    assert workc.replay(folder / "0", code=TWIN.parent).identical


def test_another_seed_gives_another_digest(runs, tmp_path):
    digests, _ = runs
    text = (
        TWIN.read_text("utf-8")
        .replace("seed=7", "seed=8")
        .replace("Path(__file__).parent", f"Path({str(TWIN.parent)!r})")
    )
    other = tmp_path / "twin.py"
    other.write_text(text, "utf-8")
    done = subprocess.run([sys.executable, other], capture_output=True, text=True, check=True)
    assert done.stdout.strip() not in digests
