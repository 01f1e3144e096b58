"""The stubbed world behind a runtime: which port it answers, with what, and how often."""

import json

import pytest

import workc
from workc import HttpCallSkill, LLMInvokeSkill, Runtime
from workc.api.settings import Settings
from workc.stages.effects import HttpRequest
from workc.testkit.servers import LoopbackServer, Reply

URL = "https://shop.example/items"


def stubbed(http=None, llm=None, **settings):
    runtime = Runtime(budget_cents=10, **settings)
    if http is not None:
        runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses=http))
    if llm is not None:
        runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=llm))
    return runtime


def ask(runtime, prompt, **params):
    given = {"model": "gpt-5-mini", "prompt": prompt, "max_tokens": 20, **params}
    return runtime.execute("llm_invoke", given)


@workc.skill(effects=["Network"])
async def own(ctx, url: str) -> int:
    """Asks by itself."""
    return (await ctx.http(HttpRequest(method="GET", url=url))).status


def test_no_skill_slips_past_a_stubbed_port():
    runtime = stubbed({URL: {"status": 203}})
    assert runtime.execute(own, {"url": URL}).output == 203
    assert runtime.execute(own, {"url": "http://127.0.0.1:9/"}).code == "EXTERNAL_CALL_BLOCKED"


def test_a_port_that_is_not_stubbed_asks_the_world():
    with LoopbackServer({"/": Reply(body=b"live")}) as server:
        outcome = stubbed(llm={}).execute("http_call", {"url": server.base_url})
    assert (outcome.output["body"], outcome.stubbed) == ("live", False)


def test_registering_the_live_skill_again_ends_the_stub():
    runtime = stubbed({URL: {}})
    assert runtime.execute("http_call", {"url": URL}).stubbed
    runtime.register_skill("http_call", HttpCallSkill())
    with LoopbackServer({"/": Reply(body=b"live")}) as server:
        assert runtime.execute("http_call", {"url": server.base_url}).output["body"] == "live"


def test_answers_come_in_their_order_the_last_one_again_and_each_run_has_all():
    @workc.workflow
    async def thrice(ctx):
        return [
            (await ctx.call("http_call", url=URL, accept_status=[404]))["status"] for _ in range(4)
        ]

    runtime = stubbed({URL: [{"status": 200}, {"status": 404}, {"status": 201}]})
    for _ in range(2):
        assert runtime.run(thrice).output == [200, 404, 201, 201]


def test_another_spelling_of_an_address_is_the_same_and_a_query_is_part_of_it():
    runtime = stubbed({f"{URL}?q=a%20b": {"body": 1}, URL: {"body": 2}})
    for params, body in (
        ({"url": URL, "query": {"q": "a b"}}, 1),
        ({"url": f"{URL}?q=a%20b"}, 1),
        ({"url": URL.replace("https://shop", "HTTPS://SHOP")}, 2),
        ({"url": f"{URL}#part"}, 2),
    ):
        assert runtime.execute("http_call", params).output["body"] == body


@pytest.mark.parametrize("size", [4, 5, 6])
def test_a_body_is_bounded_as_a_real_one(size):
    outcome = stubbed({URL: {"body": "12345"}}).execute(
        "http_call", {"url": URL, "max_bytes": size}
    )
    assert outcome.code == ("OUTPUT_TOO_LARGE" if size < 5 else "OK")


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("Sum: this", "total"),
        ("sum", "total"),
        ("\n >> SUM up", "total"),
        ("Summarize", None),
        ("1 sum", None),
        ("", None),
        ("please sum", None),
    ],
)
def test_the_first_word_of_the_turn_chooses_the_answer(prompt, text):
    found = ask(stubbed(llm={"sum": {"text": "total"}}), prompt).output["text"]
    assert found == text if text else found.startswith("Derived from")


def test_the_last_turn_counts():
    turns = [{"role": "user", "content": "sum"}, {"role": "user", "content": "list it"}]
    runtime = stubbed(llm={"sum": {"text": "total"}, "list": {"text": "items"}})
    assert ask(runtime, None, messages=turns).output["text"] == "items"


@pytest.mark.parametrize(("total", "split"), [(5, (0, 5)), (20, (0, 20)), (21, (1, 20))])
def test_the_tokens_of_a_stub_keep_to_the_limit(total, split):
    usage = ask(stubbed(llm={"sum": {"tokens": total}}), "sum").output["usage"]
    assert (usage["input"], usage["output"]) == split


def test_a_key_is_not_needed_and_what_no_provider_takes_is_refused():
    runtime = Runtime(settings=Settings(environment={}, ceiling_micro_cents=10**7))
    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True))
    assert ask(runtime, "Summarize").ok
    assert ask(runtime, "Summarize", seed=1, provider="anthropic").code == "INVALID_INPUT"


def test_the_bundle_names_the_stubs_and_each_answer_that_they_gave(tmp_path):
    stubbed({URL: {"body": "x"}}).execute("http_call", {"url": URL}, out=tmp_path / "b")
    rules = json.loads((tmp_path / "b/evidence/policy.json").read_bytes())
    assert json.loads(rules["stubs"])["http"] == {
        URL: [{"body": "x", "headers": {}, "status": 200}]
    }
    assert f'"url":"stub:{URL}"'.encode() in (tmp_path / "b/events.jsonl").read_bytes()
    receipt = json.loads((tmp_path / "b/receipt.json").read_bytes())
    assert receipt["policy"]["id"].startswith("custom-")
