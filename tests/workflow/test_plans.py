"""Runs whose plan is asked for: what is refused before anything is done, and what is carried out."""

import importlib.util
import json
from itertools import count
from pathlib import Path

import pytest

from workc.api.access import Access, access_of
from workc.api.replay import replay
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.verification import verify_bundle
from workc.kernel.risk import ApprovalRules
from workc.runtime.policy.model import PolicyFile
from workc.sim.ports import Scripted

SECOND = Path(__file__).parents[1] / "second_verifier/verifier.py"
ITEMS = "http://93.184.216.34/items"
SCRIPT = {f"GET {ITEMS}": [Scripted(chunks=(b"[1,2,3]",))]}
#: A planner that gives what the run is given as its input, the first answer first.
PLANNER = """\
import json
import workc

@workc.planner
def given(inputs: dict[str, object], attempt: int, feedback: dict[str, object]) -> object:
    answers = inputs["answers"]
    turn = attempt - 1 + feedback["pass"] - 1
    return answers[min(turn, len(answers) - 1)]

@workc.planner
def headed(prompt: str) -> object:
    heads = [line for line in prompt.splitlines() if line.endswith(":")]
    step = {"id": "count", "skill": "json_transform", "with": {"data": len(heads), "expression": "@"}}
    known = [] if len(heads) == 6 else [step]
    return {"steps": known, "rationale": " ".join(heads), "output": len(heads)}

@workc.gate
def holds(output: object) -> bool:
    return output == 2

@workc.skill
def opaque(n: int = 0) -> int:
    return n
"""
COUNT = {
    "id": "count",
    "skill": "json_transform",
    "with": {"data": [1, 2], "expression": "length(@)"},
}
FETCH = {"id": "fetch", "skill": "http_call", "with": {"url": ITEMS}}
ASK = {
    "id": "ask",
    "skill": "llm_invoke",
    "with": {"model": "gpt-4o-mini", "prompt": "hi", "max_tokens": 100},
}
CHILD = """\
workc: 1
name: leaf
steps: {one: {skill: json_transform, with: {data: 7, expression: '@'}}}
output: "${steps.one.result}"
"""


def flow(plan="", **more):
    """Returns a workflow that asks ``given`` for its plan."""
    allow = "[json_transform, http_call, llm_invoke, opaque, leaf.yaml]"
    lines = [
        "workc: 1",
        "name: planned",
        "description: Counts.",
        "skills: [mine.py]",
        "inputs: {answers: {type: array}}",
        *(f"{key}: {value}" for key, value in more.items()),
        f"plan: {{function: given, allow: {allow}{plan}}}",
        "",
    ]
    return "\n".join(lines)


@pytest.fixture
def run(tmp_path):
    """Runs a workflow on a planner's answers; proves that its bundle verifies twice and replays."""

    numbers = count()

    def begin(*answers, text=None, approvals=None, policy=None, environment=None, access=None):
        (tmp_path / "mine.py").write_text(PLANNER)
        (tmp_path / "leaf.yaml").write_text(CHILD)
        (tmp_path / "flow.yaml").write_text(text or flow())
        out = tmp_path / f"out{next(numbers)}"
        runtime = simulated(
            SCRIPT,
            settings=Settings(ruling=policy, access=access or Access()),
            approvals=approvals,
            environment=environment,
        )
        outcome = runtime.run(tmp_path / "flow.yaml", {"answers": list(answers)}, out=out)
        assert outcome.bundle is not None, outcome
        assert verify_bundle(out).ok
        assert second().verify_dir(out) == []
        assert replay(out, code=tmp_path).identical
        lines = (out / "events.jsonl").read_text().splitlines()
        return outcome, [json.loads(line) for line in lines]

    return begin


def second():
    spec = importlib.util.spec_from_file_location("second_verifier_of_plans", SECOND)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kinds(events):
    return [event["kind"] for event in events if len(event["at"]) == 1]


def problems(events):
    """Returns what was wrong with each plan that was refused."""
    found = [event["payload"] for event in events if event["kind"] == "PlanRefused"]
    return [json.loads(each["problems"]["inline"]) for each in found]


def steps(*listed, **more):
    return {"steps": list(listed), **more}


