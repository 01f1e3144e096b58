import click
import pytest

from workc.cli.group import cli
from workc.skills.prices import builtin_prices


@pytest.fixture
def ask(folder, model_text):
    (folder / "ask.yaml").write_text(model_text)
    return folder / "ask.yaml"


def test_the_plan_says_what_waits_for_what_and_where_it_goes(workc, server):
    document = workc("check", "demo.yaml", "--input", f"base={server.base_url}", "--json").document
    assert (document["ok"], document["exit"], document["problems"]) == (True, 0, [])
    fetch, pick = document["plan"]
    assert (fetch["wave"], fetch["effects"]) == (1, ["Network"])
    assert fetch["target"] == server.base_url.removeprefix("http://")
    assert (pick["wave"], pick["needs"], pick["effects"]) == (2, ["fetch"], [])
    assert document["prices_sha256"] == builtin_prices().sha256
    assert server.requests == []


def test_what_depends_on_an_input_is_said_to(workc):
    text = workc("check", "demo.yaml").stdout
    assert "depends on ${inputs.base}/items.json" in text


def test_the_bound_is_the_very_amount_that_a_run_reserves(workc, ask, server):
    document = workc("check", "ask.yaml", "--json").document
    cost = document["plan"][0]["cost"]
    assert cost["worst_micro_cents"] == cost["bound_micro_cents"] * cost["attempts"]
    assert document["total_micro_cents"] == cost["worst_micro_cents"]
    env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.base_url}
    workc("run", "ask.yaml", "-q", env=env)
    events = workc("show", "last", "--events", "--json").document["events"]
    reserved = next(e["payload"] for e in events if e["kind"] == "BudgetReserved")
    assert reserved["bound"] == cost["bound_micro_cents"]


def test_secrets_are_named_and_never_shown(workc, ask):
    env = {"SHOP_TOKEN": "tip-top-secret"}
    for arguments in ((), ("--json",)):
        shown = workc("check", "ask.yaml", *arguments, env=env)
        assert "tip-top-secret" not in shown.stdout + shown.stderr
    assert "secret   SHOP_TOKEN set\n" in workc("check", "ask.yaml", env=env).stdout
    assert "secret   SHOP_TOKEN not set\n" in workc("check", "ask.yaml").stdout
    assert "! warning  the environment has no OPENAI_API_KEY" in workc("check", "ask.yaml").stdout


def test_one_call_above_the_budget_is_a_problem_with_3(workc, ask):
    shown = workc("check", "ask.yaml", "--budget-cents", 0)
    assert shown.exit_code == 3
    assert "✗ problem  BUDGET_EXCEEDED  one: one call may cost $" in shown.stdout
    assert shown.stdout.endswith("exit 3\n")


def test_all_attempts_above_the_budget_are_a_warning(workc, folder, model_text):
    text = model_text.replace("max_tokens: 100", "max_tokens: 500000")
    (folder / "ask.yaml").write_text(text.replace("ceiling_cents: 5", "ceiling_cents: 60"))
    shown = workc("check", "ask.yaml")
    assert shown.exit_code == 0
    assert "the budget may refuse some" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--budget-calls", 0), "QUOTA_EXCEEDED  the steps make 1 billable call, more than the"),
        (("--budget-tokens", 9), "QUOTA_EXCEEDED  one: one call may use 12"),
    ],
)
def test_a_limit_that_no_run_can_keep_is_a_problem_with_3(workc, ask, arguments, problem):
    shown = workc("check", "ask.yaml", *arguments)
    assert shown.exit_code == 3
    assert f"✗ problem  {problem}" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 120


def test_a_limit_that_some_run_may_not_keep_is_a_warning_and_the_use_is_shown(workc, ask):
    shown = workc("check", "ask.yaml", "--budget-calls", 1, "--budget-tokens", 2000)
    assert shown.exit_code == 0
    assert "· budget $0.05, 1 call, 2,000 tokens\n" in shown.stdout
    assert "use      at most 4 calls, " in shown.stdout
    assert "together may be 4 billable calls; the budget may refuse some" in shown.stdout
    assert "tokens; the budget may refuse some" in shown.stdout
    document = workc("check", "ask.yaml", "--budget-calls", 1, "--json").document
    cost = document["plan"][0]["cost"]
    assert (document["limits"], document["total_calls"]) == ({"calls": 1}, 4)
    assert document["total_tokens"] == cost["worst_tokens"] == 4 * cost["bound_tokens"]


def test_a_call_above_the_ceiling_of_its_step_is_a_problem_with_3(workc, ask):
    text = ask.read_text()
    step = text[text.index("  one:") :].splitlines()[0]
    ask.write_text(text.replace(step, step + "\n    budget: {ceiling_cents: 0}", 1))
    shown = workc("check", "ask.yaml")
    assert shown.exit_code == 3
    assert "STEP_CEILING_EXCEEDED  one: one call may cost $" in shown.stdout


def test_an_unknown_price_is_a_problem_with_3(workc, ask):
    ask.write_text(ask.read_text().replace("gpt-4o-mini", "foo-1"))
    shown = workc("check", "ask.yaml")
    assert shown.exit_code == 3
    assert "PRICE_UNKNOWN  one: the price file does not hold openai/foo-1" in shown.stdout


