"""Bundles in real folders, judged in a process of their own: one that hangs is a failure there."""

import json
import os
import subprocess
import sys

import pytest
from bundles import bundle

#: A watchdog against waiting for ever; nothing here takes a second.
TIMEOUT_S = 120
JUDGE = """
import json, sys, workc
print(json.dumps(workc.verify_bundle(sys.argv[1], **json.loads(sys.argv[2])).to_json()))
"""

FILES = bundle("success")
PROGRAM, OUTPUT = "evidence/program.yaml", "artifacts/output.json"
HASH, UNSAFE, UNLISTED = "HASH_MISMATCH", "UNSAFE_PATH", "UNLISTED_FILE"
MISSING, MALFORMED = "MANIFEST_MISSING_FILE", "BUNDLE_MALFORMED"
PASS = ()


def written(root, files=FILES):
    """Writes a bundle; returns its folder."""
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return root


def judged(root, **demands):
    """Returns the verdict that a process of its own gives on a folder."""
    run = [sys.executable, "-c", JUDGE, os.fspath(root), json.dumps(demands)]
    done = subprocess.run(run, capture_output=True, timeout=TIMEOUT_S, check=True)
    return json.loads(done.stdout)


def codes_of(verdict):
    return tuple(finding["code"] for finding in verdict["failures"])


def sparse(path):
    """Puts a file of 200 GiB that takes no room where the path is."""
    with path.open("wb") as file:
        try:
            file.truncate(200 * 2**30)
        except OSError:
            pytest.skip("this file system has no files so large")
