"""Runs under policy files: what a policy says holds, is recorded, and replays."""

import json

import pytest

import workc
from workc import LLMInvokeSkill, Misuse, NetworkPolicy, Refusal, Runtime
from workc.api.policies import find_policy, under_policy
from workc.api.settings import Settings
from workc.runtime.policy.loader import InvalidPolicy, load_policy
from workc.runtime.policy.model import BudgetRules, PolicyFile, recorded_ruling, rules_of
from workc.testkit.servers import LoopbackServer, Reply

HEAD = 'schema = "workc.policy/1"\nname = "team"\n'
MODEL = {"model": "gpt-5-mini", "max_tokens": 20, "prompt": "hi", "api_key_env": ""}


def policy(text):
    return load_policy((HEAD + text).encode(), "team.toml")


@workc.workflow(verify=[{"id": "c", "level": "Semantic", "that": "output"}])
async def checked(ctx) -> bool:
    """Has a check of meaning."""
    return (await ctx.call("json_transform", data=True, expression="@"))["result"]


@workc.workflow
async def unchecked(ctx) -> bool:
    """Has no check."""
    return (await ctx.call("json_transform", data=True, expression="@"))["result"]


def receipt(bundle):
    return json.loads((bundle / "receipt.json").read_bytes())


@pytest.mark.parametrize(
    ("given", "name"),
    [(None, "workc-default"), ("default", "workc-default"), ("strict", "workc-strict")],
)
def test_the_policies_that_ship_have_names_of_their_own(tmp_path, proven, given, name):
    assert Runtime(policy=given).run(checked, out=tmp_path / "bundle").ok
    proven(tmp_path / "bundle", workflow=checked)
    assert receipt(tmp_path / "bundle")["policy"]["id"] == name


def test_a_policy_is_a_file_a_name_or_a_value(tmp_path):
    path = tmp_path / "team.toml"
    path.write_text(HEAD + "[budget]\ncalls = 1\n")
    assert find_policy(path) == find_policy(str(path)) == policy("[budget]\ncalls = 1\n")
    assert Runtime(policy=find_policy(path)).settings.ruling.budget == BudgetRules(calls=1)
    with pytest.raises(Misuse, match="policy is a path, default, strict"):
        Runtime(policy=7)
    with pytest.raises(Refusal, match=r"did you mean .*team\.toml"):
        Runtime(policy=tmp_path / "tem.toml")
    path.write_text("x")
    with pytest.raises(InvalidPolicy):
        Runtime(policy=path)
    with pytest.raises(Misuse, match="ruling is a policy file that was read"):
        Settings(ruling="team.toml")


@pytest.mark.parametrize(
    ("asked", "ceiling"), [(None, 0), (1, 1_000_000), (2, 2_000_000), (3, 2_000_000)]
)
def test_a_policy_bounds_a_ceiling_and_gives_none(tmp_path, asked, ceiling):
    runtime = Runtime(
        policy=policy("[budget]\nceiling_cents = 2\ntokens = 9\n"), budget_cents=asked
    )
    assert runtime.run(unchecked, out=tmp_path / "bundle").ok
    money = receipt(tmp_path / "bundle")["money"]
    assert (money["ceiling_micro_cents"], money["limits"]) == (ceiling, {"tokens": 9})


def test_a_policy_bounds_the_limits_of_a_workflow():
    runtime = Runtime(policy=policy("[budget]\ncalls = 0\n"), budget_cents=1, budget_calls=5)
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses={"hi": {}}))
    assert runtime.execute("llm_invoke", MODEL).code == "QUOTA_EXCEEDED"


def test_a_budget_is_not_raised_beyond_the_policy_of_the_run(tmp_path):
    rules = policy("[budget]\nceiling_cents = 1\n")
    runtime = Runtime(policy=rules, store=tmp_path / "store", budget_cents=0)
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses={"hi": {}}))
    refused = runtime.execute("llm_invoke", MODEL)
    assert refused.code == "BUDGET_EXCEEDED"
    beyond = runtime.resume(refused.run_id, budget_cents=2)
    assert (beyond.code, "ceiling_cents of 1 at most, not 2" in beyond.message) == (
        "POLICY_VIOLATION",
        True,
    )
    assert runtime.resume(refused.run_id, budget_cents=1).ok