def test_a_bound_that_depends_on_an_input_says_what_is_known(workc, ask):
    ask.write_text(ask.read_text().replace(", default: hello", ""))
    document = workc("check", "ask.yaml", "--json").document
    cost = document["plan"][0]["cost"]
    assert cost["bound_micro_cents"] is None
    assert cost["depends_on"] == ["inputs.q"]
    assert cost["known_part_micro_cents"] > 0
    assert document["total_micro_cents"] is None
    full = workc("check", "ask.yaml", "--input", "q=hello", "--json").document
    assert full["plan"][0]["cost"]["bound_micro_cents"] >= cost["known_part_micro_cents"]


def test_an_invalid_file_is_2_with_all_problems(workc, folder):
    (folder / "bad.yaml").write_text("workc: 1\nname: bad\nsteps: {}\nextra: 1\n")
    shown = workc("check", "bad.yaml", "--json")
    assert shown.exit_code == 2
    assert shown.document["schema"] == "workc.check/1"
    assert shown.document["ok"] is False
    assert len(shown.document["problems"]) == 2


def test_an_input_that_does_not_fit_is_2(workc):
    assert workc("check", "demo.yaml", "--input", "n=x").exit_code == 2
    assert workc("check", "demo.yaml", "--input", "m=1").exit_code == 2


def test_a_function_says_that_its_plan_is_known_when_it_runs(workc, folder, flow_text):
    (folder / "checked_flow.py").write_text(flow_text)
    shown = workc("check", "checked_flow.py:main")
    assert shown.exit_code == 0
    assert "are known when it runs" in shown.stdout


CLOCK = """\
import workc
from time import time as now

@workc.skill(pure=True)
def stamp() -> int:
    \"\"\"Stamps.\"\"\"
    return helper()

def helper():
    return int(now())

@workc.skill
def free() -> int:
    \"\"\"Has unknown effects, and so may do what it likes.\"\"\"
    return int(now())

@workc.workflow
async def main(ctx):
    \"\"\"Stamps.\"\"\"
    return [await ctx.call(stamp), await ctx.call(free)]
"""


@pytest.fixture
def clock(folder):
    (folder / "stamping.py").write_text(CLOCK)
    text = (
        "workc: 1\nname: f\nskills: [stamping.py]\nsteps: {a: {skill: stamp}, b: {skill: free}}\n"
    )
    (folder / "stamping.yaml").write_text(text)
    return folder


@pytest.mark.parametrize("target", ["stamping.yaml", "stamping.py:main"])
def test_code_that_reads_the_clock_is_a_warning_with_file_line_and_what_to_use(
    workc, clock, target
):
    shown = workc("check", target)
    assert shown.exit_code == 0
    assert (
        "! warning  NONDETERMINISTIC  stamp (stamping.py:10)\n"
        "    time.time reaches the clock: a replay refuses it\n"
        "    instead: ctx.now_ms(), or a time that is an input\n"
    ) in shown.stdout
    assert shown.stdout.count("NONDETERMINISTIC") == 1, "what is opaque is free"
    remarks = workc("check", target, "--json").document["remarks"]
    (remark,) = (each for each in remarks if each["code"] == "NONDETERMINISTIC")
    assert (remark["skill"], remark["file"], remark["line"]) == ("stamp", "stamping.py", 10)


def test_strict_makes_it_a_problem_with_1_and_changes_nothing_else(workc, clock):
    shown = workc("check", "stamping.yaml", "--strict", "--json")
    assert (shown.exit_code, shown.document["ok"], shown.document["exit"]) == (1, False, 1)
    assert "✗ problem  NONDETERMINISTIC" in workc("check", "stamping.yaml", "--strict").stdout
    assert workc("check", "demo.yaml", "--strict").exit_code == 0


def test_code_with_ctx_that_reads_the_clock_gets_another_value_in_a_replay(workc, clock):
    text = CLOCK.replace("    return [await", "    now()\n    return [await")
    (clock / "stamping.py").write_text(text)
    shown = workc("check", "stamping.py:main").stdout
    assert (
        "main (stamping.py:20)\n    time.time reaches the clock: a replay gets another value"
        in shown
    )


def options_of(name):
    command = cli.get_command(click.Context(cli), name)
    return {option for param in command.params for option in param.opts}


def test_whatever_limits_a_run_can_be_asked_of_check_too():
    said = {each for each in options_of("run") if each.startswith(("--budget", "--input"))}
    assert len(said) == 6
    assert said <= options_of("check")


def test_the_time_of_a_run_is_part_of_the_budget_that_is_checked(workc):
    shown = workc("check", "pure.yaml", "--budget-wall-ms", 1500)
    assert shown.exit_code == 0
    assert "budget $0.00, 1.50 s" in shown.stdout


def test_a_function_is_not_said_to_have_no_steps(workc, folder, flow_text):
    (folder / "wf.py").write_text(flow_text)
    shown = workc("check", "wf.py:main", "--input", "n=1")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("plan     a function plans as it goes: ")
    assert "0 steps" not in shown.stdout
