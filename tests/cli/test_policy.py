"""`workc policy`, and `--policy` of `run` and `check`: transcripts."""

import pytest

POLICY = """\
schema = "workc.policy/1"
name = "team"

[[effects.allow]]
op = "Network"
selector = "net:{base}"

[[effects.deny]]
op = "Network"
selector = "net:{base}/secret"
"""


@pytest.fixture
def team(folder, server):
    (folder / "team.toml").write_text(POLICY.format(base=server.base_url))
    return "team.toml"


@pytest.fixture
def bad(folder):
    (folder / "bad.toml").write_text(
        'schema = "workc.policy/1"\nname = "bad"\n[budget]\nceling_cents = 1\n'
    )
    return "bad.toml"


def test_a_good_policy_is_checked_and_told(workc, team):
    shown = workc("policy", "check", team)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert shown.stdout.startswith("policy   team\neffects  { ")
    document = workc("policy", "check", team, "--json").document
    assert (document["ok"], document["name"], document["problems"]) == (True, "team", [])
    assert document["rules"]["effects"]["allow"][0]["op"] == "Network"


def test_the_default_adds_no_rules(workc):
    assert workc("policy", "check", "default").stdout == (
        "policy   workc-default\nrules    none beside those of the network\n"
    )


def test_a_bad_policy_is_told_by_line_and_exits_2(workc, bad):
    shown = workc("policy", "check", bad)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr == (
        'bad.toml:4:1: there is no key "celing_cents" here\n'
        "    celing_cents = 1\n"
        "    ^\n"
        "  fix: did you mean ceiling_cents?\n"
        "✗ INVALID_INPUT  bad.toml has 1 problem\n"
        "  try: workc schema policy\n"
    )
    document = workc("policy", "check", bad, "--json").document
    assert (document["ok"], document["exit"], len(document["problems"])) == (False, 2, 1)


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_bad_policy_stops_what_would_be_under_it(workc, folder, bad, command):
    shown = workc(command, "pure.yaml", "--policy", bad)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "did you mean ceiling_cents?" in shown.stderr
    missing = workc(command, "pure.yaml", "--policy", "tem.toml")
    assert (missing.exit_code, "there is no file tem.toml" in missing.stderr) == (2, True)
    assert (
        workc(command, "pure.yaml", "--policy", bad, "--json").document["code"] == "INVALID_INPUT"
    )


@pytest.mark.parametrize("name", ["default", "strict"])
def test_what_ships_is_printed_as_it_can_be_used(workc, folder, name):
    shown = workc("policy", "show", name)
    assert shown.exit_code == 0
    (folder / "copy.toml").write_text(shown.stdout)
    assert workc("policy", "check", "copy.toml").exit_code == 0
    document = workc("policy", "show", name, "--json").document
    assert (document["name"], document["toml"]) == (f"workc-{name}", shown.stdout)


def test_what_does_not_ship_is_refused(workc):
    shown = workc("policy", "show", "lax")
    assert (shown.exit_code, shown.stdout) == (2, "")


def test_a_run_under_a_policy_is_explained_from_its_bundle_or_its_journal(
    workc, folder, server, team
):
    (folder / "two.yaml").write_text(
        "workc: 1\nname: two\nsteps:\n"
        f'  one: {{skill: http_call, with: {{url: "{server.base_url}/items.json"}}}}\n'
        f'  two: {{skill: http_call, with: {{url: "{server.base_url}/secret/x"}}}}\n'
        'output: "${steps.one.status}"\n'
    )
    checked = workc("check", "two.yaml", "--policy", team)
    assert checked.exit_code == 2
    assert "✗ problem  POLICY_VIOLATION  two: the policy denies Network" in checked.stdout
    run = workc("run", "two.yaml", "--policy", team, "--out", "bundle", "-q")
    assert run.exit_code == 1
    assert [request.path for request in server.requests] == ["/items.json"]
    story = workc("policy", "explain", "bundle", "--json").document
    verdicts = {each["step"]: (each["verdict"], each["rule"]) for each in story["decisions"]}
    base = f"Network net:{server.base_url}/"
    assert verdicts == {"one": ("allowed", f"allow {base}"), "two": ("refused", "[effects]")}
    assert (story["name"], story["declared"]) == ("team", [base])
    text = workc("policy", "explain", "last", env={"COLUMNS": "80"})
    assert text.exit_code == 0
    assert text.stdout.startswith("policy   custom-")
    assert "refused  two: POLICY_VIOLATION: the policy denies" in text.stdout
    assert all(len(line) <= 80 for line in text.stdout.splitlines())


