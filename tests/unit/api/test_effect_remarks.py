"""What `check` and `simulate` say of effects, before anything is asked."""

import json

import pytest

import workc
from workc import Runtime
from workc.api.audit import audit
from workc.api.settings import Settings
from workc.runtime.declared_effects import given_effects
from workc.runtime.policy.model import PolicyFile
from workc.stages.effect_limits import EffectRules

OWN = '''\
import workc

@workc.skill
def opaque() -> int:
    """Does who knows what."""
    return 1

@workc.skill(effects=("Network",))
async def through(ctx: workc.Context) -> int:
    """Works through ctx."""
    return 1
'''


def ask(**params):
    return {"skill": "http_call", "with": params}


def model(**params):
    given = {"model": "gpt-5-mini", "prompt": "hi", "max_tokens": 9, "api_key_env": "", **params}
    return {"skill": "llm_invoke", "with": given}


def said(tmp_path, steps, effects=None, inputs=None, **settings):
    """Returns level, code and step of what is said of effects."""
    (tmp_path / "own.py").write_text(OWN)
    flow = {"workc": 1, "name": "flow", "steps": steps, "skills": ["own.py"]}
    flow["inputs"] = {"base": {"type": "string"}}
    flow["budget"] = {"ceiling_cents": 50}
    if effects is not None:
        flow["effects"] = effects
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    made = Settings(environment=settings.pop("environment", {}), **settings)
    found = audit(Runtime(settings=made).load(tmp_path / "flow.json"), inputs or {}, made)
    codes = {"EFFECT_NOT_DECLARED", "POLICY_VIOLATION", "INVALID_INPUT"}
    return [
        (remark.level, remark.code, remark.step)
        for remark in found.remarks
        if remark.code in codes or "declared effects" in remark.message
    ]


def local(skill, **params):
    return {"skill": skill, "with": params}


A = ["Network net:http://a.example/v1"]
PROBLEM = ("problem", "EFFECT_NOT_DECLARED", "s")


@pytest.mark.parametrize(
    ("step", "effects", "found"),
    [
        (ask(url="http://a.example/v1/x"), A, []),
        (ask(url="http://a.example/v2"), None, []),
        (ask(url="http://a.example/v2"), A, [PROBLEM]),
        (ask(url="http://a.example/v1", method="PUT"), [], [PROBLEM]),
        (ask(url="${inputs.base}/v1"), A, []),
        (ask(url="http://a.example/../v1"), A, [("problem", "INVALID_INPUT", "s")]),
        (model(), A, [PROBLEM]),
        (model(), ["Network net:https://api.openai.com/v1/chat"], []),
        (model(base_url="http://a.example/v1/"), A, []),
        (model(base_url="${inputs.base}"), [], []),
        (local("read_file", path="repo/a"), ["ReadFS fs:repo/"], []),
        (local("read_file", path="repo/a"), ["WriteFS fs:repo/"], [PROBLEM]),
        (local("write_file", path="repo/a", text=""), ["WriteFS fs:repo/a"], []),
        (local("write_file", path="${inputs.base}", text=""), [], []),
        (local("exec", argv=["git", "log"]), ["Exec exec:git"], []),
        (local("exec", argv=["git", "log"]), ["Exec exec:gitk"], [PROBLEM]),
        (local("publish", to="out", files=[{"name": "a", "text": "b"}]), [], [PROBLEM]),
        ({"skill": "opaque"}, [], [("warning", None, "s")]),
        ({"skill": "opaque"}, None, []),
        ({"skill": "through"}, [], []),
        ({"skill": "json_transform", "with": {"data": 1, "expression": "@"}}, [], []),
    ],
)
def test_what_is_known_of_a_step_is_held_against_what_is_declared(tmp_path, step, effects, found):
    assert said(tmp_path, {"s": step}, effects) == found


def test_an_input_that_is_given_makes_an_address_known(tmp_path):
    steps = {"s": ask(url="${inputs.base}/v2")}
    assert said(tmp_path, steps, A, {"base": "http://a.example"}) == [PROBLEM]
    assert said(tmp_path, steps, A, {"base": "http://a.example/v1"}) == []


def test_the_environment_says_where_a_model_is(tmp_path):
    environment = {"OPENAI_BASE_URL": "http://a.example/v1"}
    assert said(tmp_path, {"s": model()}, A, environment=environment) == []


def test_a_step_is_held_to_its_own_effects_and_so_is_what_runs_instead(tmp_path):
    step = {**ask(url="http://a.example/v1/x"), "effects": ["Network net:http://a.example/v1/x"]}
    assert said(tmp_path, {"s": step}, A) == []
    instead = {**step, "on_failure": ask(url="http://a.example/v1/y")}
    assert said(tmp_path, {"s": instead}, A) == [PROBLEM]


@pytest.mark.parametrize(("unknown", "level"), [("deny", "problem"), ("allow", "warning")])
def test_a_policy_is_held_against_a_plan_too(tmp_path, unknown, level):
    rules = EffectRules(allow=given_effects(A), unknown=unknown)
    steps = {"s": ask(url="http://a.example/v2"), "o": {"skill": "opaque"}}
    code = "POLICY_VIOLATION" if unknown == "deny" else None
    assert said(tmp_path, steps, ruling=PolicyFile(name="p", effects=rules)) == [
        ("problem", "POLICY_VIOLATION", "s"),
        (level, code, "o"),
    ]


def test_a_simulation_lists_what_is_declared_and_lacks_a_permission(tmp_path):
    flow = {"workc": 1, "name": "f", "effects": A, "steps": {"s": ask(url="http://b.example/")}}
    found = Runtime().simulate(flow)
    assert found.declared == ("Network net:http://a.example/v1",)
    assert found.missing == ("EFFECT_NOT_DECLARED",)
    assert found.to_json()["declared"] == ["Network net:http://a.example/v1"]

    @workc.workflow(effects=A)
    async def declares(ctx) -> int:
        """Declares in code."""
        return 1

    assert Runtime().simulate(declares).declared == ("Network net:http://a.example/v1",)
    del flow["effects"]
    assert Runtime().simulate(flow).declared is None
