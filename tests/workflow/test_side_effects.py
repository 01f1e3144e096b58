"""The side effects of an outcome are those of the records, in their order: type and target."""

import json
from pathlib import Path

import pytest

from workc import Runtime
from workc.api.side_effects import Recorder
from workc.kernel import events

GOLDENS = sorted((Path(__file__).parents[1] / "golden" / "v0.2").glob("*/bundle"))
NOT_RUN = {"EFFECT_NOT_DECLARED", "HALTED", "INVALID_INPUT", "POLICY_VIOLATION"}


class Files:
    """The files of a bundle."""

    def __init__(self, folder):
        self.folder = folder

    def get(self, path):
        return (self.folder / path).read_bytes()


def lines_of(folder):
    text = (folder / "events.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def expected(folder):
    """Yields what the records say was touched, read without any code of the project."""
    for event in sorted(lines_of(folder), key=lambda event: event["at"]):
        payload = event["payload"]
        match event["kind"]:
            case "EffectAsked":
                yield payload["port"], None
            case "ItemObserved":
                seen = payload["how"] in ("run", "environment") and "value" in payload
                if seen or "effect" in payload:
                    yield "lens", f"{payload['how']} {payload['source']}"
            case "ChildSpawned":
                yield "child", payload["child_run_id"]
            case "GateEvaluated" if payload["kind"] == "command":
                if payload.get("failure", {}).get("code") not in NOT_RUN:
                    that = payload["that"]
                    argv = json.loads(that) if that.startswith("[") else [that]
                    yield "exec", " ".join(["exec", *argv])


@pytest.mark.parametrize("folder", GOLDENS, ids=lambda folder: folder.parent.name)
def test_what_is_told_of_each_golden_is_what_its_records_say(folder):
    recorder = Recorder(Files(folder), None)
    for line in (folder / "events.jsonl").read_bytes().splitlines():
        recorder.note(events.entry_of(events.decode_event(line)))
    told = [(effect.type, effect.target) for effect in recorder.side_effects()]
    wanted = list(expected(folder))
    assert [kind for kind, _ in told] == [kind for kind, _ in wanted]
    for (_, target), (_, known) in zip(told, wanted, strict=True):
        assert known is None or target == known


def test_lens_gates_files_and_children_are_told_and_told_again_of_a_run_that_is_over(tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo/a.txt").write_text("a")
    read = {"skill": "read_file", "with": {"path": "repo/a.txt"}}
    child = {"workc": 1, "name": "child", "steps": {"s": read}, "output": 1}
    (tmp_path / "child.json").write_text(json.dumps(child))
    flow = {
        "workc": 1,
        "name": "flow",
        "lens": {
            "items": {
                "a": {"file": "repo/a.txt"},
                "gone": {"file": "repo/gone.txt"},
                "note": {"text": "x"},
                "lang": {"environment": "NOT_SET_ANYWHERE"},
            }
        },
        "gates": {"pre": [{"id": "g", "command": ["true"]}]},
        "steps": {"c": {"workflow": "child.json"}, "r": {**read, "depends_on": ["c"]}},
        "output": 1,
    }
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    roots = {"repo": (tmp_path / "repo", "ro")}
    runtime = Runtime(store=tmp_path / "store", roots=roots, programs=["true"])
    outcome = runtime.run(tmp_path / "flow.json", out=tmp_path / "bundle")
    assert outcome.ok, outcome
    told = [(effect.type, effect.target, effect.by) for effect in outcome.side_effects]
    assert told == [
        ("lens", "file repo/a.txt", "world"),
        ("lens", "file repo/gone.txt", "world"),
        ("exec", "exec true", "world"),
        ("child", outcome.children[0].run_id, "world"),
        ("file", "read repo/a.txt", "world"),
    ]
    assert runtime.resume("last").side_effects == outcome.side_effects
