"""Writes golden bundles of format 0.2 that are not there yet; never changes one that is.

A golden is a bundle as the code of its day sealed it, so that every later verifier is asked about
it too. What follows from the code (its digests, its prices) may differ today; what happened may not.
With ``--check`` nothing is written: what is missing, is no good, or tells another story is named.
``python tools/generate_goldens.py`` then writes the hashes of all goldens into their list.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from goldens_v02_edits import EDITS, sealed
from goldens_v02_flow import talk
from goldens_v02_gates import weigh
from goldens_v02_plans import PLANNERS, planned
from goldens_v02_resources import CONFLICTS
from goldens_v02_stages import tidy
from workc.adapters.budget_tracker import BudgetTracker
from workc.api.programs import Workflow
from workc.api.settings import Settings
from workc.api.simulation import simulated
from workc.api.verification import verify_bundle
from workc.kernel.failure import Failure
from workc.kernel.gates import Decision
from workc.kernel.required_checks import VerifyRules
from workc.kernel.risk import DecideRules
from workc.kernel.values import Json
from workc.runtime.policy.model import PolicyFile
from workc.sim.ports import Scripted
from workc.stages.network import NetworkPolicy

GOLDEN = Path(__file__).resolve().parent.parent / "tests/golden/v0.2"
ITEMS = "http://93.184.216.34/items"
ANSWER = (
    b'{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o-mini","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15}}'
)
#: Put together, so that no key stands in a file.
ENVIRONMENT = {"OPENAI_API_KEY": "-".join(["sk", "test", "0123456789abcdef"])}
SCRIPT: Mapping[str, Sequence[Scripted]] = {
    f"GET {ITEMS}": [Scripted(chunks=(b'{"items":[1,2,3]}',))],
    f"GET {ITEMS}/flaky": [Scripted(status=503), Scripted(chunks=(b"[1]",))],
    f"GET {ITEMS}/gone": [Scripted(status=404)],
    f"GET {ITEMS}/slow": [Scripted(status=503, delay_ms=50)],
    f"GET {ITEMS}/image": [
        Scripted(headers=(("content-type", "image/png"),), chunks=(b"\xff\x00\xfe",))
    ],
    f"GET {ITEMS}/large": [Scripted(chunks=(b'"' + b"x" * 70_000 + b'"',))],
    "read repo/in.txt": [Scripted(chunks=(b"one\ntwo\n",))],
    "read repo/in.bin": [Scripted(chunks=(b"\xff\x00\xfe",))],
    "read repo/gone.txt": [
        Scripted(failure=Failure(code="NOT_FOUND", message="repo/gone.txt: there is none"))
    ],
    "read repo/late.txt": [
        Scripted(failure=Failure(code="NOT_FOUND", message="repo/late.txt: there is none")),
        Scripted(chunks=(b'{"items":[1,2]}',)),
    ],
    "list repo/*.txt": [Scripted(chunks=(b'["repo/in.txt","repo/gone.txt"]',))],
    "environment LANG": [Scripted(chunks=(b"de_AT.UTF-8",))],
    "run last": [Scripted(chunks=(b'{"n":2}',))],
    "bundle repo/proof": [
        Scripted(failure=Failure(code="BUNDLE_INVALID", message="repo/proof does not verify"))
    ],
    "run 0a1b": [Scripted(chunks=(b'{"n":3}',), facts={"run_id": "0a1b2c", "proof_digest": "ab" * 32})],
    "bundle repo/proven": [
        Scripted(chunks=(b"[4]",), facts={"run_id": "other-1", "proof_digest": "cd" * 32})
    ],
    "write repo/out/report.txt": [Scripted()],
    "exec grep -q -v x": [Scripted(facts={"exit": 0, "signal": None})],
    "exec make check": [
        Scripted(facts={"exit": 2, "signal": None}, errors=b"no rule\n"),
        Scripted(facts={"exit": 0, "signal": None}),
    ],
    "exec make build": [Scripted(facts={"exit": 0, "signal": None})],
    "exec wc -l": [Scripted(chunks=(b"2\n",), errors=b"\xffcounted\n")],
    "publish repo/dist/report.txt": [Scripted()],
    "openai gpt-4o-mini": [Scripted(chunks=(ANSWER,))],
    "openai gpt-4.1-nano": [Scripted(status=503), Scripted(chunks=(ANSWER,))],
    "openai gpt-4o": [Scripted(chunks=(ANSWER.replace(b":3,", b":3000000,"),))],
    **PLANNERS,
}  # fmt: skip


class Story(NamedTuple):
    """A run: a workflow without its first lines, a ceiling in micro-cents, a policy.

    ``held`` are the micro-cents that others hold of one cent that the run shares with them. ``raised``
    is the budget in cents under which it goes on after it was refused. ``children`` are workflows
    that it runs, by the names of their files, and ``approvals`` what humans decide of steps.
    ``required`` is what a policy requires of its lock level, ``decide`` which decisions it takes,
    ``lens_quality`` what its lens is worth by a script.
    """

    text: str
    ceiling: int | None = None
    policy: NetworkPolicy = NetworkPolicy()
    held: int | None = None
    raised: int | None = None
    children: Mapping[str, str] = {}
    required: VerifyRules | None = None
    approvals: Mapping[str, Decision] = {}
    lens_quality: Sequence[tuple[int, int, int, int]] | None = None
    decide: DecideRules | None = None


_LENGTH = "{skill: json_transform, with: {data: [1, 2], expression: 'length(@)'}}"
_MODEL = "{skill: llm_invoke, with: {model: gpt-4o-mini, prompt: hi, max_tokens: 100}}"
_RETRY = "retry: {max_attempts: 3, base_delay_ms: 5, max_delay_ms: 9}"


def _call(path: str = "", more: str = "") -> str:
    return f"{{skill: http_call, with: {{url: '{ITEMS}{path}'}}{more}}}"


def _after(step: str) -> str:
    return f"{{skill: json_transform, depends_on: [{step}], with: {{data: 1, expression: '@'}}}}"


def _work(*, before: str = "", check: str = "", output: str = "1", **steps: str) -> str:
    lines = [before] if before else []
    lines += ["steps:", *(f"  {name}: {step}" for name, step in steps.items())]
    lines += [f"verify: [{{id: c1, level: Semantic, that: '{check}'}}]"] if check else []
    return "\n".join([*lines, f"output: {{n: '{output}'}}", ""])


def _again(most: int, **checks: str) -> str:
    """Returns checks, each of which goes back to the phase that it is named after."""
    listed = ", ".join(
        f"{{id: {to}, that: '{that}', on_fail: {to}}}" for to, that in checks.items()
    )
    return f"max_backtracks: {most}\nverify: [{listed}]"


def _asked(
    model: str, more: str = "", *, before: str = "", check: str = "", output: str = "1"
) -> str:
    """Returns a workflow whose plan a model makes."""
    lines = [before, planned(model, more)]
    lines += [f"verify: [{{id: c1, level: Semantic, that: '{check}'}}]"] if check else []
    return "\n".join([*lines, f"output: {{n: '{output}'}}", ""])


_COUNTED = "${steps.count.result}"
_APPROVAL = ", approval: {question: 'May it begin?', timeout_ms: 60000}"
_PASSES = "{skill: json_transform, with: {data: '${feedback.pass}', expression: '@'}}"
_TRIED = _MODEL.replace("4o-mini", "4.1-nano")[:-1] + f", {_RETRY}, budget: {{ceiling_cents: 1}}}}"
_CHEAP = _MODEL[:-1] + ", budget: {ceiling_cents: 0}}"
_LARGE = _MODEL.replace("max_tokens: 100", "max_tokens: 1000")[:-1] + ", depends_on: [a, b]}"
_RESULT = "${steps.a.result}"
_BUDGET = "budget: {ceiling_cents: 50}"
#: Of three items that say something about the number of items, one is of another opinion.
_LENS = f"""lens:
  items:
    late: {{file: repo/late.txt, about: count, says: 'length(value.items)'}}
    page: {{url: '{ITEMS}', about: count, says: 'length(value.items)'}}
    before: {{run: last, about: count, says: value.n, weight: 500}}
    texts: {{files: 'repo/*.txt', at_most: 5}}
    proof: {{bundle: repo/proof}}
    lang: {{environment: LANG}}
    note: {{text: Grüße, weight: 2000}}
  requires: [late, page]
  at_least: {{deciding: 550, Staged: 580, Committed: 950}}
