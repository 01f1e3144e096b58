"""Small bundles of every sort, made by the production code in a simulation, as path to bytes."""

import tempfile
from functools import cache
from pathlib import Path

import workc
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.sim.ports import Scripted

ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}'
)
ITEMS = "http://93.184.216.34/items"
SCRIPT = {
    f"GET {ITEMS}": [Scripted(chunks=(b'{"items":[1,2,3]}',))],
    f"GET {ITEMS}/flaky": [Scripted(status=503), Scripted(chunks=(b"[1]",))],
    f"GET {ITEMS}/bytes": [
        Scripted(headers=(("content-type", "image/png"),), chunks=(b"\xff\x00\xfe",))
    ],
    f"GET {ITEMS}/big": [Scripted(chunks=(b'"' + b"x" * 70_000 + b'"',))],
    "openai gpt-4o-mini": [Scripted(chunks=(ANSWER,))],
}

TRANSFORM = "{skill: json_transform, with: {data: [1, 2], expression: 'length(@)'}}"
CALL = "{skill: http_call, with: {url: '%s'}}"
FAILING = CALL % f"{ITEMS}/unknown"
MODEL = "{skill: llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 100}}"
CHECK = "verify: [{id: c1, level: Semantic, that: '%s'}]\n"

FILES = {
    "success": f"steps: {{a: {TRANSFORM}, b: {CALL % ITEMS}}}\n"
    + CHECK % "steps.a.result == `2`"
    + "output: {n: '${steps.a.result}'}\n",
    "staged": f"steps: {{a: {TRANSFORM}}}\noutput: {{n: '${{steps.a.result}}'}}\n",
    "partial": f"steps: {{a: {TRANSFORM}, b: {FAILING}, "
    "c: {skill: json_transform, depends_on: [b], with: {data: 1, expression: '@'}}}\n"
    "output: {n: '${steps.a.result}'}\n",
    "nothing": f"steps: {{a: {FAILING}}}\noutput: {{n: 1}}\n",
    "broken_check": f"steps: {{a: {TRANSFORM}}}\n"
    + CHECK % "steps.a.result == `3`"
    + "output: {n: 1}\n",
    "retried": "steps: {a: {skill: http_call, with: {url: '%s/flaky'}, "
    "retry: {max_attempts: 3, base_delay_ms: 5, max_delay_ms: 9}}}\noutput: {n: 1}\n" % ITEMS,
    "paid": f"budget: {{ceiling_cents: 50}}\nsteps: {{a: {MODEL}, b: {MODEL}}}\noutput: {{n: 1}}\n",
    "halted": f"steps: {{a: {MODEL}, b: {{skill: json_transform, depends_on: [a], "
    "with: {data: 1, expression: '@'}}}\noutput: {n: 1}\n",
    "big": "steps: {a: %s, b: %s}\noutput: {n: 1}\n"
    % (CALL % f"{ITEMS}/big", CALL % f"{ITEMS}/bytes"),
}


@workc.skill
def shout(text: str) -> str:
    return text.upper()


@workc.skill(pure=True)
def double(number: int) -> int:
    return number * 2


@workc.workflow(
    skills=(shout, double), verify=[{"id": "loud", "level": "Semantic", "that": "output == 'HI4'"}]
)
async def talk(ctx):
    await ctx.sleep_ms(10)
    four, loud = await ctx.gather(ctx.call(double, number=2), ctx.call(shout, text="hi"))
    await ctx.sleep_ms(10)
    return f"{await ctx.call(shout, text=loud)}{four}"


FUNCTIONS = {"function": talk}
NAMES = (*FILES, *FUNCTIONS)


@cache
def bundle(name: str) -> dict[str, bytes]:
    """Returns the files of one bundle; do not change them, take ``dict(bundle(name))``."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        work = FUNCTIONS.get(name)
        if work is None:
            work = Path(folder) / "work.yaml"
            work.write_text(f"workc: 1\nname: {name.replace('_', '-')}\n{FILES[name]}")
        ceiling = 1_000 if name == "halted" else None
        runtime = simulated(
            SCRIPT,
            settings=Settings(ceiling_micro_cents=ceiling),
            environment={"OPENAI_API_KEY": "sk-test-0123456789abcdef"},
        )
        outcome = runtime.run(work, out=out)
        assert outcome.bundle is not None, outcome
        return {
            str(path.relative_to(out)): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }
