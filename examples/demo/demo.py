"""Shows what workc does, live: run, verify, replay, tamper, and a budget that refuses.

    python examples/demo/demo.py [FOLDER]

Everything runs on this machine: the data files and the model provider are served on the loopback
interface from ``script.json``. Each command is shown before its output. What is left can be looked
at in FOLDER, or in a new temporary folder. Exits with 1 if anything is not as expected.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from stage import Shell, Surprise, expect, heading
from workc.testkit.provider import Provider, read_script
from workc.testkit.servers import LoopbackServer, Reply

HERE = Path(__file__).parent
WORKFLOW = ("workflow.yaml", "atlas.py")
#: Exit codes of the command line, as `workc --help` and the reference of failures have them.
OK, REFUSED_BY_BUDGET, PROVEN_BAD = 0, 3, 5


def main() -> int:
    """Runs the demo and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="where to work; must be empty")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="workc-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        show(folder)
    except Surprise as surprise:
        print(f"\nNOT AS EXPECTED: {surprise}")
        return 1
    print(f"\nEverything was as expected. The files are in {folder}")
    return 0


def show(folder: Path) -> None:
    """Shows everything; raises Surprise at the first thing that is not as expected."""
    expect(f"{folder} is empty", holds=not any(folder.iterdir()))
    for name in WORKFLOW:
        shutil.copy(HERE / name, folder)
    script = json.loads((HERE / "script.json").read_text())
    shell = Shell(folder, {"OPENAI_API_KEY": script["key"]})
    with files_server(script) as files, model_provider(script) as provider:
        inputs = ["--input", f"base={files.base_url}", "--input", f"provider={provider.openai_url}"]
        run_live(shell, inputs, script)
        expect("the two tables were fetched", holds=len(files.requests) == 2)
        expect("the model was asked twice: 429, 200", holds=len(provider.requests) == 2)
        refuse_for_money(shell, inputs)
        expect("no third request reached the model", holds=len(provider.requests) == 2)
    verify(shell, script["key"])
    replay(shell)
    tamper(shell)


def run_live(shell: Shell, inputs: list[str], script: dict) -> None:
    """Runs the workflow against the servers."""
    heading("Six steps over real data, two of them at once; the model says 429 first")
    shell.run(["run", "workflow.yaml", *inputs, "--out", "bundle"], OK, "success")
    made = json.loads((shell.folder / "bundle/artifacts/output.json").read_bytes())
    expect("the output is what the data gives", holds=made == script["expected"])


def refuse_for_money(shell: Shell, inputs: list[str]) -> None:
    """Runs it again with nothing to spend."""
    heading("The same without money: the model call is refused before it is sent")
    command = ["run", "workflow.yaml", *inputs, "--budget-cents", "0"]
    shell.run(command, REFUSED_BY_BUDGET, "BUDGET_EXCEEDED")


def verify(shell: Shell, key: str) -> None:
    """Verifies the bundle and looks for the API key in it."""
    heading("Is the bundle what was sealed?")
    shell.run(["verify-bundle", "bundle"], OK, "PASS")
    kept = [path for path in (shell.folder / "bundle").rglob("*") if path.is_file()]
    holders = [path for path in kept if key.encode() in path.read_bytes()]
    expect("no file of the bundle holds the API key", holds=not holders)
    print(f"The API key that was sent stands in {len(holders)} of its {len(kept)} files.")


def replay(shell: Shell) -> None:
    """Replays the bundle; the servers are gone by now."""
    heading("Both servers are gone. Does it come out the same, byte for byte?")
    shell.run(["replay", "bundle"], OK, "identical")


def tamper(shell: Shell) -> None:
    """Flips one bit of one byte in a copy and verifies that."""
    heading("One byte of a copy is changed")
    shutil.copytree(shell.folder / "bundle", shell.folder / "edited")
    path = shell.folder / "edited/artifacts/output.json"
    data = bytearray(path.read_bytes())
    at = data.index(b"Argentina")
    data[at] ^= 1
    path.write_bytes(data)
    print(f"edited/artifacts/output.json, byte {at}: 'A' is now {chr(data[at])!r}\n")
    shell.run(["verify-bundle", "edited"], PROVEN_BAD, "artifacts/output.json")


def files_server(script: dict) -> LoopbackServer:
    """Returns a server of the files that the script routes."""
    return LoopbackServer({path: file_reply(route) for path, route in script["routes"].items()})


def file_reply(route: dict) -> Reply:
    """Returns the answer that holds a file."""
    headers = (("content-type", route["content_type"]),)
    return Reply(headers=headers, body=(HERE / route["file"]).read_bytes())


def model_provider(script: dict) -> Provider:
    """Returns a provider with the script's answers, which lets only its key in."""
    return Provider(read_script(script["provider"]), key=script["key"])


if __name__ == "__main__":
    sys.exit(main())