"""
#: Four items that contradict each other about two things, and what a child is told that says what holds.
_DISPUTED = """lens:
  items:
    list: {text: '10', about: price, says: to_number(text), weight: 600}
    shop: {text: '12', about: price, says: to_number(text)}
    red: {text: red, about: colour}
    blue: {text: blue, about: colour}
  requires: [shop]
  at_least: {deciding: 800}
  resolve: {workflow: judge.yaml, budget_cents: 1}
"""
_TOLD = "inputs: {conflicts: {type: array}}"
_JUDGED = (
    "{skill: json_transform, with: {data: '${inputs.conflicts}', "
    "expression: '{colour: [0].claims[0].says, price: [1].claims[1].says}'}}"
)
STORIES: Mapping[str, Story] = {
    "success": Story(_work(output=_RESULT, check="steps.a.result == `2`", a=_LENGTH, b=_call())),
    "staged": Story(_work(output=_RESULT, a=_LENGTH)),
    "partial": Story(_work(output=_RESULT, a=_LENGTH, b=_call("/unknown"), c=_after("b"))),
    "failed": Story(_work(a=_call("/unknown"))),
    "failed_check": Story(_work(output=_RESULT, check="steps.a.result == `3`", a=_LENGTH)),
    "retried": Story(_work(a=_call("/flaky", f", {_RETRY}"))),
    "paid": Story(_work(before=_BUDGET, a=_MODEL, b=_MODEL)),
    "overrun": Story(_work(before=_BUDGET, a=_MODEL.replace("-mini", ""), b=_after("a"))),
    "halted": Story(_work(a=_MODEL, b=_after("a")), ceiling=1_000),
    "call_halted": Story(_work(a=_MODEL, b=_call("/slow", f", {_RETRY}")), ceiling=1_000),
    "continued": Story(
        _work(a=_MODEL, b=_call("/flaky", f", {_RETRY}"), c=_LARGE, d=_after("c")),
        ceiling=50_000,
        raised=1,
    ),
    "counted": Story(_work(before=_BUDGET, a=_MODEL)),
    "limited": Story(
        _work(
            before=f"{_BUDGET[:-1]}, calls: 2, tokens: 5000, wall_ms: 60000}}", a=_TRIED, b=_MODEL
        )
    ),
    "out_of_calls": Story(_work(before=f"{_BUDGET[:-1]}, calls: 1}}", a=_MODEL, b=_MODEL)),
    "step_refused": Story(_work(before=_BUDGET, output=_RESULT, a=_LENGTH, b=_CHEAP)),
    "shared": Story(_work(a=_MODEL, b=_MODEL), held=970_000),
    "captures": Story(_work(a=_call("/large"), b=_call("/image"))),
    "offline": Story(_work(output=_RESULT, a=_LENGTH), policy=NetworkPolicy(offline=True)),
    "fallen": Story(
        _work(
            output=_RESULT,
            check="steps.b.instead",
            a=_LENGTH,
            b=_call("/gone", ", on_failure: {value: {instead: true}}"),
            c=_call("/gone", ", on_failure: {when: [PERMANENT], then: skip}"),
            d="{skill: json_transform, with: {data: '${steps.c}', expression: '@'}}",
            e=_after("c"),
            f=_call(
                "/slow",
                ", retry: {max_attempts: 1}, on_failure: {skill: http_call, "
                f"with: {{url: '{ITEMS}/flaky'}}, {_RETRY}}}",
            ),
        )
    ),
    "fallen_paid": Story(
        _work(
            before=_BUDGET,
            a=_MODEL.replace("4o-mini", "4.1-nano")[:-1]
            + ", retry: {max_attempts: 1}, on_failure: {skill: llm_invoke, "
            "with: {model: gpt-4o-mini, prompt: hi, max_tokens: 100}}}",
        )
    ),
    "aborted": Story(
        _work(
            a=_call("/slow", f", {_RETRY}"),
            b=_call("/gone", ", on_failure: abort"),
            c=_after("b"),
        )
    ),
    "family": Story(
        _work(
            before=_BUDGET,
            output="${steps.c.n}",
            a="{workflow: paid.yaml, budget_cents: 9}",
            b="{workflow: failed.yaml, critical: false, on_failure: skip}",
            c="{workflow: middle.yaml, budget_cents: 4}",
        ),
        children={
            "paid.yaml": _work(before=_BUDGET, a=_MODEL),
            "failed.yaml": _work(a=_call("/gone")),
            "middle.yaml": _work(
                before=_BUDGET, output="${steps.m.n}", m="{workflow: leaf.yaml}", o=_MODEL
            ),
            "leaf.yaml": _work(output=_RESULT, a=_LENGTH),
        },
    ),
    "went_back": Story(
        _work(
            before=_again(2, Act="steps.a.result == `3`", Decide="output.n > `1`"),
            output=_RESULT,
            a=_PASSES,
            b=_call(),
        )
    ),
    "back_in_vain": Story(
        _work(
            before=_again(1, Orient="output.n == `9`", Act="steps.a.result == `2`"),
            output=_RESULT,
            a=_PASSES,
            b=_call("/gone", ", on_failure: skip"),
            c=_after("b"),
        )
    ),
    "gates_failed": Story(
        _work(
            output=_RESULT,
            check="length(output) == `1`",
            before="gates: {post: [{id: out, check: 'output.n == `2`'}]}",
            a=_LENGTH,
            b=_call(
                "/flaky",
                f", {_RETRY}, gates: {{pre: [{{id: before, check: 'steps.a.result == `2`'}}], "
                "post: [{id: status, check: 'value.status == `204`'}, "
                "{id: body, check: 'length(value.body)'}]}",
            ),
            c=_after("b"),
        )
    ),
    "run_barred": Story(
        _work(
            before="gates: {pre: [{id: real, policy: unrehearsed}, {id: alone, policy: offline}]}",
            output=_RESULT,
            a=_LENGTH,
            b=_call(),
        )
    ),
    "commanded": Story(
        _work(
            before="effects: [Exec exec:grep, Exec exec:make]\n"
            "gates: {pre: [{id: ready, command: [grep, -q, -v, x]}]}",
            output=_RESULT,
            a=_LENGTH[:-1] + ", gates: {post: [{id: made, command: [make, check]}]}}",
            b=_after("a")[:-1] + ", gates: {pre: [{id: bound, command: [rm, all]}]}}",
        )
    ),
    "back_by_gates": Story(
        _work(
            before="gates: {post: [{id: last, check: 'output.n == `4`', on_fail: Act}]}\n"
            "max_backtracks: 3",
            output=_RESULT,
            a=_PASSES[:-1] + ", gates: {pre: [{id: again, check: 'params.data > `1`'}], "
            "post: [{id: third, check: 'value.result > `2`', on_fail: Orient}]}}",
            b=_call(),
        )
    ),
    "recovered": Story(
        _work(
            before="recovery: {Recoverable: Act, Unrecoverable: Decide, PatternFailure: Orient}\n"
            "max_backtracks: 3",
            output="${steps.b.status}",
            a=_call("/flaky", ", retry: {max_attempts: 1}"),
            b=_call("/gone", ", depends_on: [a]"),
        )
    ),
    "checked_by_program": Story(
        _work(
            before="effects: [Exec exec:make]\n"
            "verify: [{id: n, that: 'output.n == `2`'}, {id: tests, command: [make, check], "
            "level: Acceptance, on_fail: Act}, {id: built, command: [make, build]}]",
            output=_RESULT,
            a=_LENGTH,
        )
    ),
    "lowered": Story(
        _work(output=_RESULT, check="steps.a.result == `2`", a=_LENGTH),
        required=VerifyRules(levels={"Committed": ("Semantic", "Acceptance")}, unmet="lower"),
    ),
    "machine": Story(
        _work(
            output="${steps.c.stdout}",
            a="{skill: read_file, with: {path: repo/in.txt}}",
            b="{skill: write_file, with: {path: repo/out/report.txt, text: '${steps.a.text}'}}",
            c="{skill: exec, with: {argv: [wc, -l], stdin: '${steps.a.text}'}}",
            d="{skill: publish, with: {to: repo/dist, "
            "files: [{name: report.txt, text: '${steps.a.text}'}]}}",
            e="{skill: read_file, with: {path: repo/in.bin}}",
            f="{skill: read_file, with: {path: repo/gone.txt}, on_failure: skip}",
        )
    ),
    "looked": Story(
        _work(
            before=_LENS + "  max_observations: 3\n  wait_ms: 20\n"
            "effects: ['ReadFS fs:repo/', 'Network net:http://93.184.216.34/']",
            output="${lens.late.value.items[0]}",
            check="length(lens.texts.value) == `2`",
            a="{skill: json_transform, with: {data: '${lens.texts.value}', expression: 'length(@)'}}",
            b=_call(),
        )
    ),
    "undecided": Story(
        _work(
            before=_LENS.replace("550, Staged: 580", "700, Staged: 700"), output=_RESULT, a=_LENGTH
        )
    ),
    "scripted_lens": Story(
        _work(
            before=_DISPUTED[: _DISPUTED.index("  resolve")] + "  max_observations: 3",
            output=_RESULT,
            check="steps.a.result == `2`",
            a=_LENGTH,
        ),
        lens_quality=[(1000, 700, 1000, 900), (900, 1000, 850, 1000)],
    ),
    "cited": Story(
        _work(
            before="lens: {items: {run: {run: 0a1b}, proof: {bundle: repo/proven}}}\n"
            "effects: ['ReadFS fs:repo/proven/']",
            output="${lens.run.value.n}",
            check="lens.proof.value[0] == `4`",
            a=_LENGTH,
        )
    ),
    "risky": Story(
        _work(
            before="effects: ['Publish pub:repo/dist', 'ReadFS fs:repo/in.txt']",
            output="${steps.a.text}",
            check="steps.a.text != `null`",
            a="{skill: read_file, with: {path: repo/in.txt}}",
            b="{skill: publish, with: {to: repo/dist, files: [{name: report.txt, text: '${steps.a.text}'}]}, "
            "gates: {pre: [{id: whole, check: 'params.to == `\"repo/dist\"`'}]}}",
        ).replace("level: Semantic", "level: Acceptance"),
        required=VerifyRules(high_risk={"Committed": ("Acceptance",)}),
        decide=DecideRules(implicit="low"),
    ),
    "resolved": Story(
        _work(
            before=_DISPUTED + _BUDGET,
            output="${lens.resolved.value.price}",
            check='lens.resolved.value.colour == `"red"`',
            a=_LENGTH,
        ),
        children={
            "judge.yaml": f"{_TOLD}\nsteps: {{pick: {_JUDGED}}}\noutput: '${{steps.pick.result}}'\n"
        },
    ),
    "unresolved": Story(
        _work(before=_DISPUTED + _BUDGET, a=_LENGTH),
        children={"judge.yaml": _work(before=_TOLD, a=_call("/gone"))},
    ),
    "resolver_halted": Story(
        _work(before=_DISPUTED, a=_LENGTH),
        ceiling=1_000,
        children={"judge.yaml": _work(before=f"{_TOLD}\n{_BUDGET}", a=_MODEL)},
    ),
    "planned": Story(
        _asked("gpt-4.1", before=_BUDGET, check="steps.count.result == `3`", output=_COUNTED)
    ),
    "plan_refused": Story(_asked("gpt-4o-mini", before=_BUDGET)),
    "plan_approved": Story(
        _asked("gpt-4.1-mini", _APPROVAL, before=_BUDGET, output=_COUNTED),
        approvals={"plan": "approved"},
    ),
    "plan_denied": Story(_asked("gpt-4.1-mini", _APPROVAL, before=_BUDGET), approvals={}),
    "replanned": Story(
        _asked(
            "gpt-5-mini",
            before=f"{_BUDGET}\n" + _again(1, Decide="steps.count.result > `2`"),
            output=_COUNTED,
        )
    ),
    "strategies": Story(
        _work(
            before="inputs: {size: {type: integer, default: 600}}\n"
            "signals: {size: inputs.size, failed: 'feedback.pass > `1`'}\n"
            "strategies:\n"
            "  - {id: small, when: signals.size, threshold: 500, parameters: {most: 2}}\n"
            "  - {id: again, when: signals.failed, weight: 900, parameters: {most: 1}}\n"
            "  - {id: any, version: '2', when: '`true`', weight: 100, parameters: {most: 9}}\n"
            + _again(1, Decide="steps.a.result == `1`"),
            output=_RESULT,
            a="{skill: json_transform, with: {data: '${strategy.parameters.most}', "
            "expression: '@'}}",
        )
    ),
    "no_strategy": Story(
        _work(
            before="signals: {none: 'abs(feedback.code)'}\n"
            "strategies: [{id: wrong, when: '`7000`'}, {id: never, when: signals.none}]",
            output="${strategy.id}",
            a=_LENGTH,
        )
    ),
    "resources": Story(
        _work(
            output="${steps.d.status}",
            a=_call("/flaky", f", {_RETRY}, resources: [db, cache]"),
            b=_call("", ", resources: [db]"),
            c=_LENGTH.replace("}}", "}, resources: [taken]}"),
            d=_call("", ", resources: [late, cache]"),
        )
    ),
    "locked": Story(
        _work(
            output="${steps.b.result}",
            a=_call(
                "",
                f", {_RETRY.replace('3', '2')}, resources: [alone, busy], resources_wait_ms: 20, "
                "on_failure: skip",
            ),
            b=_call(
                "",
                ", resources: [gone], on_failure: {skill: json_transform, "
                "with: {data: [1], expression: 'length(@)'}}",
            ),
        )
    ),
    "words": Story(
        _work(before="description: Gr\u00fc\u00dfe, caf\u00e9, \u4e2d\u6587", a=_LENGTH)
    ),
}
#: Stories that are only edited, or that a function tells.
_BASES: Mapping[str, Story] = {
    "gated": Story("", policy=NetworkPolicy(offline=True)),
    "paid_once": Story(_work(before=_BUDGET, a=_MODEL)),
    "partial_twice": Story(
        _work(output=_RESULT, a=_LENGTH, b=_call("/unknown"), c=_after("b"), d=_call("/unknown"))
    ),
}
#: Stories of workflow functions, each with its inputs.
FUNCTIONS: Mapping[str, tuple[Workflow[..., object], Mapping[str, Json]]] = {
    "function": (talk, {}),
    "gated": (weigh, {"most": 6}),
    "stages": (tidy, {}),
}
NAMES = (*STORIES, *FUNCTIONS, *EDITS)


def made(name: str) -> dict[str, bytes]:
    """Returns the bundle of a story as the code of today seals it."""
    if name in EDITS:
        base, edit = EDITS[name]
        return sealed(made(base), edit)
    return family(name)[0]


def family(name: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Returns the bundle of a story, and those of its children in folders of their own."""
    story = STORIES.get(name) or _BASES.get(name, Story(""))
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "bundle"
        file = Path(folder) / "work.yaml"
        for path, text in {**story.children, file.name: story.text}.items():
            called = name if path == file.name else Path(path).stem
            words = f"workc: 1\nname: {called.replace('_', '-')}\n{text}"
            (Path(folder) / path).write_text(words, "utf-8")
        tracker = None if story.held is None else BudgetTracker(ceiling_cents=1)
        if tracker is not None:
            tracker.reserve(micro_cents=story.held)
        settings = Settings(
            store=None if story.raised is None else Path(folder) / "store",
            ceiling_micro_cents=story.ceiling,
            policy=story.policy,
            budget=tracker,
            ruling=None
            if story.required is None
            else PolicyFile(
                name=name.replace("_", "-"), verify=story.required, decide=story.decide
            ),
        )
        runtime = simulated(
            SCRIPT,
            settings=settings,
            environment=ENVIRONMENT,
            approvals=story.approvals,
            coordination=CONFLICTS,
            lens_quality=story.lens_quality,
        )
        first = out if story.raised is None else None
        program, inputs = FUNCTIONS.get(name, (file, {}))
        outcome = runtime.run(program, inputs, out=first)
        if story.raised is not None:
            outcome = runtime.resume("last", budget_cents=story.raised, out=out)
        if outcome.bundle is None:
            raise SystemExit(f"{name} left no bundle: {outcome.code} {outcome.message}")
        return _files(out), _files(Path(folder) / "children")


