"""A resource contract is enforced: operations, quotas, rates, budget, time; and it fails closed."""

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workc
from workc import (
    HttpCallSkill,
    LLMInvokeSkill,
    Misuse,
    NetworkPolicy,
    Quota,
    ResourceContract,
    Runtime,
)
from workc.adapters.driver import Interrupted
from workc.api.contract_account import ContractAccount
from workc.api.contract_usage import UNUSED, Hold
from workc.api.contracts import narrowed, parse_contract
from workc.api.settings import Settings
from workc.api.simulation import EPOCH_MS, simulated
from workc.api.standing_in import recorded_stand_in
from workc.runtime.workflow.model import RetrySpec
from workc.sim.ports import Scripted

URL = "https://shop.example/items"
CENT = 1_000_000
ASK = {"model": "gpt-5-mini", "max_tokens": 100, "prompt": "sum", "api_key_env": ""}


def contract(*operations, **members):
    return ResourceContract(
        contract_id="C-1", principal="team", allowed_operations=operations, **members
    )


def stubbed(made, **settings):
    runtime = Runtime(contract=made, **settings)
    table = {URL: {"body": "x"}}
    runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses=table))
    answers = {"sum": {"text": "s", "tokens": 100}}
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=answers))
    return runtime


def fetch(runtime):
    return runtime.execute("http_call", {"url": URL})


@workc.skill(pure=True)
def double(n: int) -> int:
    """Doubles."""
    return 2 * n


@workc.skill
def opaque(n: int) -> int:
    """Nobody knows its effects."""
    return n


@workc.workflow(skills=[double, opaque])
async def calls(ctx, names: list[str]) -> list[object]:
    """Uses skills one after the other and tells how it went."""
    params = {"http_call": {"url": URL}, "llm_invoke": ASK, "double": {"n": 1}, "opaque": {"n": 1}}
    found = []
    for name in names:
        try:
            await ctx.call(name, retry=RetrySpec(max_attempts=1), **params[name])
            found.append("OK")
        except workc.StepFailed as failed:
            found.append(failed.failure.code)
    return found


def proven(runtime, out, *names):
    """Returns what the calls gave; their record must verify and replay."""
    outcome = runtime.run(calls, {"names": list(names)}, out=out)
    assert workc.verify_bundle(out).ok
    assert workc.replay(out, workflow=calls).identical
    return outcome.output


def test_what_is_allowed_is_done_and_the_bundle_names_the_contract(tmp_path):
    made = contract("http_call", "double")
    assert proven(stubbed(made), tmp_path / "b", "http_call", "double") == ["OK", "OK"]
    rules = json.loads((tmp_path / "b/evidence/policy.json").read_bytes())
    assert parse_contract(json.loads(rules["contract"])) == made


def test_a_skill_that_is_not_listed_is_refused_before_a_run_begins(tmp_path):
    for runtime in (stubbed(contract()), stubbed(contract("json_transform"))):
        outcome = fetch(runtime)
        assert (outcome.code, outcome.run_id) == ("OPERATION_NOT_ALLOWED", None)
        assert outcome.error["category"] == "PERMISSION"
        assert outcome.error["details"]["operations"] == ["http_call"]


@pytest.mark.parametrize("name", ["http_call", "llm_invoke", "double", "opaque"])
def test_a_function_s_calls_are_refused_as_they_come_and_replay(name, tmp_path):
    others = {"http_call", "llm_invoke", "double", "opaque"} - {name}
    runtime = stubbed(contract(*others, budget_cents=1))
    assert proven(runtime, tmp_path / "b", name, *others) == [
        "OPERATION_NOT_ALLOWED",
        *(["OK"] * 3),
    ]


def test_under_a_contract_alone_a_key_that_is_not_set_is_found_before_anything_runs():
    @workc.workflow(secrets=["NO_SUCH_KEY"])
    async def secretive(ctx) -> int:
        """Needs a secret."""
        return 1

    outcome = Runtime(settings=Settings(contract=contract(), environment={})).run(secretive)
    assert (outcome.code, outcome.run_id) == ("UNAUTHORIZED", None)


