"""What is used of a contract is counted for all processes that share a store, and outlives them."""

import json
import signal
import subprocess
import sys
import textwrap

import pytest

import workc
from workc import HttpCallSkill, LLMInvokeSkill, Quota, ResourceContract, Runtime
from workc.adapters.contract_book import FileBook
from workc.adapters.earlier import folder_of
from workc.adapters.run_folder import RunFolder, RunWriter
from workc.api.approvals import decide
from workc.api.contract_account import account_of
from workc.api.contract_usage import Hold
from workc.api.store import Store

URL = "https://shop.example/items"
CENT = 1_000_000
#: What one call of the stub costs.
COST = 20_000
ASK = {"model": "gpt-5-mini", "max_tokens": 100, "prompt": "sum", "api_key_env": ""}
#: The start of a program that does something under a contract, in a store.
HEAD = """
import json, os, signal
import workc
from workc import HttpCallSkill, LLMInvokeSkill, Runtime
from workc.api.contracts import parse_contract

store, contract = STORE, parse_contract(json.loads(CONTRACT))
runtime = Runtime(contract=contract, store=store, budget_cents=2)
runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses={
    "https://shop.example/items": {"body": "x"}}))
runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses={
    "sum": {"text": "s", "tokens": 100}}))
"""


def contract(**members):
    members = {"allowed_operations": ("http_call", "llm_invoke"), **members}
    return ResourceContract(contract_id="C-1", principal="team", **members)


def runtime_of(store, made, **settings):
    runtime = Runtime(contract=made, store=store, **settings)
    table = {URL: {"body": "x"}}
    runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses=table))
    answers = {"sum": {"text": "s", "tokens": 100}}
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=answers))
    return runtime


def fetch(runtime):
    return runtime.execute("http_call", {"url": URL}).code


def program(tmp_path, made, text):
    """Returns the command of a program under a contract."""
    told = {"STORE": str(tmp_path / "store"), "CONTRACT": json.dumps(made.to_json())}
    head = "".join(f"{key} = {value!r}\n" for key, value in told.items())
    path = tmp_path / "does.py"
    path.write_text(head + HEAD + textwrap.dedent(text))
    return [sys.executable, str(path)]


def test_runtimes_of_one_store_share_uses_and_money(tmp_path):
    made = contract(budget_cents=1, quotas={"http_call": Quota(uses=2)})
    one, other = (runtime_of(tmp_path, made) for _ in range(2))
    assert [fetch(one), fetch(other), fetch(one)] == ["OK", "OK", "QUOTA_EXCEEDED"]
    assert one.execute("llm_invoke", ASK).cost_micro_cents == COST
    assert other.query().left_micro_cents == CENT - COST
    assert other.query().uses_left["http_call"] == 0


@pytest.mark.parametrize(
    "members", [{"contract_id": "C-2"}, {"principal": "another"}, {"period": "day"}]
)
def test_another_contract_is_counted_for_itself(members, tmp_path):
    quotas = {"http_call": Quota(uses=1)}
    assert fetch(runtime_of(tmp_path, contract(quotas=quotas))) == "OK"
    given = {"contract_id": "C-1", "principal": "team", "period": "contract", **members}
    made = ResourceContract(**given, allowed_operations=("http_call",), quotas=quotas)
    assert fetch(runtime_of(tmp_path, made)) == "OK"


def test_nothing_is_made_in_a_store_that_is_only_asked_about(tmp_path):
    runtime = runtime_of(tmp_path / "store", contract(budget_cents=1))
    assert runtime.query().left_micro_cents == CENT
    assert not (tmp_path / "store").exists()


def test_processes_together_use_no_more_than_the_quota(tmp_path):
    made = contract(quotas={"http_call": Quota(uses=7)})
    uses = """
        for _ in range(4):
            print(runtime.execute("http_call", {"url": "https://shop.example/items"}).code)
    """
    command = program(tmp_path, made, uses)
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    codes = [code for each in running for code in each.communicate(timeout=100)[0].split()]
    assert sorted(codes) == ["OK"] * 7 + ["QUOTA_EXCEEDED"] * 5