def test_a_plan_that_holds_is_carried_out_and_told(run):
    plan = steps(
        COUNT,
        output="${steps.count.result}",
        rationale="short",
        alternatives=[{"what": "guess", "rejected": "may err"}],
    )
    outcome, events = run(plan)
    assert (outcome.status, outcome.output) == ("success", 2)
    chosen = next(event["payload"] for event in events if event["kind"] == "PlanChosen")
    assert json.loads(chosen["document"]["inline"]) == {
        "output": "${steps.count.result}",
        "steps": [COUNT],
    }
    assert json.loads(chosen["decision"]["inline"]) == {
        "alternatives": [{"what": "guess", "rejected": "may err"}],
        "rationale": "short",
    }
    assert chosen["planner"] == "function"


def test_a_refused_plan_is_asked_for_again_with_what_was_wrong(run):
    outcome, events = run(steps({**COUNT, "skill": "cuont"}), steps(COUNT))
    assert outcome.status == "success"
    assert [
        each["step"]
        for each in (e["payload"] for e in events)
        if "planner" in each and "step" in each
    ] == ["plan", "plan-2"]
    assert problems(events)[0][0]["code"] == "SKILL_NOT_FOUND"


def test_a_prompt_tells_the_work_and_why_what_was_there_was_not_enough(run):
    text = flow(verify='[{id: c, that: "output == `8`", on_fail: Decide}]', max_backtracks=1)
    _, events = run(text=text.replace("function: given", "function: headed"))
    chosen = [event["payload"] for event in events if event["kind"] == "PlanChosen"]
    before = "What the work is for: Inputs: Skills: Limits: Budget that is left, in millionths of a cent:"
    schema = "JSON Schema of a plan:"
    wrong, why = "What was wrong with your last plan:", "Why the pass before was not enough:"
    assert [json.loads(each["decision"]["inline"])["rationale"] for each in chosen] == [
        f"{before} {wrong} {schema}",
        f"{before} {why} {schema}",
    ]


REFUSED = {
    "not JSON": ("nonsense", "NOT_JSON"),
    "a number": (3, "INVALID_OUTPUT"),
    "another key": (steps(COUNT, goal="x"), "INVALID_OUTPUT"),
    "no steps": ({"steps": []}, "INVALID_WORKFLOW"),
    "a step that is none": ({"steps": [1]}, "INVALID_OUTPUT"),
    "a step without an id": ({"steps": [{"skill": "json_transform"}]}, "INVALID_OUTPUT"),
    "an id twice": (steps(COUNT, COUNT), "INVALID_OUTPUT"),
    "an unknown skill": (steps({**COUNT, "skill": "exec"}), "SKILL_NOT_FOUND"),
    "an unknown parameter": (steps({**COUNT, "with": {"dta": 1}}), "INVALID_WORKFLOW"),
    "a parameter of another type": (
        steps({**COUNT, "with": {"data": 1, "expression": 2}}),
        "INVALID_INPUT",
    ),
    "a reference to nothing": (
        steps({**COUNT, "with": {"data": "${steps.x}", "expression": "@"}}),
        "UNRESOLVED_REFERENCE",
    ),
    "a member that no step gives": (
        steps(COUNT, {**COUNT, "id": "b", "with": {"data": "${steps.count.x}", "expression": "@"}}),
        "INVALID_WORKFLOW",
    ),
    "a value of another kind than is taken": (
        steps(
            COUNT, {**FETCH, "with": {"url": "${steps.fetched.status}"}}, {**FETCH, "id": "fetched"}
        ),
        "INVALID_WORKFLOW",
    ),
    "an input of another kind than is taken": (
        steps({**FETCH, "with": {"url": "${inputs.answers}"}}),
        "INVALID_WORKFLOW",
    ),
    "an output that cannot be": (steps(COUNT, output="${steps.count.x}"), "INVALID_WORKFLOW"),
    "a secret": (
        steps({**FETCH, "with": {"url": ITEMS, "headers": {"a": "${secrets.KEY}"}}}),
        "UNRESOLVED_REFERENCE",
    ),
    "a cycle": (
        steps({**COUNT, "depends_on": ["b"]}, {**COUNT, "id": "b", "depends_on": ["count"]}),
        "INVALID_WORKFLOW",
    ),
    "a reserved name": (steps({**COUNT, "id": "plan-7"}), "INVALID_WORKFLOW"),
    "too many steps": (steps(*({**COUNT, "id": f"s{n}"} for n in range(51))), "QUOTA_EXCEEDED"),
    "too many children": (
        steps(*({"id": f"c{n}", "workflow": "leaf.yaml"} for n in range(11))),
        "QUOTA_EXCEEDED",
    ),
    "a key of its own": (
        steps({**ASK, "with": {**ASK["with"], "api_key_env": "HOME"}}),
        "POLICY_VIOLATION",
    ),
    "variables for a program": (
        steps({"id": "x", "skill": "exec", "with": {"argv": ["sh"], "env": ["KEY"]}}),
        "POLICY_VIOLATION",
    ),
    "a file that is not allowed": (
        steps({"id": "other", "workflow": "other.yaml", "with": {}}),
        "SKILL_NOT_FOUND",
    ),
    "more than the budget": (steps(ASK), "BUDGET_EXCEEDED"),
    "a cost that nobody knows": (
        steps(COUNT, {**ASK, "with": {**ASK["with"], "prompt": "${steps.count.result}"}}),
        "BUDGET_EXCEEDED",
    ),
    "an address that is blocked": (
        steps({**FETCH, "with": {"url": "http://169.254.169.254/"}}),
        "EXTERNAL_CALL_BLOCKED",
    ),
    "a program that is not granted": (
        steps({**COUNT, "gates": {"post": [{"id": "g", "command": ["make"]}]}}),
        "OPERATION_NOT_ALLOWED",
    ),
    "effects of a child": (
        steps({"id": "leaf", "workflow": "leaf.yaml", "effects": ["Exec exec:ls"]}),
        "EFFECT_NOT_DECLARED",
    ),
    "effects that bound nothing": (
        steps({**FETCH, "effects": ["Network net:http://a.example/"]}),
        "EFFECT_NOT_DECLARED",
    ),
    "too many bytes": (
        steps({**COUNT, "description": "x" * 9}, rationale="x" * 300_000),
        "OUTPUT_TOO_LARGE",
    ),
    "too long a reason": (steps(COUNT, rationale="x" * 10_001), "INVALID_OUTPUT"),
    "an alternative without a reason": (
        steps(COUNT, alternatives=[{"what": "x"}]),
        "INVALID_OUTPUT",
    ),
}


