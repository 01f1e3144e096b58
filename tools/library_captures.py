"""Records anew what the examples of the built-in skills are answered, in a simulated world.

    python tools/library_captures.py

The world is scripted here and its time virtual, so the same bytes come out each time.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from workc.api.recorder import ReplayRecorder
from workc.api.runtime import Runtime
from workc.api.simulation import simulated
from workc.api.stage_tests.capturing import capture_path
from workc.library import built_in
from workc.sim.ports import Scripted

FOLDER = Path(built_in.__file__).with_name("built_in.captures")
COMPLETION = {
    "id": "c-1",
    "object": "chat.completion",
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
}
WORLD = {
    "GET https://shop.example/items.json": [Scripted(chunks=(b'[{"name":"chisel"}]',))],
    "GET https://shop.example/none": [Scripted(status=404, chunks=(b"{}",))],
    "openai gpt-4o-mini": [Scripted(chunks=(json.dumps(COMPLETION).encode(),))],
}


def main() -> None:
    """Writes the captures into the folder beside the module, or into another that is named."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    for skill in (built_in.http_call, built_in.llm_invoke):
        for example in skill.examples:
            path = capture_path(folder / skill.name, example.input)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            settings = replace(Runtime(budget_cents=1).settings, recorder=ReplayRecorder(path))
            outcome = simulated(WORLD, settings=settings).execute(skill, example.input)
            print(skill.name, path.name, outcome.code, json.dumps(outcome.output))


if __name__ == "__main__":
    main()