KILLED = """
    @workc.skill(idempotent=True)
    def dies() -> int:
        "Kills its process, once."
        if not os.path.exists(store + "/died"):
            open(store + "/died", "x").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return 1

    @workc.workflow(skills=[dies])
    async def work(ctx) -> int:
        "Pays, and dies."
        await ctx.call("llm_invoke", model="gpt-5-mini", max_tokens=100, prompt="sum", api_key_env="")
        return await ctx.call("dies")

    if __name__ == "__main__":
        runtime.run(work)
"""


def test_a_run_whose_process_was_killed_holds_its_ceiling_until_it_has_been_resumed(tmp_path):
    made = contract(budget_cents=3, allowed_operations=("llm_invoke", "dies"))
    command = program(tmp_path, made, KILLED)
    assert subprocess.run(command, check=False, timeout=100).returncode == -signal.SIGKILL
    store = tmp_path / "store"
    assert runtime_of(store, made).query().left_micro_cents == CENT
    resume = [sys.executable, "-m", "workc", "resume", "last", "--store", str(store), "--json"]
    for _ in range(2):
        found = subprocess.run(resume, cwd=tmp_path, capture_output=True, text=True, timeout=100)
        assert found.returncode == 0, found.stderr + found.stdout
        assert json.loads(found.stdout)["cost_micro_cents"] == COST
        assert runtime_of(store, made).query().left_micro_cents == 3 * CENT - COST


@workc.workflow
async def asks(ctx) -> object:
    """Pays for something that a human has to approve."""
    return await ctx.call("llm_invoke", approval="Pay?", **ASK)


def test_a_run_that_waits_for_a_human_holds_its_ceiling(tmp_path):
    made = contract(budget_cents=3)
    found = runtime_of(tmp_path, made, budget_cents=2).run(asks)
    assert found.status == "paused"
    assert runtime_of(tmp_path, made).query().left_micro_cents == CENT
    again = Runtime(store=tmp_path)
    assert again.resume(found.run_id, workflow=asks).status == "paused"
    assert runtime_of(tmp_path, made).query().left_micro_cents == CENT
    decide(Store(tmp_path), found.run_id, "approved", by="ana")
    assert again.resume(found.run_id, workflow=asks).ok
    assert runtime_of(tmp_path, made).query().left_micro_cents == 3 * CENT - COST


@workc.workflow
async def pays(ctx, times: int) -> int:
    """Pays so many times."""
    for _ in range(times):
        await ctx.call("llm_invoke", **ASK)
    return times


def test_a_budget_is_raised_within_the_contract_and_not_beyond(tmp_path):
    made = contract(budget_cents=2)
    runtime = runtime_of(tmp_path, made)
    found = runtime_of(tmp_path, made, budget_cents=1).run(pays, {"times": 80})
    assert found.code == "BUDGET_EXCEEDED"
    left = runtime.query().left_micro_cents
    assert left == 2 * CENT - found.cost_micro_cents
    again = Runtime(store=tmp_path)
    beyond = again.resume(found.run_id, workflow=pays, budget_cents=3)
    assert (beyond.code, "cents left" in beyond.message) == ("BUDGET_EXCEEDED", True)
    assert runtime.query().left_micro_cents == left
    within = again.resume(found.run_id, workflow=pays, budget_cents=2)
    assert within.ok
    assert within.cost_micro_cents == 80 * COST
    assert runtime.query().left_micro_cents == 2 * CENT - 80 * COST


DIES_AT_ONCE = """
    from workc.api.settings import Settings

    class Kills:
        "Kills its process when the run draws its nonce, right before its first record."

        def draw(self, size):
            if size == 16:
                os.kill(os.getpid(), signal.SIGKILL)
            return os.urandom(size)

    settings = Settings(contract=contract, store=runtime.settings.store, entropy=Kills())
    Runtime(settings=settings).execute("http_call", {"url": "http://127.0.0.1:9/"})
"""


