"""Declared effects over real sockets: what is not declared does not happen, and all of it replays."""

import json

import pytest

import workc
from workc import LLMInvokeSkill, Runtime
from workc.api.approvals import decide
from workc.api.settings import Settings
from workc.api.store import Store
from workc.runtime.declared_effects import given_effects
from workc.runtime.policy.model import PolicyFile
from workc.stages.effect_limits import EffectRules
from workc.stages.effects import HttpRequest
from workc.testkit.provider import Answer, Provider
from workc.testkit.servers import LoopbackServer, Reply


@pytest.fixture
def server():
    replies = {
        "/a": Reply(body=b"a"),
        "/a/x": Reply(body=b"x"),
        "/b": Reply(body=b"b"),
        "/a/within": Reply(status=302, headers=(("location", "/a/x"),)),
        "/a/beyond": Reply(status=302, headers=(("location", "/b"),)),
        "/a/upwards": Reply(status=302, headers=(("location", "/a/%2e%2e/b"),)),
    }
    with LoopbackServer(replies) as server:
        yield server


def net(url):
    return f"Network net:{url}"


def run(tmp_path, server, steps, effects, **settings):
    """Returns the outcome of a file; ``steps`` say which path each asks for, and what it declares."""
    flow = {"workc": 1, "name": "flow", "steps": {}}
    if effects is not None:
        flow["effects"] = [net(server.base_url + path) for path in effects]
    for name, (path, own) in steps.items():
        step = {"skill": "http_call", "with": {"url": server.base_url + path}}
        declared = {} if own is None else {"effects": [net(server.base_url + each) for each in own]}
        flow["steps"][name] = {**step, **declared}
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    return Runtime(**settings).run(tmp_path / "flow.json", out=tmp_path / "bundle")


def seen(server):
    return [request.path for request in server.requests]


def effects_in(events):
    """Returns what the plan declares, and what each ask names."""
    plan = next(event["payload"] for event in events if event["kind"] == "PlanChosen")
    asks = [event["payload"] for event in events if event["kind"] == "EffectAsked"]
    declared = plan.get("effects")
    return declared and [each["selector"] for each in declared], [ask.get("effect") for ask in asks]


def test_without_declared_effects_nothing_is_bounded_or_named(tmp_path, server, proven):
    assert run(tmp_path, server, {"s": ("/b", None)}, None).ok
    assert effects_in(proven(tmp_path / "bundle")) == (None, [None])


def test_a_declared_effect_happens_and_is_named(tmp_path, server, proven):
    assert run(tmp_path, server, {"s": ("/a/x", None)}, ["/a"]).ok
    declared, named = effects_in(proven(tmp_path / "bundle"))
    assert declared == [f"net:{server.base_url}/a"]
    assert named == [{"op": "Network", "selector": f"net:{server.base_url}/a/x"}]


@pytest.mark.parametrize(
    ("steps", "effects"),
    [
        ({"s": ("/b", None)}, ["/a"]),
        ({"s": ("/b", None)}, []),
        ({"s": ("/b", ["/a"])}, ["/a", "/b"]),
        ({"s": ("/b", ["/a"])}, None),
        ({"s": ("/b", [])}, ["/b"]),
    ],
)
def test_what_is_not_declared_does_not_happen(tmp_path, server, proven, steps, effects):
    outcome = run(tmp_path, server, steps, effects)
    assert (outcome.code, outcome.step) == ("EFFECT_NOT_DECLARED", "s")
    assert f'- "{net(server.base_url + "/b")}"' in outcome.message
    assert seen(server) == []
    assert effects_in(proven(tmp_path / "bundle"))[1] == []


def test_a_step_that_declares_nothing_may_do_what_the_others_declare(tmp_path, server):
    steps = {"one": ("/b", ["/b"]), "two": ("/b", None)}
    assert run(tmp_path, server, steps, None).ok


def test_a_redirect_must_stay_within_the_declared_effects(tmp_path, server, proven):
    steps = {name: (f"/a/{name}", None) for name in ("within", "beyond", "upwards")}
    outcome = run(tmp_path, server, steps, ["/a"])
    assert seen(server).count("/a/x") == 1
    assert "/b" not in seen(server)
    events = proven(tmp_path / "bundle")
    ends = {
        event["payload"]["step"]: event["payload"].get("failure", {}).get("code")
        for event in events
        if event["kind"] == "SkillExecuted"
    }
    assert ends == {
        "within": None,
        "beyond": "EFFECT_NOT_DECLARED",
        "upwards": "INVALID_INPUT",
    }
    assert outcome.code in ends.values()