def _files(folder: Path) -> dict[str, bytes]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def told(files: Mapping[str, bytes]) -> object:
    """Returns what happened in a run: whatever does not follow from the code that ran it."""
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    receipt = json.loads(files["receipt.json"])
    kept = ("counts", "halt", "intent", "lock_level", "name", "outcome", "verification")
    return [
        [[event["at"], event["kind"]] for event in events],
        {key: receipt.get(key) for key in kept},
        [[failure["step"], failure["code"]] for failure in receipt["step_failures"]],
    ]


def problems(name: str) -> list[str]:
    """Returns what is wrong with a golden that is kept."""
    folder = GOLDEN / name / "bundle"
    if not folder.is_dir():
        return [f"missing: v0.2/{name}"]
    found = []
    # The stories of before are of children that are nowhere.
    has_kin = (GOLDEN / name / "children").is_dir()
    if not verify_bundle(folder, recursive=has_kin).ok:
        found.append(f"does not verify: v0.2/{name}")
    elif told(_files(folder)) != told(made(name)):
        found.append(f"tells another story than today: v0.2/{name}")
    return found


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def main(arguments: list[str]) -> int:
    """Writes what is missing, or only looks; exits with 1 if something is not as it must be."""
    missing = [name for name in NAMES if not (GOLDEN / name / "bundle").is_dir()]
    for name in missing if "--check" not in arguments else ():
        _write(GOLDEN / name / "bundle", made(name))
        if name in STORIES:
            _write(GOLDEN / name / "children", family(name)[1])
        print(f"written: v0.2/{name}")
    found = [problem for name in NAMES for problem in problems(name)]
    print("".join(f"{problem}\n" for problem in found), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