def flow_with(tmp_path, network):
    flow = {
        "workc": 1,
        "name": "flow",
        "policy": {"network": network},
        "steps": {"s": {"skill": "http_call", "with": {"url": "http://127.0.0.1:1/"}}},
    }
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    return tmp_path / "flow.json"


def test_the_network_of_a_policy_is_not_widened_by_a_workflow(tmp_path):
    closed = policy("[network]\nallow_loopback = false\n")
    flow = flow_with(tmp_path, {"allow_loopback": True, "allow_hosts": ["127.0.0.1"]})
    assert Runtime(policy=closed).run(flow).code == "EXTERNAL_CALL_BLOCKED"
    assert Runtime(policy=policy("")).run(flow).code == "CONNECTION_REFUSED"
    private = flow_with(tmp_path, {"allow_private": True})
    private.write_text(private.read_text().replace("127.0.0.1:1", "10.0.0.1:1/?"))
    assert Runtime(policy="default").run(private).code == "EXTERNAL_CALL_BLOCKED"


def test_the_network_of_a_policy_and_of_the_caller():
    closed = policy("[network]\nallow_public = false\n")
    assert not Runtime(policy=closed).settings.policy.allow_public
    offline = Runtime(policy=closed, allow_external=False).settings.policy
    assert offline == NetworkPolicy(allow_public=False, offline=True)
    with pytest.raises(Refusal, match="does not allow private addresses") as refused:
        Runtime(policy=closed, allow_private=True)
    assert refused.value.failure.code == "POLICY_VIOLATION"
    opened = policy("[network]\nallow_private = true\n")
    assert Runtime(policy=opened, allow_private=True).settings.policy.allow_private
    given = Settings()
    assert under_policy(given, None) is given


@pytest.mark.parametrize(
    ("rules", "flow", "message"),
    [
        ('[verify]\nmax_lock_level = "Staged"\n', checked, "would lock as Committed"),
        ('[verify]\nmax_lock_level = "Draft"\n', unchecked, "would lock as Staged"),
        ('[verify.levels]\nStaged = ["Semantic"]\n', unchecked, "level Semantic for Staged"),
        (
            '[verify.levels]\nCommitted = ["Semantic", "Acceptance"]\n',
            checked,
            "level Acceptance for Committed",
        ),
    ],
)
def test_a_run_that_may_not_lock_is_refused_before_it_begins(tmp_path, rules, flow, message):
    outcome = Runtime(policy=policy(rules)).run(flow, out=tmp_path / "bundle")
    assert (outcome.code, outcome.run_id) == ("POLICY_VIOLATION", None)
    assert message in outcome.message
    assert not (tmp_path / "bundle").exists()


def test_a_run_that_has_the_checks_of_its_level_locks():
    rules = '[verify]\nmax_lock_level = "Committed"\n[verify.levels]\nCommitted = ["Semantic"]\n'
    assert Runtime(policy=policy(rules)).run(checked).ok


MACHINE = """
[roots]
repo = "ro"
[exec]
programs = ["wc"]
[publish]
targets = []
"""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"roots": {"repo": "."}}, 'write repo = "rw" in [roots]'),
        ({"roots": {"other": "."}}, "the root other"),
        ({"programs": ["wc", "git"]}, "leave out --allow-program git"),
        ({"roots": {"repo": (".", "ro")}, "publish": ["repo/x"]}, "the target repo/x"),
    ],
)
def test_what_is_granted_beyond_the_policy_is_refused_at_the_start(tmp_path, options, words):
    outcome = Runtime(policy=policy(MACHINE), **options).run(checked, out=tmp_path / "bundle")
    assert (outcome.code, outcome.run_id) == ("POLICY_VIOLATION", None)
    assert words in outcome.message
    assert not (tmp_path / "bundle").exists()


