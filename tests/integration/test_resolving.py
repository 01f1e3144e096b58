"""Conflicts within a lens that a child resolves: real runs, real bundles, and kills at their lines."""

import json

import forked
import pytest
from test_kill_family import SCRIPT, journals

import workc
from workc import Misuse, Runtime
from workc.api.resume import resume
from workc.api.settings import Settings
from workc.api.store import Store
from workc.testkit.servers import LoopbackServer, Reply

ITEMS = {
    "a": {"text": "10", "about": "price", "says": "to_number(text)", "weight": 600},
    "b": {"text": "12", "about": "price", "says": "to_number(text)"},
    "c": {"text": "${x", "about": "colour"},
}
JUDGE = {
    "inputs": {"conflicts": {"type": "array"}, "pick": {"type": "integer", "default": 0}},
    "steps": {
        "see": {
            "skill": "json_transform",
            "with": {"data": "${inputs.conflicts}", "expression": "[0].claims"},
        }
    },
    "output": {"price": "${steps.see.result[0].says}", "seen": "${steps.see.result}"},
}
STEPS = {"s": {"skill": "json_transform", "with": {"data": 1, "expression": "@"}}}


def write(tmp_path, judge=None, resolve=None, items=ITEMS, **more):
    lens = {
        "items": items,
        "at_least": more.pop("at_least", {"deciding": 900}),
        "resolve": {"workflow": "judge.json", **(resolve or {})},
    }
    flow = {"workc": 1, "name": "flow", "lens": lens, "steps": STEPS, "output": "${lens.resolved}"}
    (tmp_path / "judge.json").write_text(
        json.dumps({"workc": 1, "name": "judge", **JUDGE, **(judge or {})})
    )
    path = tmp_path / "flow.json"
    path.write_text(json.dumps({**flow, **more}))
    return path


def run(tmp_path, **more):
    runtime = Runtime(store=tmp_path / "store", budget_cents=1)
    return runtime.run(write(tmp_path, **more))


def of(events, kind):
    return [event["payload"] for event in events if event["kind"] == kind]


def test_a_child_says_what_holds_and_the_run_goes_on_with_it(tmp_path, proven):
    outcome = run(tmp_path)
    assert outcome.ok
    child = outcome.children[0]
    assert outcome.output["found"]
    assert outcome.output["source"] == child.run_id
    assert outcome.output["value"]["price"] == 10
    assert outcome.output["value"]["seen"] == [
        {"how": "text", "item": "a", "says": 10, "source": "", "weight": 600},
        {"how": "text", "item": "b", "says": 12, "source": "", "weight": 1000},
    ]
    events = proven(outcome.bundle, code=tmp_path)
    first, second = of(events, "LensAssembled")
    assert (first["quality"]["conflict"], second["quality"]["conflict"]) == (625, 1000)
    assert (first["items"], second["items"]) == (3, 4)
    assert second["claims"][-1]["item"] == "resolved"
    assert "failure" in first
    assert "failure" not in second
    found = of(events, "ConflictResolved")[0]
    assert found["proof_digest"] == child.proof_digest
    verdict = workc.verify_bundle(outcome.bundle, recursive=True)
    assert verdict.ok
    assert len(verdict.children) == 1


def test_a_conflict_is_resolved_though_the_lens_is_good_enough(tmp_path, proven):
    outcome = run(tmp_path, at_least={"deciding": 100, "Staged": 700})
    assert outcome.output["value"]["price"] == 10
    assert of(proven(outcome.bundle, code=tmp_path), "Locked")[0]["lock_level"] == "Staged"


def test_without_a_conflict_nobody_is_asked(tmp_path, proven):
    outcome = run(tmp_path, items={"a": {"text": "1", "about": "price"}})
    assert outcome.children == ()
    assert outcome.output == {"found": False, "sha256": "", "source": "", "text": "", "value": None}
    assert not of(proven(outcome.bundle, code=tmp_path), "ConflictFound")


@pytest.mark.parametrize(
    ("judge", "code"),
    [
        ({"output": {"colour": "red"}}, "LENS_CONFLICT"),
        ({"output": "10"}, "LENS_CONFLICT"),
        ({"output": {"price": None}}, "LENS_CONFLICT"),
        ({"output": "${steps.see.result[9]}"}, "CHILD_FAILED"),
    ],
)
def test_a_child_that_does_not_say_leaves_the_lens_as_it_was(tmp_path, proven, judge, code):
    outcome = run(tmp_path, judge=judge)
    assert (outcome.code, outcome.status) == ("LENS_INSUFFICIENT", "failure")
    events = proven(outcome.bundle, code=tmp_path)
    assert of(events, "ConflictResolved")[0]["failure"]["code"] == code
    first, second = of(events, "LensAssembled")
    assert first == second
    again = Runtime(store=tmp_path / "store").resume(outcome.run_id)
    assert (again.code, again.message) == (outcome.code, outcome.message)