def test_a_secret_in_a_path_is_in_no_name_and_is_judged_when_it_is_sent(tmp_path, server, proven):
    (tmp_path / "flow.json").write_text(
        json.dumps(
            {
                "workc": 1,
                "name": "flow",
                "secrets": ["TOKEN"],
                "effects": [net(server.base_url + "/a")],
                "steps": {
                    "s": {
                        "skill": "http_call",
                        "with": {"url": server.base_url + "/a/${secrets.TOKEN}"},
                    }
                },
            }
        )
    )

    def outcome(token, out):
        runtime = Runtime(settings=Settings(environment={"TOKEN": token}))
        return runtime.run(tmp_path / "flow.json", out=tmp_path / out)

    server.replies["/a/sesame-9"] = Reply()
    assert outcome("sesame-9", "good").ok
    _, named = effects_in(proven(tmp_path / "good"))
    assert named == [{"op": "Network", "selector": f"net:{server.base_url}/a"}]
    bad = outcome("../b?sesame-9", "bad")
    assert (bad.code, "sesame" in bad.message) == ("INVALID_INPUT", False)
    assert "/b" not in seen(server)


def test_a_refusal_of_what_a_secret_leads_to_does_not_tell_the_secret(tmp_path, server):
    tokens = ["b/%73esame//-9", "b/%7Esesame", "b/sesame\u00e9 9", 'b/"sesame']
    for number, token in enumerate(tokens):
        effects = [net(server.base_url + "/a")]
        step = {"skill": "http_call", "with": {"url": server.base_url + "/a/${secrets.TOKEN}"}}
        flow = {"workc": 1, "name": "flow", "secrets": ["TOKEN"], "effects": effects}
        (tmp_path / "flow.json").write_text(json.dumps({**flow, "steps": {"s": step}}))
        denied = policy([server.base_url], [server.base_url + "/a/b"])
        settings = Settings(
            environment={"TOKEN": token}, ruling=PolicyFile(name="p", effects=denied)
        )
        out = tmp_path / f"bundle{number}"
        outcome = Runtime(settings=settings).run(tmp_path / "flow.json", out=out)
        assert outcome.code == "POLICY_VIOLATION", outcome.message
        events = (out / "events.jsonl").read_text()
        told = [line for line in events.splitlines() if '"EffectAnswered"' in line]
        assert "the policy denies" in told[0]
        assert "esame" not in told[0]


MODEL = {"model": "gpt-5-mini", "max_tokens": 20, "prompt": "hi", "api_key_env": ""}


def asks_model(tmp_path, effects, environment, **params):
    flow = {
        "workc": 1,
        "name": "flow",
        "effects": effects,
        "budget": {"ceiling_cents": 1},
        "steps": {"s": {"skill": "llm_invoke", "with": {**MODEL, **params}}},
    }
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    runtime = Runtime(settings=Settings(environment=environment))
    return runtime.run(tmp_path / "flow.json", out=tmp_path / "bundle")


def test_a_model_is_bounded_by_where_the_environment_puts_it(tmp_path, proven, monkeypatch):
    with Provider([Answer(text="yes")]) as provider:
        effects = [net(provider.openai_url)]
        outcome = asks_model(tmp_path, effects, {"OPENAI_BASE_URL": provider.openai_url})
        assert outcome.ok, outcome.message
        # A replay knows nothing of the environment of the run.
        monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.example/")
        _, named = effects_in(proven(tmp_path / "bundle"))
    assert named[0]["selector"] == f"net:{provider.openai_url}/chat/completions"


def test_a_model_elsewhere_is_not_asked_and_costs_nothing(tmp_path, proven):
    with Provider([Answer(text="yes")]) as provider:
        effects = ["Network net:https://api.openai.com/v1"]
        outcome = asks_model(tmp_path, effects, {"OPENAI_BASE_URL": provider.openai_url})
        assert (outcome.code, outcome.cost_micro_cents) == ("EFFECT_NOT_DECLARED", 0)
        assert provider.requests == []
    proven(tmp_path / "bundle")