def test_a_run_whose_process_was_killed_before_it_began_holds_nothing(tmp_path):
    made = contract(budget_cents=3)
    command = program(tmp_path, made, DIES_AT_ONCE)
    assert subprocess.run(command, check=False, timeout=100).returncode == -signal.SIGKILL
    store = tmp_path / "store"
    (book,) = (store / "contracts").glob("*.json")
    assert len(json.loads(book.read_bytes())["holds"]) == 1
    runtime = runtime_of(store, made)
    assert runtime.query().left_micro_cents == 3 * CENT
    assert runtime.execute("llm_invoke", ASK).ok
    assert runtime.query().left_micro_cents == 3 * CENT - COST


def test_a_run_that_is_about_to_begin_holds_what_it_may_spend(tmp_path):
    made = contract(budget_cents=3)
    account = account_of(made, tmp_path, "")
    writer = RunWriter(Store(tmp_path).folder("r1"), "none")
    account.hold("r1", CENT, 0)
    assert account.left_micro_cents(0) == 2 * CENT
    writer.append(b"{}")
    held = account_of(made, tmp_path, "").left_micro_cents(0)
    writer.close()
    assert (held, account.left_micro_cents(0)) == (2 * CENT, 2 * CENT)


def test_a_run_that_keeps_no_journal_has_begun_with_its_first_record(tmp_path):
    writer = RunWriter(tmp_path, "none")
    assert not RunFolder(tmp_path).has_begun
    writer.append(b"{}")
    assert RunFolder(tmp_path).has_begun
    writer.close()


@pytest.mark.parametrize("asked", [0, 1, 3])
def test_a_run_that_has_not_ended_keeps_what_it_holds_whatever_budget_is_asked_for(asked, tmp_path):
    made = contract(budget_cents=3)
    found = runtime_of(tmp_path, made, budget_cents=2).run(asks)
    again = Runtime(store=tmp_path)
    refused = again.resume(found.run_id, workflow=asks, budget_cents=asked)
    assert (refused.code, "has not ended" in refused.message) == ("INVALID_INPUT", True)
    assert runtime_of(tmp_path, made).query().left_micro_cents == CENT


@workc.workflow
async def pays_and_asks(ctx, times: int) -> int:
    """Pays so many times, then asks a human."""
    for _ in range(times):
        await ctx.call("llm_invoke", **ASK)
    return await ctx.call("llm_invoke", approval="Once more?", **ASK)


def test_what_a_raised_run_spent_before_is_counted_once_however_often_it_is_asked_for(tmp_path):
    made = contract(budget_cents=4)
    found = runtime_of(tmp_path, made, budget_cents=1).run(pays_and_asks, {"times": 60})
    assert found.code == "BUDGET_EXCEEDED"
    again = Runtime(store=tmp_path)
    for _ in range(2):
        waits = again.resume(found.run_id, workflow=pays_and_asks, budget_cents=3)
        assert waits.status == "paused"
        assert runtime_of(tmp_path, made).query().left_micro_cents == CENT
    decide(Store(tmp_path), found.run_id, "denied", by="ana")
    assert again.resume(found.run_id, workflow=pays_and_asks).cost_micro_cents == 60 * COST
    assert runtime_of(tmp_path, made).query().left_micro_cents == 4 * CENT - 60 * COST


def test_who_only_asks_what_became_of_a_run_takes_nothing_from_who_goes_on_with_it(tmp_path):
    made = contract(budget_cents=2)
    found = runtime_of(tmp_path, made, budget_cents=1).run(pays, {"times": 80})
    assert found.code == "BUDGET_EXCEEDED"
    account = account_of(made, tmp_path, "")
    going_on = RunWriter(Store(tmp_path).folder(found.run_id), "flush")
    hold = Hold(ceiling=2 * CENT - found.cost_micro_cents, before=found.cost_micro_cents)
    assert account.hold_more(found.run_id, hold, 0) is None
    again = Runtime(store=tmp_path)
    assert again.resume(found.run_id, workflow=pays).code == "RUN_LOCKED"
    assert account.left_micro_cents(0) == 0
    # It died before it went on.
    going_on.close()
    assert again.resume(found.run_id, workflow=pays).code == "BUDGET_EXCEEDED"
    assert account.left_micro_cents(0) == 2 * CENT - found.cost_micro_cents


def test_a_run_that_goes_on_holds_what_it_may_spend_though_its_bundle_is_still_to_be_moved(
    tmp_path,
):
    made = contract(budget_cents=2)
    found = runtime_of(tmp_path, made, budget_cents=1).run(pays, {"times": 80})
    folder = Store(tmp_path).folder(found.run_id)
    in_the_way = folder_of(folder, found.proof_digest) / "bundle" / "x"
    in_the_way.mkdir(parents=True)
    again = Runtime(store=tmp_path)
    refused = again.resume(found.run_id, workflow=pays, budget_cents=2)
    assert refused.code == "STORE_UNAVAILABLE"
    assert runtime_of(tmp_path, made).query().left_micro_cents == 0
    in_the_way.rmdir()
    in_the_way.parent.rmdir()
    assert again.resume(found.run_id, workflow=pays).ok
    assert runtime_of(tmp_path, made).query().left_micro_cents == 2 * CENT - 80 * COST


def test_a_run_that_ended_is_told_where_the_count_is_damaged(tmp_path):
    found = runtime_of(tmp_path, contract(budget_cents=2), budget_cents=1).run(pays, {"times": 1})
    (book,) = (tmp_path / "contracts").glob("*.json")
    book.write_bytes(b"{")
    told = Runtime(store=tmp_path).resume(found.run_id, workflow=pays)
    assert told.ok
    assert "still holds" in told.notes[-1]


def test_what_cannot_be_counted_is_not_allowed(tmp_path):
    made = contract(quotas={"http_call": Quota(uses=2)})
    runtime = runtime_of(tmp_path, made)
    assert fetch(runtime) == "OK"
    (book,) = (tmp_path / "contracts").glob("*.json")
    kept = book.read_bytes()
    for damage in (b"{", b"[]", kept.replace(b'"spent"', b'"spend"'), b"\xff", b"", b"{}"):
        book.write_bytes(damage)
        assert fetch(runtime) == "STORE_UNAVAILABLE"
        with pytest.raises(workc.Refusal, match="STORE_UNAVAILABLE"):
            runtime.query()
    book.write_bytes(kept)
    assert [fetch(runtime), fetch(runtime)] == ["OK", "QUOTA_EXCEEDED"]


WATCHED = """
import sys
from pathlib import Path
from workc.adapters.contract_book import FileBook

book = Path(sys.argv[1])
done = []
sys.addaudithook(lambda name, args: done.append((name, str(args[0]))))
FileBook(book).change(lambda said: (b"1", None))
renamed = next(at for at, (name, _) in enumerate(done) if name == "os.rename")
print(("open", str(book.parent)) in done[renamed:])
"""


def test_that_a_count_was_replaced_is_put_on_the_disk_too(tmp_path):
    command = [sys.executable, "-c", WATCHED, str(tmp_path / "contracts" / "book.json")]
    found = subprocess.run(command, capture_output=True, text=True, timeout=100, check=True)
    assert found.stdout == "True\n"


def test_a_run_that_cannot_be_counted_leaves_no_folder(tmp_path):
    runtime = runtime_of(tmp_path, contract(budget_cents=1))
    account_of(runtime.settings.contract, tmp_path, "").settle("r1", 0, 0)
    (book,) = (tmp_path / "contracts").glob("*.json")
    book.write_bytes(b"{")
    assert runtime.execute("llm_invoke", ASK).code == "STORE_UNAVAILABLE"
    assert not (tmp_path / "runs").exists()


def test_a_book_that_is_no_file_is_refused(tmp_path):
    (tmp_path / "book.json").mkdir()
    book = FileBook(tmp_path / "book.json")
    with pytest.raises(workc.Refusal, match="STORE_UNAVAILABLE"):
        book.said()
    with pytest.raises(workc.Refusal, match="STORE_UNAVAILABLE"):
        book.change(lambda said: (said, None))