def test_a_child_that_does_not_say_is_no_matter_if_the_lens_is_good_enough(tmp_path, proven):
    outcome = run(tmp_path, judge={"output": "10"}, at_least={"deciding": 600})
    assert outcome.ok
    assert outcome.output["found"] is False
    proven(outcome.bundle, code=tmp_path)


def test_a_run_that_has_no_money_for_the_child_is_halted(tmp_path, proven):
    more = {"resolve": {"budget_cents": 2}, "judge": {"budget": {"ceiling_cents": 2}}}
    outcome = run(tmp_path, **more)
    assert (outcome.code, outcome.step, outcome.exit_code) == ("BUDGET_EXCEEDED", "resolve", 3)
    assert proven(outcome.bundle, code=tmp_path)[-2]["kind"] == "WorkEnded"


def test_a_run_goes_back_besides_as_often_as_it_may(tmp_path, proven):
    check = {"id": "c", "that": "`false`", "on_fail": "Orient"}
    outcome = run(tmp_path, verify=[check])
    assert outcome.code == "VERIFICATION_FAILED"
    events = proven(outcome.bundle, code=tmp_path)
    assert of(events, "RunStarted")[0]["max_backtracks"] == 2
    assert len(of(events, "ConflictFound")) == 1
    assert [lens["items"] for lens in of(events, "LensAssembled")] == [3, 4, 4]


def test_a_lens_of_code_has_no_resolve():
    with pytest.raises(Misuse, match="a lens that code gives has no resolve"):
        workc.workflow(lens={"items": ITEMS, "resolve": {"workflow": "judge.json"}})(_nothing)


async def _nothing(ctx: workc.WorkflowContext) -> None:
    """Does nothing."""


#: Lines of both journals when nobody kills it; asserted below.
LINES = 28


def start(place, base, n, how):
    items = {
        "here": {"url": f"{base}/here", "about": "n", "says": "value.n"},
        "there": {"url": f"{base}/there", "about": "n", "says": "value.n"},
    }
    judge = {
        "inputs": {"conflicts": {"type": "array"}, "base": {"type": "string"}},
        "steps": {"get": {"skill": "http_call", "with": {"url": "${inputs.base}/truth"}}},
        "output": {"n": "${steps.get.status}"},
    }
    more = {"inputs": {"base": {"type": "string"}}, "at_least": {"deciding": 500}}
    flow = write(place, judge, {"with": {"base": "${inputs.base}"}}, items, **more)
    return forked.run([SCRIPT, place / "store", flow, base, n, how])


REPLIES = {
    "/here": Reply(body=b'{"n": 1}'),
    "/there": Reply(body=b'{"n": 2}'),
    "/truth": Reply(body=b"yes"),
}


def test_nobody_kills_it_and_it_has_so_many_lines(tmp_path):
    with LoopbackServer(REPLIES) as server:
        done = start(tmp_path, server.base_url, 10_000, "after")
    assert done.stdout.split()[:2] == ["OK", str(LINES)], done


@pytest.mark.parametrize(
    ("n", "how"),
    [(3, "after"), (4, "before"), (4, "torn"), (8, "after"), (12, "torn"), (14, "after"), (21, "after")],
)  # fmt: skip
def test_killed_while_it_looks_or_while_the_child_works_it_resumes(tmp_path, n, how):
    with LoopbackServer(REPLIES) as server:
        killed = start(tmp_path, server.base_url, n, how)
        assert killed.returncode == -9, killed
        before = journals(tmp_path)
        (tmp_path / "judge.json").unlink()
        outcome = resume(Store(tmp_path / "store"), "last", Settings(environment={}))
        asked = [request.path for request in server.requests]
    assert outcome.ok, outcome
    assert outcome.output["value"] == {"n": 200}
    after = journals(tmp_path)
    for folder, lines in before.items():
        assert after[folder][: len(lines)] == lines, "what was recorded is lost or changed"
    seen = [line["payload"]["item"] for lines in before.values() for line in lines if line["kind"] == "ItemObserved"]  # fmt: skip
    assert all(asked.count(f"/{item}") == 1 for item in seen), "what was seen was looked at again"
    verdict = workc.verify_bundle(
        tmp_path / "store/runs" / outcome.run_id / "bundle", recursive=True
    )
    assert verdict.ok
    assert len(verdict.children) == 1