@pytest.mark.parametrize(("answer", "code"), REFUSED.values(), ids=REFUSED)
def test_a_plan_that_may_not_be_is_refused_before_anything_is_done(run, answer, code):
    outcome, events = run(answer, text=flow(", attempts: 1"))
    assert (outcome.status, outcome.code) == ("failure", "PLAN_REFUSED")
    assert kinds(events)[3:] == ["PlanAsked", "PlanRefused", "WorkEnded", "Locked"]
    assert code in [each["code"] for each in problems(events)[0]]
    assert not [event for event in events if event["kind"] == "EffectAsked"]


def test_of_too_much_the_place_is_told(run):
    many = [{**COUNT, "id": f"s{n}"} for n in range(40)]
    children = [{"id": f"c{n}", "workflow": "leaf.yaml"} for n in range(11)]
    _, events = run(steps(*many, *children), text=flow(", attempts: 1"))
    told = [(each["code"], each["path"], each["message"]) for each in problems(events)[0]]
    assert told == [
        ("QUOTA_EXCEEDED", "steps", "the plan has 51 steps, and may have 50"),
        ("QUOTA_EXCEEDED", "steps", "the plan starts 11 runs, and may start 10"),
    ]


def test_a_folder_that_is_not_granted_is_refused_before_anything_is_done(run):
    step = {"id": "x", "skill": "exec", "with": {"argv": ["pwd"], "cwd": "e/x"}}
    gate = {**COUNT, "gates": {"post": [{"id": "g", "command": ["pwd"], "cwd": "e/x"}]}}
    text = flow(", attempts: 1").replace("allow: [", "allow: [exec, ")
    access = access_of({}, ["pwd"])
    for plan in (step, gate):
        outcome, events = run(steps(plan), text=text, access=access)
        assert outcome.code == "PLAN_REFUSED"
        found = problems(events)[0][0]
        assert (found["code"], "root e" in found["message"]) == ("OPERATION_NOT_ALLOWED", True)


