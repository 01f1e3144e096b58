"""Small bundles of every sort, made by the production code in a simulation, as path to bytes."""

import tempfile
from functools import cache
from pathlib import Path

import workc
from workc.adapters.budget_tracker import BudgetTracker
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.sim.ports import Scripted

ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}'
)
#: Put together, because this file is the program of a run and must not hold the key itself.
KEY = "-".join(["sk", "test", "0123456789abcdef"])
ITEMS = "http://93.184.216.34/items"
SCRIPT = {
    f"GET {ITEMS}": [Scripted(chunks=(b'{"items":[1,2,3]}',))],
    f"GET {ITEMS}/flaky": [Scripted(status=503), Scripted(chunks=(b"[1]",))],
    f"GET {ITEMS}/bytes": [
        Scripted(headers=(("content-type", "image/png"),), chunks=(b"\xff\x00\xfe",))
    ],
    f"GET {ITEMS}/big": [Scripted(chunks=(b'"' + b"x" * 70_000 + b'"',))],
    "openai gpt-4o-mini": [Scripted(chunks=(ANSWER,))],
    "openai gpt-4.1-nano": [Scripted(status=503), Scripted(chunks=(ANSWER,))],
    "openai gpt-4o": [Scripted(chunks=(ANSWER.replace(b":3,", b":3000000,"),))],
}

TRANSFORM = "{skill: json_transform, with: {data: [1, 2], expression: 'length(@)'}}"
MODEL = "{skill: llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 100}}"
RETRY = "retry: {max_attempts: 3, base_delay_ms: 5, max_delay_ms: 9}"
#: What is reserved for it is more than a run may spend that reserves MODEL as well.
LARGE = MODEL.replace("100", "1000")[:-1] + ", depends_on: [a, b]}"
#: The first attempt is answered with 503; both reserve under the ceiling of the step.
CAPPED = (
    MODEL.replace("gpt-4o-mini", "gpt-4.1-nano")[:-1] + f", budget: {{ceiling_cents: 1}}, {RETRY}}}"
)


def call(path="", more=""):
    """Returns a step that calls a URL of the script."""
    return f"{{skill: http_call, with: {{url: '{ITEMS}{path}'}}{more}}}"


def after(step):
    """Returns a step that needs another one."""
    return f"{{skill: json_transform, depends_on: [{step}], with: {{data: 1, expression: '@'}}}}"


def work(output="1", check=None, budget="", **steps):
    """Returns the text of a workflow."""
    lines = [f"budget: {{ceiling_cents: {budget}}}"] if budget else []
    lines += ["steps:", *(f"  {name}: {step}" for name, step in steps.items())]
    if check:
        lines.append(f"verify: [{{id: c1, level: Semantic, that: '{check}'}}]")
    return "\n".join([*lines, f"output: {{n: '{output}'}}", ""])


RESULT = "${steps.a.result}"
FILES = {
    "success": work(RESULT, "steps.a.result == `2`", a=TRANSFORM, b=call()),
    "staged": work(RESULT, a=TRANSFORM),
    "partial": work(RESULT, a=TRANSFORM, b=call("/unknown"), c=after("b")),
    "nothing": work(a=call("/unknown")),
    "broken_check": work(RESULT, "steps.a.result == `3`", a=TRANSFORM),
    "retried": work(a=call("/flaky", f", {RETRY}")),
    "paid": work(budget="50", a=MODEL, b=MODEL),
    "overrun": work(budget="50", a=MODEL.replace("-mini", ""), b=after("a")),
    "halted": work(a=MODEL, b=after("a")),
    "continued": work(a=MODEL, b=call(), c=LARGE),
    "limited": work(budget="50, tokens: 5000, calls: 2, wall_ms: 60000", a=CAPPED, b=MODEL),
    "out_of_calls": work(budget="50, calls: 1", a=MODEL, b=MODEL),
    "out_of_tokens": work(budget="50, tokens: 1400", a=MODEL, b=MODEL),
    "out_of_time": work(budget="50, wall_ms: 0", a=MODEL),
    "step_refused": work(
        RESULT, budget="50", a=TRANSFORM, b=MODEL[:-1] + ", budget: {ceiling_cents: 0}}"
    ),
    "shared": work(budget="50", a=MODEL, b=MODEL),
    "big": work(a=call("/big"), b=call("/bytes")),
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
#: Goldens, by the kinds that they are for: no engine records most of them yet.
GOLDENS = (
    "approved",
    "denied",
    "gate_barred",
    "gate_failed",
    "gated",
    "gates_failed",
    "run_barred",
    "commanded",
    "checked_by_program",
    "lowered",
    "back_by_gates",
    "recovered",
    "child",
    "child_failed",
    "parent",
    "parent_failed",
    "bounded",
    "fallen",
    "fallen_paid",
    "aborted",
    "went_back",
    "back_in_vain",
    "back_after_failure",
    "back_after_gate",
    "machine",
    "stages",
    "looked",
    "cited",
    "risky",
    "undecided",
    "planned",
    "plan_refused",
    "plan_approved",
    "plan_denied",
    "replanned",
    "strategies",
    "no_strategy",
    "resources",
    "locked",
    "resolved",
    "unresolved",
    "resolver_halted",
    "scripted_lens",
)
NAMES = (*FILES, *FUNCTIONS, *GOLDENS)
_FOLDER = Path(__file__).parents[2] / "golden/v0.2"


@cache
def bundle(name: str) -> dict[str, bytes]:
    """Returns the files of one bundle; do not change them, take ``dict(bundle(name))``."""
    if name in GOLDENS:
        return _read(_FOLDER / name / "bundle")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        program = FUNCTIONS.get(name)
        if program is None:
            program = Path(folder) / "work.yaml"
            program.write_text(f"workc: 1\nname: {name.replace('_', '-')}\n{FILES[name]}")
        ceiling = {"halted": 1_000, "continued": 50_000}.get(name)
        store = Path(folder) / "store" if name == "continued" else None
        tracker = BudgetTracker(ceiling_cents=1) if name == "shared" else None
        runtime = simulated(
            SCRIPT,
            settings=Settings(store=store, ceiling_micro_cents=ceiling, budget=tracker),
            environment={"OPENAI_API_KEY": KEY},
        )
        outcome = runtime.run(program, out=out if store is None else None)
        if store is not None:
            outcome = runtime.resume("last", budget_cents=1, out=out)
        assert outcome.bundle is not None, outcome
        return _read(out)


def _read(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