def test_what_the_policy_lets_be_granted_is_and_the_rules_say_so(tmp_path, proven):
    options = {"roots": {"repo": (tmp_path, "ro")}, "programs": ["wc"]}
    outcome = Runtime(policy=policy(MACHINE), **options).run(checked, out=tmp_path / "bundle")
    assert outcome.ok
    proven(outcome.bundle, workflow=checked)
    rules = json.loads((tmp_path / "bundle/evidence/policy.json").read_bytes())
    assert rules["may_grant"] == {"programs": ["wc"], "roots": {"repo": "ro"}, "targets": []}
    assert recorded_ruling(rules).may_grant == policy(MACHINE).may_grant


def test_a_policy_that_does_not_speak_of_grants_refuses_none_and_adds_no_rule(tmp_path):
    assert Runtime(policy=policy("[lens]\n"), programs=["wc"]).run(checked).ok
    assert "may_grant" not in rules_of(policy("[lens]\n"))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[roots]\nRepo = "ro"\n', 4, "a root is named by"),
        ('[roots]\nrepo = "rx"\n', 4, "rw"),
        ('[exec]\nprograms = ["/bin/sh"]\n', 4, "a program is named as in PATH"),
        ('[exec]\nprograms = ["wc", "wc"]\n', 4, "twice"),
        ('[publish]\ntargets = ["http://h/?q"]\n', 4, "no query"),
        ('[exec]\nprogram = ["wc"]\n', 4, "programs"),
    ],
)
def test_what_a_policy_cannot_say_of_grants_is_told_by_line(text, line, words):
    with pytest.raises(InvalidPolicy) as invalid:
        policy(text)
    [problem] = invalid.value.problems
    assert problem.line == line
    assert words in f"{problem.message} {problem.fix}"


@pytest.mark.parametrize("path", ["/a%2Fadmin", "/a%2fadmin/x", "/a%5Cadmin", "/a/%2Fadmin"])
def test_a_deny_line_sees_through_an_escaped_slash(tmp_path, path):
    with LoopbackServer({}) as server:
        rules = "".join(
            f'[[effects.{name}]]\nop = "Network"\nselector = "net:{server.base_url}{below}"\n'
            for name, below in (("allow", "/"), ("deny", "/a/admin"))
        )
        flow = {
            "workc": 1,
            "name": "flow",
            "steps": {"s": {"skill": "http_call", "with": {"url": server.base_url + path}}},
        }
        (tmp_path / "flow.json").write_text(json.dumps(flow))
        outcome = Runtime(policy=policy(rules)).run(tmp_path / "flow.json")
        assert outcome.code == "POLICY_VIOLATION"
        assert server.requests == []


LOWER = '[verify]\nunmet = "lower"\n'


@pytest.mark.parametrize(
    ("rules", "flow", "level"),
    [
        (LOWER + '[verify.levels]\nCommitted = ["Acceptance"]\n', checked, "Staged"),
        (LOWER + 'max_lock_level = "Staged"\n', checked, "Staged"),
        (LOWER + '[verify.levels]\nCommitted = ["Semantic"]\n', checked, "Committed"),
        (LOWER, unchecked, "Staged"),
        ('[verify]\nunmet = "refuse"\n', checked, "Committed"),
    ],
)
def test_a_run_that_has_not_the_checks_locks_lower_where_the_policy_says_so(
    tmp_path, proven, rules, flow, level
):
    found = policy(rules)
    outcome = Runtime(policy=found).run(flow, out=tmp_path / "bundle")
    assert outcome.status == "success"
    locked = proven(outcome.bundle, workflow=flow)[-1]["payload"]
    assert (locked["outcome"], locked["lock_level"]) == ("success", level)
    assert ("unmet" in rules_of(found)["verify"]) == (LOWER in rules)


def test_a_run_that_may_not_even_lock_lower_is_refused(tmp_path):
    rules = LOWER + '[verify.levels]\nStaged = ["Syntactic"]\nCommitted = ["Acceptance"]\n'
    for flow, lacks in ((checked, "Acceptance for Committed"), (unchecked, "Syntactic for Staged")):
        outcome = Runtime(policy=policy(rules)).run(flow)
        assert (outcome.code, outcome.run_id) == ("POLICY_VIOLATION", None)
        assert lacks in outcome.message


def asks(tmp_path, server, effects, own=None):
    step = {"skill": "http_call", "with": {"url": server.base_url + "/prod/x"}}
    flow = {
        "workc": 1,
        "name": "flow",
        "steps": {
            "pure": {"skill": "json_transform", "with": {"data": 1, "expression": "@"}},
            "s": step if own is None else {**step, "effects": own},
        },
        "output": "${steps.s.status}",
    }
    if effects is not None:
        flow["effects"] = effects
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    return tmp_path / "flow.json"


@pytest.fixture
def server():
    with LoopbackServer({"/prod/x": Reply()}) as server:
        yield server


@pytest.mark.parametrize(
    ("rules", "is_asked"),
    [
        ("", False),
        # Network of a staged run: p = 446, and 446 * 900,000 > 1000 * 45,000.
        ("[approval]\n", True),
        # The same at a cost at which it is not worth it.
        ("[approval]\ncost_ms = 900000\n", False),
        ("[approval]\nproduction_loss_ms = 50000\n", False),
    ],
)
def test_a_human_is_asked_before_a_step_whose_effects_need_it(
    tmp_path, server, proven, rules, is_asked
):
    flow = asks(tmp_path, server, [f"Network net:{server.base_url}/prod/x"])
    runtime = Runtime(policy=policy(rules), store=tmp_path / "store")
    outcome = runtime.run(flow, out=tmp_path / "bundle")
    assert (outcome.status == "paused") == is_asked, outcome.message
    if is_asked:
        (waiting,) = outcome.error["details"]["waiting"]
        assert waiting["step"] == "s"
        assert f"Network net:{server.base_url}/prod/x" in waiting["question"]
        assert server.requests == []
    else:
        proven(tmp_path / "bundle")


@pytest.mark.parametrize(("own", "is_asked"), [(None, True), ([], False)])
def test_a_step_that_declares_less_is_asked_about_less(tmp_path, server, own, is_asked):
    flow = asks(tmp_path, server, ["Publish pub:shop"], own)
    rules = policy("[approval]\nloss_ms = 0\n")
    outcome = Runtime(policy=rules, store=tmp_path / "store").run(flow)
    assert (outcome.status == "paused") == is_asked


def test_the_answer_of_a_human_is_kept_and_replays(tmp_path, server, proven):
    flow = asks(tmp_path, server, [f"Network net:{server.base_url}/prod/x"])
    runtime = Runtime(policy=policy("[approval]\ntimeout_ms = 0\n"), store=tmp_path / "store")
    outcome = runtime.run(flow, out=tmp_path / "bundle")
    assert outcome.code == "APPROVAL_TIMEOUT"
    events = proven(tmp_path / "bundle")
    (asked,) = [event["payload"] for event in events if event["kind"] == "ApprovalAsked"]
    assert (asked["gate"], asked["timeout_ms"]) == ("approval", 0)


def test_a_bundle_says_what_its_policy_said(tmp_path, proven):
    rules = policy('[lens]\nStaged = 4\n[effects]\nunknown = "allow"\n')
    assert Runtime(policy=rules).run(unchecked, out=tmp_path / "bundle").ok
    proven(tmp_path / "bundle", workflow=unchecked)
    recorded = json.loads((tmp_path / "bundle/evidence/policy.json").read_bytes())
    assert recorded["policy"] == "team"
    assert recorded["lens"] == {"Staged": 4}
    assert recorded["effects"] == {"allow": [], "deny": [], "unknown": "allow"}
    assert "budget" not in recorded


def test_a_plan_is_simulated_under_the_policy():
    rules = PolicyFile(name="p", budget=BudgetRules(ceiling_cents=0))
    found = Runtime(policy=rules, budget_cents=9).simulate(unchecked)
    assert found.ceiling_micro_cents == 0


@pytest.mark.parametrize("target", ["Orient", "Decide", "Act"])
def test_every_pass_of_a_run_is_under_its_policy(tmp_path, server, proven, target):
    flow = {
        "workc": 1,
        "name": "flow",
        "steps": {
            "s": {"skill": "http_call", "with": {"url": server.base_url + "/prod/x"}},
        },
        "verify": [{"id": "never", "that": "`false`", "on_fail": target}],
        "output": 1,
    }
    (tmp_path / "flow.json").write_text(json.dumps(flow))
    lines = f'[[effects.allow]]\nop = "Network"\nselector = "net:{server.base_url}/prod"\n'
    Runtime(policy=policy(lines)).run(tmp_path / "flow.json", out=tmp_path / "bundle")
    events = proven(tmp_path / "bundle")
    plans = [event["payload"] for event in events if event["kind"] == "PlanChosen"]
    asks = [event["payload"] for event in events if event["kind"] == "EffectAsked"]
    assert (len(plans), len(asks)) == (1 if target == "Act" else 2, 2)
    allowed = [{"op": "Network", "selector": f"net:{server.base_url}/prod"}]
    assert [plan["effects"] for plan in plans] == [allowed] * len(plans)
    assert {ask["effect"]["selector"] for ask in asks} == {f"net:{server.base_url}/prod/x"}


def family(tmp_path, server, parent=None, step=None, child=None, network=None):
    """Returns a workflow file that runs another one, which asks the server; each may declare effects."""

    def told(effects):
        return {} if effects is None else {"effects": effects}

    inner = {"skill": "http_call", "with": {"url": server.base_url + "/prod/x"}}
    given = {} if network is None else {"policy": {"network": network}}
    asks = {"workc": 1, "name": "asks", **given, **told(child), "steps": {"s": inner}}
    runs = {"c": {"workflow": "asks.json", **told(step)}}
    (tmp_path / "asks.json").write_text(json.dumps({**asks, "output": "${steps.s.status}"}))
    (tmp_path / "flow.json").write_text(
        json.dumps(
            {"workc": 1, "name": "flow", **told(parent), "steps": runs, "output": "${steps.c}"}
        )
    )
    return tmp_path / "flow.json"


@pytest.mark.parametrize("who", ["parent", "step", "child", "policy"])
@pytest.mark.parametrize("is_allowed", [True, False])
def test_a_child_may_do_no_more_than_its_parent_and_its_policy(
    tmp_path, server, proven, who, is_allowed
):
    path = "/prod" if is_allowed else "/other"
    effects = [f"Network net:{server.base_url}{path}"]
    line = f'[[effects.allow]]\nop = "Network"\nselector = "net:{server.base_url}{path}"\n'
    flow = family(tmp_path, server, **({} if who == "policy" else {who: effects}))
    runtime = Runtime(policy=policy(line if who == "policy" else ""), store=tmp_path / "store")
    outcome = runtime.run(flow, out=tmp_path / "bundle")
    assert outcome.ok == is_allowed, outcome.message
    assert bool(server.requests) == is_allowed
    bundles = sorted((tmp_path / "store").rglob("receipt.json"))
    assert len(bundles) == 2
    for each in bundles:
        verdict = workc.verify_bundle(each.parent)
        assert verdict.ok, verdict.failures


def test_a_child_does_not_widen_the_network_of_a_policy(tmp_path, server):
    flow = family(tmp_path, server, network={"allow_hosts": ["127.0.0.1"]})
    closed = policy("[network]\nallow_loopback = false\n")
    Runtime(policy=closed).run(flow)
    assert server.requests == []
    assert Runtime().run(flow).ok


def test_children_lock_as_a_policy_wants_it(tmp_path, server):
    rules = '[verify.levels]\nStaged = ["Semantic"]\n'
    outcome = Runtime(policy=policy(rules)).run(family(tmp_path, server))
    assert (outcome.code, server.requests) == ("POLICY_VIOLATION", [])