def test_what_a_file_declares_bounds_a_plan(run):
    declared = flow(", attempts: 1", effects='["Network net:http://93.184.216.34/"]')
    beyond = {**FETCH, "with": {"url": "http://93.184.216.35/items"}}
    outcome, events = run(steps(beyond), text=declared)
    assert outcome.code == "PLAN_REFUSED"
    assert problems(events)[0][0]["code"] == "EFFECT_NOT_DECLARED"
    outcome, events = run(steps(FETCH), text=declared)
    assert outcome.status == "success"
    asked = next(event["payload"] for event in events if event["kind"] == "PlanAsked")
    assert asked["effects"] == [{"op": "Network", "selector": "net:http://93.184.216.34/"}]


def test_checks_of_the_file_are_checked_against_the_plan(run):
    text = flow(", attempts: 1", verify='[{id: c1, that: "steps.other.result == `2`"}]')
    outcome, events = run(steps(COUNT), text=text)
    assert (outcome.code, problems(events)[0][0]["path"]) == ("PLAN_REFUSED", "verify[0].that")


def test_a_file_that_says_what_it_gives_takes_no_output_of_a_plan(run):
    text = flow(", attempts: 1", output='"${steps.count.result}"')
    outcome, events = run(steps(COUNT, output=1), text=text)
    assert outcome.code == "PLAN_REFUSED"
    (problem,) = problems(events)[0]
    assert (problem["code"], problem["path"]) == ("INVALID_WORKFLOW", "output")
    assert run(steps(COUNT), text=text)[0].output == 2


def test_a_check_that_fails_asks_for_another_plan(run):
    check = '[{id: c1, that: "steps.count.result == `3`", on_fail: Decide}]'
    three = {**COUNT, "with": {**COUNT["with"], "data": [1, 2, 3]}}
    outcome, events = run(steps(COUNT), steps(three), text=flow(verify=check))
    assert outcome.status == "success"
    assert kinds(events).count("PlanAsked") == 2


def test_a_plan_may_start_the_children_that_its_file_allows(run):
    child = {"id": "leaf", "workflow": "leaf.yaml"}
    outcome, _ = run(steps(child, output="${steps.leaf}"))
    assert (outcome.status, outcome.output) == ("success", 7)


@pytest.mark.parametrize(("depth", "code"), [(1, "INVALID_WORKFLOW"), (2, "OK")])
def test_a_planner_starts_no_more_generations_than_its_file_says(tmp_path, depth, code):
    (tmp_path / "mine.py").write_text(PLANNER)
    (tmp_path / "leaf.yaml").write_text(CHILD)
    (tmp_path / "middle.yaml").write_text(
        "workc: 1\nname: middle\nsteps: {leaf: {workflow: leaf.yaml}}\noutput: 1\n"
    )
    text = flow(f", max_depth: {depth}").replace("leaf.yaml", "middle.yaml")
    (tmp_path / "flow.yaml").write_text(text)
    outcome = simulated({}).run(tmp_path / "flow.yaml", {"answers": [steps(COUNT)]})
    assert outcome.code == code
    assert ("2 generations" in outcome.message) == (depth < 2)


def test_a_plan_has_no_secrets_of_its_file(run):
    secret = steps({**FETCH, "with": {"url": ITEMS, "headers": {"a": "${secrets.KEY}"}}})
    text = flow(", attempts: 1", secrets="[KEY]")
    outcome, events = run(secret, text=text, environment={"KEY": "k-7e1c09"})
    assert outcome.code == "PLAN_REFUSED"
    assert [each["code"] for each in problems(events)[0]] == ["UNRESOLVED_REFERENCE"]


def test_a_plan_waits_for_a_human_where_its_file_says_so(run):
    text = flow(", approval: {question: 'May it?', timeout_ms: 5}")
    outcome, events = run(steps(COUNT), text=text, approvals={"plan": "approved"})
    assert outcome.status == "success"
    asked = next(event["payload"] for event in events if event["kind"] == "ApprovalAsked")
    assert asked["question"]["inline"] == "May it? Its steps: count: json_transform"
    outcome, events = run(steps(COUNT), text=text, approvals={"plan": "denied"})
    assert (outcome.code, kinds(events)[-2:]) == ("APPROVAL_DENIED", ["WorkEnded", "Locked"])
    assert run(steps(COUNT), text=text)[0].code == "APPROVAL_TIMEOUT"


