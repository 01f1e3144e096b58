"""A registry of stages is killed between any two things that it does, and is as it was before or after.

``WORKC_KILLS=all`` kills at every one of them; otherwise at some.
"""

import json
import os
import signal
from pathlib import Path

import forked

from workc.api.stage_files import read_stages
from workc.api.stages import INDEX, Registry
from workc.stages.stage.lifecycle import FOLLOWS

SCRIPT = Path(__file__).with_name("killed_stages.py")
STATES = tuple(FOLLOWS)
EVERY = 1 if os.environ.get("WORKC_KILLS") == "all" else 13


def stage(name, code, **more):
    text = {"kind": "Text"}
    signature = {"input": text, "output": text, "effects": {"effects": []}}
    said = {"name": name, "description": f"Does {name}.", "signature": signature}
    return {**said, "implementation_code": code, **more}


def write(path, *specs):
    path.write_text(json.dumps([*specs]))
    return path


def states(registry):
    """Returns the state and successor of every stage by its code, or None if there is no registry."""
    if not (registry.folder / INDEX).is_file():
        return {}
    found = {}
    for row in registry.rows(STATES):
        stage = registry.load(row)
        found[stage.implementation_code] = (row.state, row.successor)
    return found


def test_killed_anywhere_it_is_as_it_was_before_or_after_and_the_work_can_be_done_again(tmp_path):
    one, two, three = (
        stage("same", "one", lifecycle="Active"),
        stage("same", "two"),
        stage("other", "three", lifecycle="Active"),
    )
    file = write(tmp_path / "specs.json", one, two, three)
    whole = forked.run([SCRIPT, tmp_path / "whole", file, 0])
    assert whole.returncode == 0, whole
    count = int(whole.stdout)
    second = next(
        row.id
        for row in Registry(tmp_path / "whole").rows(STATES)
        if row.name == "same" and row.state == "Active"
    )
    added = {"one": ("Active", None), "two": ("Draft", None), "three": ("Active", None)}
    active = {**added, "one": ("Deprecated", second), "two": ("Active", None)}
    done = {**active, "three": ("Deprecated", second)}
    steps = [{}, added, active, done]
    seen = set()
    for last in range(1, count + 1, EVERY):
        folder = tmp_path / str(last)
        killed = forked.run([SCRIPT, folder, file, last])
        assert killed.returncode == -signal.SIGKILL, killed
        after = states(Registry(folder))
        assert after in steps, last
        seen.add(steps.index(after))
        specs = read_stages([write(tmp_path / "again.json", *_without_states(one, two, three))])
        again = Registry(folder)
        again.add(specs if after else read_stages([file]))
        again.activate(second)
        again.deprecate(specs[2].spec.stage.id, second)
        assert states(again) == done, last
    # Every state between was met, so the kills fell where they should.
    assert seen == {0, 1, 2}
    assert count > 60


def _without_states(*specs):
    return [{name: each[name] for name in each if name != "lifecycle"} for each in specs]
