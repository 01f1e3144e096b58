"""What the integration tests share: a folder of skills, servers, and the proof of a bundle."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

import workc
from workc.api.replay import replay

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def flows():
    """Returns the module with the workflows, loaded as a user's file is."""
    path = Path(__file__).with_name("skills_for_runs.py")
    spec = importlib.util.spec_from_file_location("skills_for_runs", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["skills_for_runs"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def proven():
    """Returns a function: verifies and replays a bundle, and gives its events."""

    def proven(bundle, **code):
        verdict = workc.verify_bundle(bundle)
        assert verdict.ok, verdict.failures
        again = Path(str(bundle) + ".again")
        report = replay(bundle, out=again, **code)
        assert report.divergences == ()
        assert report.identical
        assert contents(again) == contents(Path(bundle))
        return [
            json.loads(line)
            for line in (Path(bundle) / "events.jsonl").read_bytes().split(b"\n")
            if line
        ]

    return proven


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