def test_a_policy_has_a_human_asked_about_a_plan_of_risk_once(run):
    policy = PolicyFile(name="p", approval=ApprovalRules(loss_ms=10**9, cost_ms=1, timeout_ms=5))
    outcome, events = run(
        steps(FETCH, {**FETCH, "id": "again"}), policy=policy, approvals={"plan": "approved"}
    )
    assert (outcome.status, kinds(events).count("ApprovalAsked")) == ("success", 1)
    assert sum(event["kind"] == "ApprovalAsked" for event in events) == 1
    checked = flow(verify="[{id: c, that: 'steps.fetch.status == `200`'}]")
    outcome, events = run(steps(FETCH), text=checked, policy=policy, approvals={"plan": "approved"})
    assert (outcome.status, kinds(events).count("ApprovalAsked")) == ("success", 1)
    # What changes nothing is nobody asked about.
    outcome, events = run(steps(COUNT), policy=policy)
    assert (outcome.status, "ApprovalAsked" in kinds(events)) == ("success", False)


def test_a_plan_may_name_what_a_step_needs_alone(run):
    twice = {**COUNT, "resources": ["db"]}, {**COUNT, "id": "more", "resources": ["db"]}
    bad = {**COUNT, "resources": ["${inputs.answers}"]}
    outcome, events = run(steps(bad), steps(*twice))
    assert outcome.ok
    assert [each[0]["path"] for each in problems(events)] == ["steps.count.resources[0]"]
    claims = [e["payload"] for e in events if e["kind"] == "ResourceAnswered"]
    assert [(each["resource"], each["token"]) for each in claims] == [("db", 1), ("db", 2)]


def test_a_planner_that_fails_ends_the_run_with_its_failure(run):
    """The second answer is missing, so that the function raises."""
    outcome, events = run(text=flow())
    assert (outcome.code, outcome.step) == ("SKILL_FAILED", "plan")
    assert kinds(events)[3:] == ["PlanAsked", "WorkEnded", "Locked"]


def test_a_planner_that_may_not_be_paid_for_stops_the_run(run):
    call = "with: {model: gpt-4o-mini, prompt: '${planning.prompt}', max_tokens: 100}"
    text = flow().replace("function: given", f"skill: llm_invoke, {call}")
    outcome, events = run(text=text, environment={"OPENAI_API_KEY": "k"})
    assert (outcome.code, outcome.exit_code) == ("BUDGET_EXCEEDED", 3)
    assert kinds(events)[3:] == ["PlanAsked", "WorkEnded", "Locked"]


def test_a_stub_plans_where_no_model_is_to_be_asked(tmp_path, stub_runtime):
    call = "with: {model: gpt-4o-mini, prompt: '${planning.prompt}', max_tokens: 100}"
    text = flow(", attempts: 1").replace("function: given", f"skill: llm_invoke, {call}")
    (tmp_path / "mine.py").write_text(PLANNER)
    (tmp_path / "leaf.yaml").write_text(CHILD)
    (tmp_path / "flow.yaml").write_text(text)
    plan = json.dumps(steps(COUNT, output="${steps.count.result}"))
    runtime = stub_runtime(llm={"plan": {"text": plan}}, budget_cents=5)
    outcome = runtime.run(tmp_path / "flow.yaml", {"answers": []}, out=tmp_path / "out")
    assert (outcome.status, outcome.output) == ("success", 2)
    assert replay(tmp_path / "out", code=tmp_path).identical


def test_a_plan_that_was_denied_is_never_carried_out_by_going_back(run):
    more = {"recovery": "{Unrecoverable: Act}", "max_backtracks": "1"}
    text = flow(", approval: {question: 'May it?', timeout_ms: 5}", **more)
    outcome, events = run(steps(COUNT), text=text, approvals={"plan": "denied"})
    assert outcome.code == "APPROVAL_DENIED"
    assert "count" not in {event["payload"].get("step") for event in events}


def test_a_gate_of_the_file_is_no_skill_of_a_plan(run):
    text = flow(", attempts: 1", gates="{post: [{id: two, function: holds}]}")
    assert run(steps(COUNT, output="${steps.count.result}"), text=text)[0].status == "success"
    outcome, events = run(steps({"id": "a", "skill": "holds", "with": {"output": 2}}), text=text)
    assert outcome.code == "PLAN_REFUSED"
    assert problems(events)[0][0]["path"] == "steps.a.skill"