def test_a_refused_model_call_costs_nothing():
    runtime = stubbed(contract("llm_invoke", budget_cents=1, quotas={"llm_invoke": Quota(uses=0)}))
    outcome = runtime.execute("llm_invoke", ASK)
    assert (outcome.code, outcome.cost_micro_cents) == ("QUOTA_EXCEEDED", 0)
    assert runtime.query().left_micro_cents == CENT


@pytest.mark.parametrize("uses", [0, 1, 3])
def test_no_more_uses_than_the_quota(uses, tmp_path):
    made = contract("http_call", "opaque", quotas={"http_call": Quota(uses=uses)})
    found = proven(stubbed(made), tmp_path / "b", *["http_call"] * 4, "opaque")
    assert found == ["OK"] * uses + ["QUOTA_EXCEEDED"] * (4 - uses) + ["OK"]


def test_the_quota_is_of_all_runs_of_a_period_or_of_each_run():
    quotas = {"http_call": Quota(uses=1)}
    forever = stubbed(contract("http_call", quotas=quotas))
    each = stubbed(contract("http_call", quotas=quotas, period="run"))
    assert [fetch(forever).code for _ in range(2)] == ["OK", "QUOTA_EXCEEDED"]
    assert [fetch(each).code for _ in range(2)] == ["OK", "OK"]


def in_time(made, **settings):
    """Returns a runtime in virtual time whose network answers at once."""
    script = {f"GET {URL}": [Scripted(chunks=(b'"x"',))]}
    return simulated(script, settings=Settings(contract=made, **settings))


def test_a_rate_is_kept_by_waiting_for_room():
    made = contract("http_call", quotas={"http_call": Quota(per_minute=2)})
    runtime = in_time(made)
    ends = [fetch(runtime).timings.ended_ms for _ in range(4)]
    assert [fetch(runtime).attempts for _ in range(2)] == [2, 1]
    assert ends[1] - EPOCH_MS < 1000
    assert 59_000 < ends[2] - EPOCH_MS < 80_000
    assert ends[3] - ends[2] < 1000


@pytest.mark.parametrize(("period", "length"), [("hour", 3_600_000), ("day", 86_400_000)])
def test_a_new_period_brings_new_uses(period, length):
    made = contract("http_call", period=period, quotas={"http_call": Quota(uses=1)})
    account = ContractAccount(made)
    times = [EPOCH_MS, EPOCH_MS + length - 1, EPOCH_MS + length, EPOCH_MS + length + 1]
    found = [account.use("http_call", at) for at in times]
    assert [refusal and refusal.code for refusal in found] == [
        None,
        "QUOTA_EXCEEDED",
        None,
        "QUOTA_EXCEEDED",
    ]


def test_nothing_is_done_after_its_end(tmp_path):
    made = contract("http_call", expires_at="2026-01-01T00:00:01Z")
    assert fetch(in_time(made)).ok
    late = simulated({}, start_ms=EPOCH_MS + 1000, settings=Settings(contract=made))
    outcome = fetch(late)
    assert (outcome.code, outcome.run_id) == ("CONTRACT_EXPIRED", None)

    @workc.workflow
    async def waits(ctx, ms: int) -> object:
        """Waits and then asks."""
        await ctx.sleep_ms(ms)
        return await ctx.call("http_call", url=URL)

    assert in_time(made).run(waits, {"ms": 1}).ok
    assert in_time(made).run(waits, {"ms": 1000}, out=tmp_path / "b").code == "CONTRACT_EXPIRED"
    assert workc.replay(tmp_path / "b", workflow=waits).identical


def test_the_budget_is_of_all_runs_together():
    runtime = stubbed(contract("llm_invoke", budget_cents=1))
    cost = runtime.execute("llm_invoke", ASK).cost_micro_cents
    assert cost == 20_000
    assert runtime.query().left_micro_cents == CENT - cost
    codes = [runtime.execute("llm_invoke", ASK).code for _ in range(60)]
    assert codes[0] == "OK"
    assert codes[-1] == "BUDGET_EXCEEDED"
    assert 0 <= runtime.query().left_micro_cents < cost + 30_000