def test_what_risk_takes_is_explained(workc, folder):
    (folder / "prod").mkdir()
    (folder / "risk.toml").write_text(
        'schema = "workc.policy/1"\nname = "risk"\n'
        '[verify.high_risk]\nCommitted = ["Acceptance"]\n[decide]\nimplicit = "low"\n'
    )
    (folder / "deploy.yaml").write_text(
        'workc: 1\nname: deploy\neffects: ["WriteFS fs:prod/"]\nsteps:\n'
        "  write: {skill: write_file, with: {path: prod/a, text: a}}\n"
        "verify: [{id: c, level: Acceptance, that: '`true`'}]\noutput: 1\n"
    )
    told = workc("policy", "check", "risk.toml")
    assert 'decide   { "implicit": "low" }\n' in told.stdout
    ran = workc("run", "deploy.yaml", "--root", "prod=prod", "--policy", "risk.toml", "-q")
    assert (ran.exit_code, (folder / "prod/a").exists()) == (1, False)
    required, refused = workc("policy", "explain", "last", "--json").document["decisions"]
    assert (required["verdict"], required["step"]) == ("required", "")
    assert required["rule"] == "[verify.high_risk]: what it declares"
    assert (refused["verdict"], refused["rule"]) == ("refused", "[decide]")
    shown = workc("policy", "explain", "last").stdout
    assert "required the run: checks of level Acceptance to lock as Committed" in shown
    (folder / "deploy.yaml").write_text(
        (folder / "deploy.yaml").read_text().replace("Acceptance", "Semantic")
    )
    for command in (("check",), ("run", "--root", "prod=prod")):
        refused = workc(*command, "deploy.yaml", "--policy", "risk.toml")
        told = " ".join((refused.stdout + refused.stderr).split())
        assert refused.exit_code != 0
        assert "takes a check of level Acceptance for Committed of a run of high risk" in told


def test_a_run_without_a_policy_is_explained_too(workc, folder, server):
    workc("run", "pure.yaml", "--out", "bundle", "-q")
    shown = workc("policy", "explain", "bundle")
    assert shown.stdout.splitlines()[0].startswith("policy   workc-default · rules sha256:")
    assert "effect   not bounded: neither the workflow nor the policy names any" in shown.stdout
    assert shown.stdout.endswith("nothing was asked for that a policy could refuse\n")
    workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--out", "b2", "-q")
    (decision,) = workc("policy", "explain", "b2", "--json").document["decisions"]
    assert (decision["verdict"], decision["rule"]) == ("allowed", "nothing bounds effects")


def test_a_question_of_the_policy_is_explained(workc, folder, server):
    (folder / "ask.toml").write_text(
        'schema = "workc.policy/1"\nname = "ask"\n[approval]\nloss_ms = 1000\ncost_ms = 0\n'
    )
    run = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--policy", "ask.toml")
    assert run.exit_code == 7
    (decision,) = workc("policy", "explain", "last", "--json").document["decisions"]
    assert (decision["verdict"], decision["step"]) == ("asked", "fetch")
    assert workc("approve", "last", "--by", "ann").exit_code == 0
    assert workc("resume", "last", "-q").exit_code == 0
    asked, answered, allowed = workc("policy", "explain", "last", "--json").document["decisions"]
    assert (asked["verdict"], answered["verdict"], answered["rule"]) == ("asked", "approved", "ann")
    assert allowed["verdict"] == "allowed"


def test_what_is_no_run_is_not_explained(workc, folder):
    (folder / "empty").mkdir()
    for name in ("empty", "none"):
        shown = workc("policy", "explain", name)
        assert (shown.exit_code, shown.stdout) == (2, "")


def test_declared_effects_are_listed_by_check(workc, folder, server):
    (folder / "flow.yaml").write_text(
        "workc: 1\nname: flow\neffects: ['Network net:http://a.example/v1/']\nsteps:\n"
        f'  one: {{skill: http_call, with: {{url: "{server.base_url}/x"}}}}\n'
    )
    shown = workc("check", "flow.yaml")
    assert "effect   Network net:http://a.example/v1\n" in shown.stdout
    assert "✗ problem  EFFECT_NOT_DECLARED  one: Network" in shown.stdout
    assert workc("check", "flow.yaml", "--json").document["declared"] == [
        "Network net:http://a.example/v1"
    ]
    (folder / "none.yaml").write_text(
        "workc: 1\nname: flow\neffects: []\nsteps:\n"
        "  one: {skill: json_transform, with: {data: 1, expression: '@'}}\n"
    )
    assert "effect   none may happen: effects is empty\n" in workc("check", "none.yaml").stdout


def test_what_a_budget_or_a_declaration_refuses_is_explained(workc, folder, server, model_text):
    (folder / "ask.yaml").write_text(model_text)
    (folder / "flow.yaml").write_text(
        "workc: 1\nname: flow\neffects: ['Network net:http://a.example/']\nsteps:\n"
        f'  one: {{skill: http_call, with: {{url: "{server.base_url}/x"}}}}\n'
    )
    workc("run", "ask.yaml", "--budget-cents", 0, "-q", env={"OPENAI_API_KEY": "k"})
    ledger, step = workc("policy", "explain", "last", "--json").document["decisions"]
    assert (ledger["verdict"], ledger["rule"]) == ("refused", "the budget: ceiling")
    assert step["subject"].startswith("BUDGET_EXCEEDED: ")
    workc("run", "flow.yaml", "-q")
    story = workc("policy", "explain", "last", "--json").document
    (refused,) = story["decisions"]
    assert (refused["rule"], story["name"]) == ("effects of the workflow", "")
    allowed = f"workc: 1\nname: flow\neffects: ['Network net:{server.base_url}']\nsteps:\n"
    step = f'  one: {{skill: http_call, with: {{url: "{server.base_url}/x"}}}}\n'
    (folder / "flow.yaml").write_text(allowed + step)
    workc("run", "flow.yaml", "-q")
    decision, *_ = workc("policy", "explain", "last", "--json").document["decisions"]
    assert decision["rule"] == f"declared Network net:{server.base_url}/"
