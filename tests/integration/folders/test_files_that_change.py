"""Files that grow, or are replaced, while a bundle in a real folder is judged."""

import subprocess
import sys

import pytest
from real_folders import PROGRAM, judged, written

import workc
from workc.adapters.bundle_folder import BundleFolder


class Meanwhile(BundleFolder):
    """A folder in which something happens when a file has been read in part."""

    def __init__(self, path, name, happen):
        super().__init__(path)
        self.name, self.happen = name, happen

    def chunks(self, path, size):
        for chunk in super().chunks(path, size):
            if path == self.name:
                self.happen(self.path / path)
            yield chunk


def grow(path):
    with path.open("ab") as file:
        file.write(b"x")


def replace(path):
    path.with_name("new").write_bytes(path.read_bytes())
    path.with_name("new").rename(path)


@pytest.mark.parametrize("name", [PROGRAM, "events.jsonl", "manifest.json", "receipt.json"])
@pytest.mark.parametrize("happen", [grow, replace])
def test_a_file_that_grows_or_is_replaced_while_it_is_read_leaves_no_verdict(
    tmp_path, name, happen
):
    """Even if the bytes are the same: who changes files now may have changed them a moment ago."""
    root = written(tmp_path / "bundle")
    verdict = workc.verify_bundle(Meanwhile(root, name, happen))
    assert verdict.codes() == ("FILE_UNREADABLE",)
    assert verdict.undecided


GROW_FOR_EVER = """
import os, sys
with open(sys.argv[1], "ab", 0) as file:
    file.write(b"x")
    os.write(1, b"begun")
    while True:
        file.write(b"x")
"""


@pytest.mark.parametrize("name", [PROGRAM, "events.jsonl", "manifest.json"])
def test_a_file_that_grows_for_ever_is_not_read_for_ever(tmp_path, name):
    root = written(tmp_path / "bundle")
    run = [sys.executable, "-c", GROW_FOR_EVER, root / name]
    with subprocess.Popen(run, stdout=subprocess.PIPE) as writer:
        assert writer.stdout.read(5) == b"begun"
        try:
            assert judged(root)["verdict"] == "FAIL"
        finally:
            writer.kill()