def test_a_contract_without_a_budget_pays_for_nothing_and_the_lower_ceiling_holds():
    assert stubbed(contract("llm_invoke")).execute("llm_invoke", ASK).code == "BUDGET_EXCEEDED"
    for own, given_cents in ((0, 5), (5, 0)):
        runtime = stubbed(contract("llm_invoke", budget_cents=given_cents), budget_cents=own)
        assert runtime.execute("llm_invoke", ASK).code == "BUDGET_EXCEEDED"


def test_runs_at_the_same_time_cannot_spend_more_than_it_allows():
    runtime = stubbed(contract("llm_invoke", budget_cents=1), budget_cents=1)
    outcomes = []

    def work():
        outcomes.extend(runtime.execute("llm_invoke", ASK) for _ in range(15))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = sum(outcome.cost_micro_cents for outcome in outcomes)
    assert {outcome.code for outcome in outcomes} <= {"OK", "BUDGET_EXCEEDED"}
    assert 0 < spent <= CENT
    assert runtime.query().left_micro_cents == CENT - spent


def test_a_run_that_did_not_end_counts_as_having_spent_all_that_it_held():
    account = ContractAccount(contract(budget_cents=3))
    assert account.hold("a", 2 * CENT, 0) == 2 * CENT
    account.settle("a", None, 0)
    assert account.left_micro_cents(0) == CENT
    assert (account.hold("b", None, 0), account.left_micro_cents(0)) == (CENT, 0)
    account.settle("b", 1, 0)
    account.settle("b", 1, 0)
    assert account.left_micro_cents(0) == CENT - 1


def test_without_a_store_a_run_that_is_lost_has_spent_what_it_held():
    @workc.skill
    def stops() -> int:
        """Stops the process, as Ctrl-C does."""
        raise KeyboardInterrupt

    @workc.workflow(skills=[stops])
    async def lost(ctx) -> object:
        """Does not end."""
        return await ctx.call("stops")

    runtime = stubbed(contract("stops", "llm_invoke", budget_cents=3), budget_cents=2)
    with pytest.raises(Interrupted):
        runtime.run(lost)
    assert runtime.query().left_micro_cents == CENT


def test_a_run_that_waits_for_a_human_without_a_store_is_lost_too():
    @workc.workflow
    async def waits(ctx) -> object:
        """Asks."""
        return await ctx.call("llm_invoke", approval="Pay?", **ASK)

    runtime = stubbed(contract("llm_invoke", budget_cents=3), budget_cents=2)
    assert runtime.run(waits).status == "paused"
    assert runtime.query().left_micro_cents == CENT


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.sampled_from("abcd"), st.none() | st.integers(0, 5)),
        st.tuples(st.just("more"), st.sampled_from("abcd"), st.integers(0, 5)),
        st.tuples(st.just("settle"), st.sampled_from("abcd"), st.none() | st.integers(0, 5)),
    ),
    max_size=20,
)


@given(st.integers(0, 12), ACTS)
def test_what_is_spent_and_held_is_never_more_than_the_budget(budget, acts):
    usage, cost = UNUSED, {}
    for act, run, amount in acts:
        if act == "hold" and run not in cost:
            left = usage.left(budget)
            most = left if amount is None else min(amount, left)
            usage, cost[run] = usage.held(run, Hold(ceiling=most, before=0)), 0
        elif act == "more" and run not in usage.holds and run in cost:
            hold = Hold(ceiling=amount, before=cost[run])
            if amount <= usage.without(run).left(budget):
                usage = usage.held(run, hold)
        elif act == "settle" and run in usage.holds:
            hold = usage.holds[run]
            spent = hold.before + min(amount if amount is not None else hold.ceiling, hold.ceiling)
            usage = usage.settled(run, None if amount is None else spent)
            cost[run] = spent
        held = sum(hold.ceiling for hold in usage.holds.values())
        assert usage.spent + held <= budget
        assert usage.spent == sum(cost.values())


