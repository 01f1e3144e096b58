"""Stages as people write them, for tests."""

import json

from workc.stages.stage.spec import read_specs

PURE = {"effects": [{"effect": "Pure"}]}
TEXT = {"kind": "Text"}
NUMBER = {"kind": "Number"}


def spec(name="count", takes=TEXT, gives=NUMBER, effects=PURE, **more):
    """Returns a stage without ids, as a JSON value."""
    return {
        "name": name,
        "description": f"Is {name}.",
        "signature": {"input": takes, "output": gives, "effects": effects},
        "implementation_code": "def run(x): return len(x)",
        "implementation_language": "python",
        **more,
    }


def write(path, *specs):
    """Writes a file of stages and returns its path."""
    path.write_text(json.dumps([*specs]))
    return path


def read_all(value):
    """Returns the stages of a JSON value, and everything that is wrong with it."""
    readings = read_specs(value)
    found = [each.spec for each in readings if each.spec is not None]
    return found, [flaw for each in readings for flaw in each.flaws]
