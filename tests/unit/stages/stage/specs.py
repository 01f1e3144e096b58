"""Stages as people write them, for tests."""

import json

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