def test_its_policy_narrows_the_runtime_s():
    made = contract("http_call", policy=NetworkPolicy(allow_loopback=False))
    outcome = Runtime(contract=made).execute("http_call", {"url": "http://127.0.0.1:9/"})
    assert outcome.code == "EXTERNAL_CALL_BLOCKED"
    wide = NetworkPolicy(allow_hosts=("a.example", "b.example"), allow_private=True)
    narrow = NetworkPolicy(
        allow_hosts=("b.example",), deny_hosts=("c.example",), allow_public=False
    )
    both = NetworkPolicy(allow_hosts=("b.example",), deny_hosts=("c.example",), allow_public=False)
    assert narrowed(wide, narrow) == both
    assert narrowed(wide, None) == wide


def test_a_run_that_goes_on_is_held_to_the_contract():
    made = contract("http_call")
    rules = {"contract": json.dumps(made.to_json())}
    stand_in = recorded_stand_in(rules, lambda: 0)
    assert json.loads(stand_in.rules["contract"]) == made.to_json()
    with pytest.raises(workc.Refusal, match="JOURNAL_CORRUPT"):
        recorded_stand_in({"contract": "{}"}, lambda: 0)
    with pytest.raises(workc.Refusal, match="JOURNAL_CORRUPT"):
        recorded_stand_in({"contract": "{"}, lambda: 0)


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"contract_id": ""}, "contract_id"),
        ({"contract_id": 3}, "contract_id"),
        ({"principal": ""}, "principal"),
        ({"principal": "a\n"}, "principal"),
        ({"budget_cents": -1}, "budget_cents"),
        ({"budget_cents": True}, "budget_cents"),
        ({"budget_cents": 2**53}, "budget_cents"),
        ({"period": "week"}, "period"),
        ({"allowed_operations": ["http_call"]}, "allowed_operations"),
        ({"allowed_operations": "http_call"}, "allowed_operations"),
        ({"allowed_operations": ("\ud800",)}, "allowed_operations"),
        ({"quotas": {"a": 3}}, "quotas"),
        ({"policy": {}}, "policy"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": 5}, "expires_at"),
    ],
)
def test_what_is_no_contract_is_misuse(members, why):
    with pytest.raises(Misuse, match=why):
        ResourceContract(**{"contract_id": "C", "principal": "p", **members})


@pytest.mark.parametrize("value", [-1, 1.5, True, "1"])
def test_what_is_no_quota_is_misuse_where_it_is_written(value):
    for name in ("uses", "per_minute"):
        with pytest.raises(Misuse, match=f"{name} of a quota is a whole number"):
            Quota(**{name: value})


CONTRACTS = st.builds(
    ResourceContract,
    contract_id=st.from_regex(r"[A-Za-z0-9._:-]{1,64}", fullmatch=True),
    principal=st.text("abc é", min_size=1, max_size=9),
    budget_cents=st.integers(0, 10**6),
    period=st.sampled_from(["run", "hour", "day", "contract"]),
    allowed_operations=st.lists(st.text("ab", max_size=3), max_size=3).map(tuple),
    quotas=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
        st.builds(
            Quota, uses=st.none() | st.integers(0, 9), per_minute=st.none() | st.integers(0, 9)
        ),
        max_size=2,
    ),
    policy=st.none() | st.builds(NetworkPolicy, offline=st.booleans()),
    expires_at=st.none() | st.just("2026-01-01T00:00:00Z"),
)


@given(CONTRACTS)
def test_a_contract_comes_back_from_its_json(made):
    assert parse_contract(json.loads(json.dumps(made.to_json()))) == made


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(
    JSON | st.dictionaries(st.sampled_from([*ResourceContract.__struct_fields__, "schema"]), JSON)
)
def test_any_json_is_a_contract_or_misuse(value):
    if isinstance(value, dict):
        value = {"schema": "workc.contract/1", "contract_id": "C", "principal": "p", **value}
    try:
        found = parse_contract(value)
    except Misuse:
        return
    assert parse_contract(found.to_json()) == found
