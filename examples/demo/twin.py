"""The demo's simulated twin: the same workflow, scripted answers, virtual time, one proof digest.

    python examples/demo/twin.py [FOLDER FOR THE BUNDLE]

It reaches nothing outside and prints the proof digest, the same on every machine and in every run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from workc.api.simulation import simulated
from workc.sim.ports import Scripted
from workc.sim.provider.values import Asked, Said
from workc.testkit.provider import read_script
from workc.testkit.provider_reply import reply

HERE = Path(__file__).parent
BASE = "http://files.example"
PROVIDER = "http://provider.example/v1"


def main(arguments: list[str]) -> int:
    """Runs the twin, prints its digest and returns whether it gave what the data gives."""
    script = json.loads((HERE / "script.json").read_text("utf-8"))
    runtime = simulated(answers(script), seed=7, environment={"OPENAI_API_KEY": script["key"]})
    outcome = runtime.run(
        HERE / "workflow.yaml",
        {"base": BASE, "provider": PROVIDER},
        out=arguments[0] if arguments else None,
    )
    print(outcome.proof_digest)
    return 0 if outcome.ok and outcome.output == script["expected"] else 1


def answers(script: dict) -> dict[str, list[Scripted]]:
    """Returns the demo's answers as a script of the simulation."""
    files = {f"GET {BASE}{path}": [file(route)] for path, route in script["routes"].items()}
    said = [provider(each) for each in read_script(script["provider"])]
    return {**files, "openai gpt-5-mini": said}


def file(route: dict) -> Scripted:
    """Returns one of the tables; it takes 20 ms of virtual time."""
    data = (HERE / route["file"]).read_bytes()
    return Scripted(headers=(("content-type", route["content_type"]),), chunks=(data,), delay_ms=20)


def provider(said: Said) -> Scripted:
    """Returns what the provider says, as it would stand on the wire."""
    asked = Asked(
        provider="openai",
        model="gpt-5-mini",
        turns=2,
        last="",
        max_tokens=200,
        stream=True,
        include_usage=True,
        size=0,
        digest="0" * 64,
    )
    made = reply(asked, said)
    chunks = made.chunks if made.chunks is not None else (made.body,)
    return Scripted(status=made.status, headers=made.headers, chunks=tuple(chunks), delay_ms=300)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