def test_a_resumed_run_asks_the_provider_that_it_began_with(tmp_path, proven):
    with Provider([Answer(text="yes")]) as provider:
        flow = {
            "workc": 1,
            "name": "flow",
            "effects": [net(provider.openai_url)],
            "budget": {"ceiling_cents": 1},
            "steps": {
                "s": {
                    "skill": "llm_invoke",
                    "with": MODEL,
                    "approval": {"question": "Ask it?"},
                }
            },
        }
        (tmp_path / "flow.json").write_text(json.dumps(flow))

        def runtime(base):
            environment = {"OPENAI_BASE_URL": base}
            return Runtime(settings=Settings(environment=environment, store=tmp_path / "store"))

        paused = runtime(provider.openai_url).run(tmp_path / "flow.json")
        assert paused.status == "paused"
        decide(Store(tmp_path / "store"), "last", "approved", by="ann")
        outcome = runtime("http://elsewhere.example").resume("last", out=tmp_path / "bundle")
        assert outcome.ok, outcome.message
        assert len(provider.requests) == 1
    proven(tmp_path / "bundle")


def test_an_address_of_a_provider_that_holds_a_secret_is_not_recorded(tmp_path):
    key = "sk-0123456789abcdef"
    environment = {"OPENAI_API_KEY": key, "OPENAI_BASE_URL": f"http://127.0.0.1:9/{key}"}
    outcome = asks_model(tmp_path, [], environment, api_key_env="OPENAI_API_KEY")
    assert (outcome.code, outcome.run_id) == ("INVALID_INPUT", None)
    assert key not in outcome.message


def test_a_stubbed_model_is_bounded_too(tmp_path):
    runtime = Runtime(budget_cents=1)
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses={"hi": {}}))

    @workc.workflow(effects=[])
    async def asks(ctx) -> object:
        """Asks a model."""
        return await ctx.call("llm_invoke", **MODEL)

    assert runtime.run(asks).code == "EFFECT_NOT_DECLARED"


@workc.skill
def opaque() -> int:
    """Does who knows what."""
    return 1


@workc.skill(effects=("Network",))
async def twice(ctx: workc.Context, url: str, other: str) -> list[int]:
    """Asks for two pages, whatever it may not."""
    found = []
    for each in (url, other):
        try:
            found.append((await ctx.http(HttpRequest(method="GET", url=each))).status)
        except workc.Refusal as refusal:
            found.append(len(refusal.failure.code))
    return found


@workc.workflow(effects=["Network net:http://127.0.0.1:1/", {"op": "Exec", "selector": "exec:x"}])
async def declares(ctx, url: str, narrow: bool) -> object:
    """Declares effects in code."""
    own = ["Network net:http://127.0.0.1:1/a"] if narrow else None
    return await ctx.call(twice, url="http://127.0.0.1:1/a", other=url, effects=own)


@pytest.mark.parametrize(
    ("url", "narrow", "codes"),
    [
        ("http://127.0.0.1:1/b", False, [len("CONNECTION_REFUSED")] * 2),
        ("http://127.0.0.1:1/b", True, [len("CONNECTION_REFUSED"), len("EFFECT_NOT_DECLARED")]),
        ("http://127.0.0.1:2/", False, [len("CONNECTION_REFUSED"), len("EFFECT_NOT_DECLARED")]),
    ],
)
def test_a_python_workflow_declares_effects_and_a_call_fewer(tmp_path, proven, url, narrow, codes):
    outcome = Runtime().run(declares, {"url": url, "narrow": narrow}, out=tmp_path / "bundle")
    assert outcome.output == codes, outcome.message
    declared, named = effects_in(proven(tmp_path / "bundle", workflow=declares))
    assert declared == ["exec:x", "net:http://127.0.0.1:1/"]
    assert len(named) == codes.count(len("CONNECTION_REFUSED"))


def test_a_call_declares_no_more_than_its_workflow(tmp_path):
    @workc.workflow(effects=["Network net:http://a/x"])
    async def wider(ctx) -> object:
        """Wants more in a call than it declares."""
        return await ctx.call("http_call", url="http://a/", effects=["Network net:http://a/"])

    @workc.workflow
    async def undeclared(ctx) -> object:
        """Declares effects in a call alone."""
        return await ctx.call("http_call", url="http://a/", effects=["Network net:http://a/"])

    for flow in (wider, undeclared):
        outcome = Runtime().run(flow)
        assert (outcome.code, outcome.ok) == ("SKILL_FAILED", False)
        assert "the workflow does not declare Network net:http://a/" in outcome.message


def test_more_effects_than_a_plan_holds_are_recorded_by_fewer(tmp_path, server, proven):
    paths = [f"/many/{n}" for n in range(60)]
    outcome = run(tmp_path, server, {"s": ("/many/77", None)}, paths)
    assert outcome.code == "EFFECT_NOT_DECLARED", "what is recorded is wider than what may happen"
    plan = next(e["payload"] for e in proven(tmp_path / "bundle") if e["kind"] == "PlanChosen")
    assert plan["compression"]["input_count"] == 60
    assert len(plan["effects"]) == plan["compression"]["output_count"] <= 50


