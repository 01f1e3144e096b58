"""Our adapter as a client of a provider that others wrote: aimock by CopilotKit, MIT.

Needs Node 20.15 or newer and ``npm ci`` in this folder; then ``pytest -m peers tests/peers``. What is
missing fails the tests with the command that mends it: a peer that was asked for is never skipped.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from urllib.request import ProxyHandler, build_opener

import pytest

import workc
from workc.api.settings import Settings
from workc.runtime.workflow.model import RetrySpec
from workc.skills.prices import builtin_prices

pytestmark = pytest.mark.peers

HERE = Path(__file__).parent
AIMOCK = HERE / "node_modules" / "@copilotkit" / "aimock"
NODE_AT_LEAST = (20, 15)
MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-haiku-4-5"}
NAMES = pytest.mark.parametrize("name", ["openai", "anthropic"])
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
KEYS = {"OPENAI_API_KEY": "sk-peer-one", "ANTHROPIC_API_KEY": "sk-peer-two"}


def pinned() -> str:
    manifest = json.loads((HERE / "package.json").read_text())
    return manifest["devDependencies"]["@copilotkit/aimock"]


def found_node() -> str:
    """Returns the path of a Node that is new enough, or fails."""
    node = shutil.which("node")
    if node is None:
        pytest.fail("the peer tests need Node 20.15 or newer; there is no `node` on the PATH")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if numbers < NODE_AT_LEAST:
        pytest.fail(f"the peer tests need Node 20.15 or newer; `node` is {version.strip()}")
    return node


def check_aimock() -> None:
    try:
        installed = json.loads((AIMOCK / "package.json").read_text())["version"]
    except FileNotFoundError:
        installed = "not installed"
    if installed != pinned():
        pytest.fail(f"aimock {pinned()} is needed, it is {installed}; run: npm ci --prefix {HERE}")


@pytest.fixture(scope="module")
def aimock():
    """Runs aimock on a free port with the answers in aimock.json, and gives its address."""
    node = found_node()
    check_aimock()
    process = subprocess.Popen(
        [node, AIMOCK / "dist" / "cli.js", "-p", "0", "-f", "aimock.json", "--strict"],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield address(process)
        finally:
            process.terminate()


def address(process) -> str:
    said = []
    for line in process.stdout:
        said.append(line)
        match = re.search(r"listening on (http://127\.0\.0\.1:\d+)", line)
        if match:
            return match[1]
    pytest.fail(f"aimock did not start: {''.join(said)}")


@workc.workflow
async def one_call(ctx, call: dict[str, object]) -> object:
    """Calls a model once, without a second attempt."""
    return await ctx.call("llm_invoke", retry=RetrySpec(max_attempts=1), **call)


@pytest.fixture
def invoke(aimock, tmp_path):
    """Gives a function that makes one call and returns its outcome."""

    def call(name, prompt, *, stream, **params):
        base_url = aimock + ("/v1" if name == "openai" else "")
        asked = {"model": MODELS[name], "provider": name, "max_tokens": 90, "prompt": prompt}
        settings = Settings(environment=KEYS, ceiling_micro_cents=50_000_000)
        inputs = {"call": asked | {"stream": stream, "base_url": base_url} | params}
        return workc.Runtime(settings=settings).run(one_call, inputs, out=tmp_path / "bundle")

    return call


@NAMES
@STREAM
def test_text_usage_and_cost_come_over(invoke, name, stream) -> None:
    outcome = invoke(name, "plain", stream=stream)
    assert outcome.output == {
        "text": "Hello from aimock: two pieces, ü and 🙂.",
        "model": MODELS[name],
        "finish_reason": "stop",
        "tokens": 18,
        "usage": {"input": 11, "output": 7, "cache_read": 0, "cache_write": 0},
    }
    used = {"input": 11, "output": 7}
    assert outcome.cost_micro_cents == builtin_prices().micro_cents(name, MODELS[name], used)


@NAMES
@STREAM
def test_an_answer_that_reached_its_limit_says_so(invoke, name, stream) -> None:
    outcome = invoke(name, "cut", stream=stream)
    assert (outcome.output["text"], outcome.output["finish_reason"]) == ("half a", "length")


@NAMES
@STREAM
@pytest.mark.parametrize(
    ("prompt", "code", "wait_ms"),
    [
        ("status 400", "BAD_REQUEST", None),
        ("status 401", "UNAUTHORIZED", None),
        ("status 429", "RATE_LIMITED", 1000),
        ("status 500", "LLM_API_ERROR", None),
        ("status 529", "LLM_OVERLOADED", None),
        ("rate limit", "RATE_LIMITED", 1000),
        ("drop", "LLM_API_ERROR", None),
    ],
)
def test_a_refusal_has_its_code_and_costs_nothing(
    invoke, name, stream, prompt, code, wait_ms
) -> None:
    outcome = invoke(name, prompt, stream=stream)
    assert (outcome.code, outcome.error["retry_after_ms"]) == (code, wait_ms)
    assert outcome.cost_micro_cents == 0


@NAMES
@STREAM
@pytest.mark.parametrize(
    ("prompt", "code"), [("malformed", "LLM_INVALID_RESPONSE"), ("disconnect", "CONNECTION_RESET")]
)
def test_what_may_have_been_billed_is_paid_at_its_bound(invoke, name, stream, prompt, code) -> None:
    outcome = invoke(name, prompt, stream=stream)
    assert outcome.code == code
    assert outcome.cost_micro_cents > 0


@NAMES
def test_a_stream_that_is_cut_off_is_no_answer_and_paid_at_its_bound(invoke, name) -> None:
    outcome = invoke(name, "truncated", stream=True)
    assert outcome.code == "CONNECTION_RESET"
    assert outcome.cost_micro_cents > 0


@NAMES
@STREAM
@pytest.mark.parametrize("prompt", ["plain", "status 429", "disconnect"])
def test_a_run_against_it_verifies_and_replays_without_it(
    invoke, tmp_path, name, stream, prompt
) -> None:
    invoke(name, prompt, stream=stream)
    assert workc.verify_bundle(tmp_path / "bundle").ok
    report = workc.replay(tmp_path / "bundle", workflow=one_call)
    assert report.identical, report.divergences


TALK = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "Hi."},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "plain"},
]


@NAMES
@STREAM
def test_it_reads_our_request_as_we_meant_it(aimock, invoke, name, stream) -> None:
    more = {"temperature": 0.5, "top_p": 0.25, "stop": ["END"]}
    outcome = invoke(name, None, stream=stream, messages=TALK, **more)
    assert outcome.ok, outcome.message
    # Straight to the loopback address, whatever proxy the environment names.
    with build_opener(ProxyHandler({})).open(f"{aimock}/__aimock/journal") as answer:
        seen = json.load(answer)
    read = SimpleNamespace(**seen[-1]["body"])
    turns = [(turn["role"], turn["content"]) for turn in read.messages]
    assert turns == [(turn["role"], turn["content"]) for turn in TALK]
    assert (read.model, read.temperature) == (MODELS[name], 0.5)
    assert bool(getattr(read, "stream", False)) == stream
