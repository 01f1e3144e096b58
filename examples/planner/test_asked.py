"""A model plans over loopback: what it says is a script, what becomes of it is not."""

import json
from pathlib import Path

import workc
from workc.testkit.provider import Answer, Provider

FILE = Path(__file__).with_name("asked.yaml")
STEP = {
    "id": "count",
    "skill": "json_transform",
    "with": {"data": "${inputs.items}", "expression": "length(@)"},
}
PLAN = {
    "steps": [STEP],
    "rationale": "One expression is enough.",
    "alternatives": [{"what": "Ask a server to count.", "rejected": "It is not needed."}],
}
SAID = [
    Answer(text="First I would count the items."),
    Answer(text=json.dumps({"steps": [{"id": "count", "skill": "exec"}]})),
    Answer(text=f"```json\n{json.dumps(PLAN, indent=2)}\n```"),
]


def test_two_plans_are_refused_and_the_third_is_carried_out(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    with Provider(SAID) as provider:
        outcome = workc.run(FILE, {"base": provider.openai_url}, out=bundle)
        told = [json.loads(request.body)["messages"][0]["content"] for request in provider.requests]
    assert (outcome.status, outcome.output) == ("success", 3)
    # Each ask tells what was wrong with the plan before.
    assert ["not JSON" in text for text in told] == [False, True, False]
    assert 'there is no skill \\"exec\\"' in told[2]
    assert workc.verify_bundle(bundle).ok
    # The model is gone; what it said is in the bundle.
    assert workc.replay(bundle, code=FILE.parent).identical


def test_a_model_without_a_plan_ends_the_run_before_any_step(tmp_path: Path) -> None:
    with Provider([Answer(text="No.")] * 3) as provider:
        outcome = workc.run(FILE, {"base": provider.openai_url}, out=tmp_path / "bundle")
        asked = len(provider.requests)
    assert (outcome.code, asked) == ("PLAN_REFUSED", 3)
    assert workc.verify_bundle(tmp_path / "bundle").ok