def policy(allow=(), deny=(), **more):
    made = {"allow": allow, "deny": deny}
    rules = {name: given_effects([net(url) for url in urls]) for name, urls in made.items()}
    return EffectRules(**rules, **more)


def test_a_policy_names_the_effects_of_a_workflow_that_declares_none(tmp_path, server, proven):
    allowed = policy([server.base_url], [server.base_url + "/b"])
    settings = Settings(ruling=PolicyFile(name="p", effects=allowed))
    steps = {"one": ("/a/x", None), "two": ("/b", None), "three": ("/a/beyond", None)}
    outcome = run(tmp_path, server, steps, None, settings=settings)
    assert outcome.code == "POLICY_VIOLATION"
    assert set(seen(server)) == {"/a/x", "/a/beyond"}
    declared, named = effects_in(proven(tmp_path / "bundle"))
    assert declared == [f"net:{server.base_url}/"]
    assert len(named) == 2


def test_a_policy_bounds_declared_effects_further(tmp_path, server, proven):
    ruling = PolicyFile(name="p", effects=policy([server.base_url + "/a"]))
    settings = Settings(ruling=ruling)
    steps = {"one": ("/a", None), "two": ("/b", None), "three": ("/c", None)}
    run(tmp_path, server, steps, ["/a", "/b"], settings=settings)
    events = proven(tmp_path / "bundle")
    codes = {
        event["payload"]["step"]: event["payload"].get("failure", {}).get("code")
        for event in events
        if event["kind"] == "SkillExecuted"
    }
    assert codes == {"one": None, "two": "POLICY_VIOLATION", "three": "EFFECT_NOT_DECLARED"}


@pytest.mark.parametrize(("unknown", "code"), [("deny", "POLICY_VIOLATION"), ("allow", "OK")])
def test_a_policy_says_whether_functions_of_unknown_effects_are_called(
    tmp_path, proven, unknown, code
):
    @workc.workflow(skills=[opaque])
    async def calls(ctx) -> object:
        """Calls a function whose effects nobody knows."""
        return await ctx.call(opaque)

    ruling = PolicyFile(name="p", effects=policy(unknown=unknown))
    runtime = Runtime(settings=Settings(ruling=ruling))
    assert runtime.run(calls, out=tmp_path / "bundle").code == code
    proven(tmp_path / "bundle", workflow=calls)


def files(tmp_path, effects, **settings):
    """Returns the outcome of a run that reads, writes and starts a program below a root."""
    (tmp_path / "repo").mkdir(exist_ok=True)
    (tmp_path / "repo/a").write_text("a")
    steps = {
        "read": {"skill": "read_file", "with": {"path": "repo/a"}},
        "write": {"skill": "write_file", "with": {"path": "repo/b", "text": "b"}},
        "start": {"skill": "exec", "with": {"argv": ["true"]}},
    }
    flow = {"workc": 1, "name": "flow", "steps": steps}
    if effects is not None:
        flow["effects"] = effects
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    runtime = Runtime(roots={"repo": tmp_path / "repo"}, programs=["true"], **settings)
    return runtime.run(tmp_path / "flow.json", out=tmp_path / "bundle")


ALL = ["Exec exec:true", "ReadFS fs:repo/", "WriteFS fs:repo/b"]


@pytest.mark.parametrize("left_out", [None, *ALL])
@pytest.mark.parametrize("by", ["workflow", "policy"])
def test_files_and_programs_are_bounded_too(tmp_path, proven, left_out, by):
    allowed = [effect for effect in ALL if effect != left_out]
    rules = PolicyFile(name="p", effects=EffectRules(allow=given_effects(allowed)))
    outcome = files(tmp_path, allowed) if by == "workflow" else files(tmp_path, None, policy=rules)
    refused = {"workflow": "EFFECT_NOT_DECLARED", "policy": "POLICY_VIOLATION"}[by]
    assert outcome.code == ("OK" if left_out is None else refused), outcome.message
    declared, named = effects_in(proven(tmp_path / "bundle"))
    assert declared == [effect.partition(" ")[2] for effect in sorted(allowed)]
    assert len(named) == len(allowed)
    assert (tmp_path / "repo/b").exists() == (ALL[2] in allowed)
