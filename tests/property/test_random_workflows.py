"""Whatever a workflow is and whatever fails in it: its evidence holds, and its money adds up.

Workflow files and Python workflows are drawn, with what the world answers, which attempts fail, how
often they are tried, what it all may cost and how many lanes work at once. The answers come from
stubs; threads, files and the order in which lanes reach the ledger are real.

``WORKC_WORKFLOWS`` says how many are run; ``make nightly`` says 10,000.
"""

import json
import os
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import reseal
from drawn_decisions import STRATEGIES, drawn, lenses, planned
from drawn_graphs import graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from naive_budget import NaiveBudget

import workc
from workc import Failure, HttpCallSkill, LLMInvokeSkill, Refusal, Runtime, StepFailed
from workc.kernel import jcs
from workc.kernel.catalog import CATALOG
from workc.kernel.ledger import Terms
from workc.kernel.risk import DecideRules
from workc.runtime.declared_effects import given_effects
from workc.runtime.injection import parse_injection
from workc.runtime.policy.model import PolicyFile
from workc.runtime.workflow.model import RetrySpec
from workc.stages.effect_limits import EffectRules
from workc.stages.effects import HttpRequest

COUNT = int(os.environ.get("WORKC_WORKFLOWS", "120"))
#: One half are files, the other half functions.
HALF = settings(max_examples=COUNT // 2)
EVERY = 250
HOST = "http://stub.example"
number = count(1)


@workc.skill(pure=True)
def pure(needs: list[object], fails: bool) -> int:
    """Counts what it was given, or fails."""
    if fails:
        raise ValueError("as was drawn")
    return len(str(needs))


@workc.skill
def opaque(needs: list[object], fails: bool) -> int:
    """Does the same, and nobody knows that it is no more."""
    return pure.function(needs, fails)


@workc.skill(effects=("Network", "Cost"))
async def spends(ctx: workc.Context, bound: int, actual: int, url: str) -> object:
    """Reserves, asks, and pays what was drawn."""
    grant = await ctx.reserve(bound)
    response = await ctx.http(HttpRequest(method="GET", url=url))
    if response.status >= 500:
        await ctx.settle(grant, 0, "released")
        raise Refusal(Failure(code="HTTP_5XX", message="as was drawn"))
    await ctx.settle(grant, actual, "usage")
    return [response.status, ctx.uuid(), str(ctx.random())]


@workc.gate
def full(steps: dict[str, object]) -> bool:
    """Lets nothing go on that stands alone."""
    return bool(steps)


@workc.gate
def whole(value: object) -> object:
    """Gives something else than a yes or no, or fails."""
    return value == "x" or (value if isinstance(value, dict) else value % 2 == 1)


OWN = {skill.name: skill for skill in (pure, opaque, spends)}
#: What a step says of resources.
ALONE = ("resources", "resources_wait_ms")
NAMES = sorted({*OWN, "http_call", "json_transform", "llm_invoke"})
OWN |= {"full": full, "whole": whole, "drawn": drawn}


@workc.workflow
async def layers_of(ctx, layers: list[list[dict[str, object]]], lenient: bool) -> object:
    """Does what a plan says: the steps of a layer at once, the layers one after another."""
    results = []
    for layer in layers:
        try:
            results += await ctx.gather(*(call(ctx, step) for step in layer))
        except (Refusal, StepFailed):
            if not lenient:
                raise
    return results


def call(ctx, step):
    retry = RetrySpec(**step["retry"])
    skill, gates = OWN.get(step["skill"], step["skill"]), step["gates"]
    alone = {key: step[key] for key in ALONE if key in step}
    return ctx.call(skill, step=step["id"], retry=retry, gates=gates, **alone, **step["with"])


# --- what is drawn -------------------------------------------------------------------------------


def injectable(code):
    try:
        parse_injection(f"s0:1:{code}")
    except Refusal:
        return False
    return True


ADDRESSES = [f"{HOST}/{name}" for name in "abc"]
STATUSES = st.lists(st.sampled_from([200, 200, 404, 429, 500, 503]), min_size=1, max_size=3)
BODIES = st.sampled_from([None, "text", [1, 2], {"a": "\u00e9"}, "x" * 70_000])
HTTP = st.fixed_dictionaries(
    {
        address: st.builds(
            lambda statuses, body: [{"status": status, "body": body} for status in statuses],
            STATUSES,
            BODIES,
        )
        for address in ADDRESSES
    }
)
#: The last one bills more than any bound, which is the one way past a ceiling.
SAID = st.sampled_from(
    [{}, {}, {"text": "yes"}, {"text": "no", "tokens": 7}, {"status": 429, "retry_after_s": 0},
     {"status": 500}, {"status": 400}, {"text": "dear", "tokens": 90_000}]
)  # fmt: skip
MODEL = st.fixed_dictionaries(
    {word: st.lists(SAID, min_size=1, max_size=3) for word in ("alpha", "beta")}
)
BOUNDS = st.sampled_from([0, 1, 400_000, 600_000, 1_000_000, 1_000_001])
RETRIES = st.builds(
    lambda most: {"max_attempts": most, "base_delay_ms": 0, "max_delay_ms": 0}, st.integers(1, 3)
)
INJECTIONS = st.lists(
    st.builds(
        "s{}:{}:{}".format,
        st.integers(0, 6),
        st.integers(1, 2),
        st.sampled_from([code for code in CATALOG if injectable(code)]),
    ),
    max_size=3,
    unique_by=lambda text: text.rpartition(":")[0],
)
#: What a step says of its failure; the last two give something in its place.
TOLERANCE = st.one_of(
    st.sampled_from(["fail", "skip", "abort"]),
    st.just({"then": "skip", "when": ["TRANSIENT", "SKILL_FAILED"]}),
    st.just({"value": [7]}),
    st.builds(
        lambda address, retry: {"skill": "http_call", "with": {"url": address}, "retry": retry},
        st.sampled_from(ADDRESSES),
        RETRIES,
    ),
)
#: Some that hold, some that hold now and then, some that never do or cannot be evaluated.
PRE = st.sampled_from(
    [{"check": "`true`"}, {"check": "length(params) > `2`"}, {"check": "abs(steps)"},
     {"check": "inputs == inputs"}, {"policy": "unrehearsed"}, {"function": "full"},
     {"command": ["true"]}]
)  # fmt: skip
POST = st.sampled_from(
    [{"check": "value == value"}, {"check": "value > `4`"}, {"function": "whole"}, {"policy": "offline"}]
)  # fmt: skip
OF_RUN = st.sampled_from(
    [{"check": "`true`"}, {"check": "inputs != inputs"}, {"policy": "offline"}, {"policy": "unrehearsed"},
     {"command": ["false"]}]
)  # fmt: skip
ON_OUTPUT = st.sampled_from(
    [{"check": "length(output) > `0`"}, {"check": "length(steps) < `9`"}, {"function": "full"}]
)
CHECKED = st.sampled_from(
    [{"that": "output == output"}, {"that": "length(output) > `9`"}, {"that": "abs(output)"},
     {"function": "full"}, {"command": ["true"]}, {"command": ["false"]}]
)  # fmt: skip
#: What is declared: all, some, or nothing that the skills ask for.
EFFECTS = st.lists(
    st.sampled_from(
        [
            *(f"Network net:{address}" for address in [HOST, *ADDRESSES]),
            "Exec exec:true",
            "Network net:https://api.openai.com",
            "WriteFS fs:out/",
        ]
    ),
    max_size=4,
    unique=True,
)
RESOURCES = st.fixed_dictionaries(
    {"resources": st.lists(st.sampled_from("rs\u00e9"), min_size=1, max_size=2, unique=True)},
    optional={"resources_wait_ms": st.sampled_from([0, 20])},
)
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "budget_cents": st.integers(0, 2),
        "budget_calls": st.integers(0, 4),
        "budget_tokens": st.sampled_from([0, 1_500, 5_000]),
    },
)


def params_of(draw, skill, needs):
    """Returns parameters for a skill, most of them such that it can succeed."""
    match skill:
        case "pure" | "opaque":
            return {"needs": needs, "fails": draw(st.integers(0, 5)) == 0}
        case "spends":
            actual = draw(st.sampled_from([0, 1, 250_000]))
            return {
                "bound": max(actual, draw(BOUNDS)),
                "actual": actual,
                "url": draw(st.sampled_from(ADDRESSES)),
            }
        case "http_call":
            return {"url": draw(st.sampled_from([*ADDRESSES, f"{HOST}/unknown"]))}
        case "json_transform":
            return {
                "data": needs,
                "expression": draw(st.sampled_from(["@", "length(@)", "abs(@)"])),
            }
        case "llm_invoke":
            word = draw(st.sampled_from(["alpha", "beta", "gamma"]))
            most = draw(st.sampled_from([20, 1_000, 3_000]))
            return {"model": "gpt-5-mini", "prompt": f"{word} {needs}", "max_tokens": most}


def gates_of(draw, pre, post):
    """Returns what is said of gates: mostly nothing."""
    if draw(st.integers(0, 3)):
        return {}
    lists = {"pre": draw(st.lists(pre, max_size=2)), "post": draw(st.lists(post, max_size=2))}
    return {
        key: [{"id": f"{key}{n}", **gate, **going_on(draw)} for n, gate in enumerate(said)]
        for key, said in lists.items()
    }


def going_on(draw):
    """Returns what is said of a gate or a check that fails: mostly nothing."""
    to = draw(st.sampled_from([None, None, None, "Act", "Decide", "Orient", "stop"]))
    return {} if to is None else {"on_fail": to}


@st.composite
def plans(draw, skills=NAMES):
    """Returns steps as a workflow file writes them, by name; a few have limits of their own."""
    steps = {}
    for step in draw(graphs(skills)):
        needs = step.params["needs"]
        steps[step.id] = {
            "skill": step.skill,
            "depends_on": list(step.needs),
            "with": params_of(draw, step.skill, needs),
            "retry": draw(RETRIES),
            "gates": gates_of(draw, PRE, POST),
        }
        if draw(st.integers(0, 9)) == 0:
            steps[step.id]["timeout_ms"] = 0
        if draw(st.integers(0, 2)) == 0:
            steps[step.id] |= draw(RESOURCES)
        if step.skill in {"spends", "llm_invoke"} and draw(st.booleans()):
            steps[step.id]["budget"] = {"ceiling_cents": draw(st.integers(0, 1))}
    return steps


@st.composite
def files(draw):
    """Returns a workflow file as a JSON value."""
    steps = draw(plans())
    for step in steps.values():
        if draw(st.integers(0, 3)) == 0:
            step["on_failure"] = draw(TOLERANCE)
        if draw(st.integers(0, 5)) == 0:
            step["effects"] = draw(EFFECTS)
    flow = {"workc": 1, "name": "drawn", "steps": steps, "gates": gates_of(draw, OF_RUN, ON_OUTPUT)}
    if draw(st.integers(0, 2)) == 0:
        flow["effects"] = draw(EFFECTS)
    if draw(st.integers(0, 2)) == 0:
        phases = st.sampled_from(["Act", "Decide", "Orient", "stop"])
        classes = st.sampled_from(["Recoverable", "Unrecoverable", "PatternFailure"])
        flow["recovery"] = draw(st.dictionaries(classes, phases))
    if draw(st.booleans()):
        flow["max_backtracks"] = draw(st.integers(0, 2))
    used = draw(st.lists(st.sampled_from(sorted(steps)), max_size=2))
    flow["output"] = [f"${{steps.{name}}}" for name in used]
    if draw(st.integers(0, 3)) == 0:
        flow["lens"] = draw(lenses([*ADDRESSES, f"{HOST}/unknown"]))
    if draw(st.integers(0, 3)) == 0:
        flow |= draw(STRATEGIES)
        flow["output"].append("${strategy.id}")
    if draw(st.booleans()):
        asked = draw(st.lists(CHECKED, min_size=1, max_size=2))
        ways = ["Act", "Decide", "Orient", None, None]
        flow["verify"] = [{"id": f"holds{n}", **each} for n, each in enumerate(asked)]
        for check in flow["verify"]:
            to = draw(st.sampled_from(ways))
            check |= {} if to is None else {"on_fail": to}
    if draw(st.integers(0, 3)) == 0:
        flow["budget"] = {
            "ceiling_cents": draw(st.integers(0, 1)),
            "calls": draw(st.integers(0, 3)),
        }
    return flow


@st.composite
def decided(draw):
    """Returns a workflow file whose steps a planner names, one way or another."""
    flow = draw(files())
    for name in ("steps", "output", "gates", "verify"):
        flow.pop(name, None)
    plain = plans(["json_transform", "opaque", "pure"])
    return flow | draw(planned(plain, plans(), [*NAMES, "full", "whole"]))


@st.composite
def families(draw):
    """Returns the workflow files of a family by name; ``flow.json`` is the first."""
    kin = {f"child{n}.json": draw(files()) for n in range(draw(st.integers(1, 3)))}
    # A file may run those that stand before it, so that none runs itself.
    names = sorted(kin)
    for n, name in enumerate(names[1:], 1):
        give_children(draw, kin[name]["steps"], names[:n], most=1)
    flow = draw(files())
    give_children(draw, flow["steps"], names, most=3)
    flow["budget"] = {"ceiling_cents": draw(st.integers(0, 4))}
    return {**kin, "flow.json": flow}


def give_children(draw, steps, names, most):
    """Lets some steps run workflows in place of their skills."""
    for step in draw(st.permutations(sorted(steps)))[:most]:
        kept = {key: steps[step][key] for key in ("depends_on", "on_failure") if key in steps[step]}
        steps[step] = {
            **kept,
            "workflow": draw(st.sampled_from(names)),
            "critical": draw(st.booleans()),
        }
        if draw(st.booleans()):
            steps[step]["budget_cents"] = draw(st.integers(0, 2))


@st.composite
def layered(draw):
    """Returns the input of the Python workflow: the same steps, in layers."""
    steps = draw(plans())
    layers, places, kept = [], {}, ("skill", "retry", "gates", *ALONE)
    for name, step in steps.items():
        places[name] = 1 + max((places[need] for need in step["depends_on"]), default=-1)
        layers += [[]] if places[name] == len(layers) else []
        # A function passes values on, so that there are no references in its plan.
        given = jcs.parse(jcs.encode(step["with"]).replace(b"${steps.", b"{"))
        layers[places[name]].append(
            {"id": name, **{key: step[key] for key in kept if key in step}, "with": given}
        )
    return {"layers": layers, "lenient": draw(st.booleans())}


# --- what must hold ------------------------------------------------------------------------------


RULES = st.builds(
    lambda allow, deny, unknown: EffectRules(
        allow=given_effects(allow), deny=given_effects(deny), unknown=unknown
    ),
    EFFECTS,
    EFFECTS,
    st.sampled_from(["allow", "deny"]),
)


@st.composite
def runtimes(draw):
    """Returns a function that makes the runtime, and the failures that are injected."""
    inject = draw(INJECTIONS)
    http, model, limits = draw(HTTP), draw(MODEL), draw(LIMITS)
    lanes, seed = draw(st.integers(1, 4)), draw(st.integers(0, 99))
    rules = draw(st.none() | RULES)
    decide = draw(
        st.sampled_from([None, None, DecideRules(implicit="low"), DecideRules(implicit="never")])
    )
    programs = draw(st.sampled_from([(), ("true", "false")]))

    def make(steps):
        known = [each for each in inject if each.partition(":")[0] in steps]
        runtime = Runtime(
            allow_external=False,
            inject=known,
            max_parallel=lanes,
            seed=seed,
            programs=programs,
            **limits,
        )
        ruling = PolicyFile(name="drawn", effects=rules, decide=decide) if rules or decide else None
        runtime.settings = replace(runtime.settings, ruling=ruling)
        runtime.register_skill("http_call", HttpCallSkill(allow_external=False, responses=http))
        runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True, responses=model))
        for name, skill in OWN.items():
            runtime.register_skill(name, skill)
        return runtime, {each.rpartition(":")[2] for each in known}

    return make


@HALF
@given(st.one_of(files(), files(), decided()), runtimes())
def test_a_workflow_file_leaves_evidence_that_holds(flow, make):
    runtime, injected = make(flow.get("steps", {}))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "flow.json"
        path.write_bytes(jcs.encode(flow))
        outcome = runtime.run(path, out=Path(folder) / "bundle")
        check(Path(folder), outcome, injected, skills=OWN)


@settings(max_examples=COUNT // 3)
@given(families(), runtimes())
def test_a_family_leaves_evidence_that_holds(kin, make):
    runtime, injected = make(kin["flow.json"]["steps"])
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, flow in kin.items():
            (folder / path).write_bytes(jcs.encode(flow))
        outcome = runtime.run(folder / "flow.json", out=folder / "bundle")
        if not (folder / "bundle").exists():
            assert outcome.code in {"INVALID_WORKFLOW", "SKILL_NOT_FOUND"}
            return
        check(folder, outcome, injected, skills=OWN)
        verdict = workc.verify_bundle(folder / "bundle", recursive=True)
        assert verdict.failures == ()
        spent = own_cost(contents_of(folder / "bundle"))
        grants = check_holders(contents_of(folder / "bundle"))
        for bundle in sorted(folder.glob("children/*")):
            contents = contents_of(bundle)
            assert reseal.second.verify(dict(contents)) == []
            report = workc.replay(bundle, skills=OWN, code=folder)
            assert report.identical, report.divergences
            check_money(contents)
            grants += check_holders(contents)
            spent += own_cost(contents)
        assert spent == outcome.cost_micro_cents, "each call of a family is paid for once"
        assert len({*grants}) == len(grants), "no token is given twice, in whichever run"


def own_cost(contents):
    """Returns what a run spent itself, that of its children left out."""
    cost, before = 0, None
    for event in map(json.loads, contents["events.jsonl"].splitlines()):
        if event["kind"] == "BudgetSettled" and before != "ChildJoined":
            cost += event["payload"]["actual"]
        before = event["kind"]
    return cost


@HALF
@given(layered(), runtimes())
def test_a_python_workflow_leaves_evidence_that_holds(plan, make):
    runtime, injected = make({step["id"] for layer in plan["layers"] for step in layer})
    with TemporaryDirectory() as folder:
        outcome = runtime.run(layers_of, plan, out=Path(folder) / "bundle")
        check(Path(folder), outcome, injected, workflow=layers_of)


def check(folder, outcome, injected, **code):
    unexpected = {"INTERNAL_ERROR", "NONDETERMINISTIC", "STORE_UNAVAILABLE"} - injected
    assert outcome.code in {"OK", *CATALOG} - unexpected, outcome
    bundle = folder / "bundle"
    verdict = workc.verify_bundle(bundle)
    assert (verdict.failures, verdict.proof_digest) == ((), outcome.proof_digest)
    contents = contents_of(bundle)
    assert reseal.second.verify(dict(contents)) == []
    report = workc.replay(bundle, out=folder / "again", **code)
    assert (report.divergences, report.replayed_digest) == ((), outcome.proof_digest)
    assert contents_of(folder / "again") == contents
    # A function may end with a failure of its own; what stopped the run is in the receipt all the same.
    receipt = json.loads(contents["receipt.json"])
    assert receipt["money"]["spent_micro_cents"] == outcome.cost_micro_cents
    halt = receipt.get("halt")
    assert check_money(contents) == (halt != "BUDGET_BOUND_VIOLATED")
    assert halt is None or outcome.status == "failure"
    check_holders(contents)
    tell()


def contents_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def check_money(contents):
    """Lets a naive budget judge every move; returns whether no bill was above its bound."""
    receipt = json.loads(contents["receipt.json"])["money"]
    limits = receipt.get("limits", {})
    budget = NaiveBudget(receipt["ceiling_micro_cents"], limits.get("tokens"), limits.get("calls"))
    within = True
    for n, move in enumerate(moves_in(contents["events.jsonl"])):
        assert move["n"] == n
        if "grant" in move:
            used, is_free = move.get("tokens", 0), move["basis"] == "released"
            within &= budget.settle(move["grant"], move["actual"], used, is_free)
        else:
            given = None if move["granted"] else move.get("refused_by", "run")
            assert budget.reserve(n, move["bound"], terms_of(move)) == given
        assert (move["reserved"], move["spent"]) == budget.sums()
        assert sum(budget.sums()) <= budget.ceiling or not within
    reserved, spent = budget.sums()
    assert reserved == 0, "what is reserved is committed or released"
    assert receipt["spent_micro_cents"] == spent
    return within


def check_holders(contents):
    """Plays claims and releases again, lane by lane and move by move; returns the grants."""
    events = [json.loads(line) for line in contents["events.jsonl"].splitlines()]
    holders, grants, works = {}, [], {"EffectAsked", "SkillAsked"}
    moves = [e for e in events if e["kind"].startswith("Resource") and "n" in e["payload"]]
    for move in sorted(moves, key=lambda move: move["payload"]["n"]):
        payload, lane = move["payload"], move["at"][:-1]
        if move["kind"] == "ResourceAnswered":
            assert holders.setdefault(payload["resource"], lane) is lane, "two held it at once"
            grants.append((payload["resource"], payload["token"]))
        else:
            assert holders.pop(payload["resource"]) == lane
    assert not holders, "what is held is let go of"
    claimed, held = {}, {}
    for event in events:
        lane, payload = tuple(event["at"][:-1]), event["payload"]
        match event["kind"]:
            case "ResourcesClaimed":
                claimed[lane] = payload["resources"]
            case "ResourceAnswered" if "n" in payload:
                held.setdefault(lane, []).append(payload["resource"])
            case "ResourceReleased":
                held[lane].remove(payload["resource"])
            case kind if kind in works and lane in claimed:
                assert held[lane] == claimed[lane], "work without what it takes"
    return grants


def moves_in(lines):
    events = map(json.loads, lines.splitlines())
    moves = [event["payload"] for event in events if event["kind"].startswith("Budget")]
    return sorted(moves, key=lambda move: move["n"])


def terms_of(move):
    return Terms(
        tokens=move.get("tokens", 0),
        step=move["step"],
        step_ceiling=move.get("step_ceiling"),
        is_late=move.get("refused_by") == "wall",
    )


def tell():
    done = next(number)
    if done % EVERY == 0:
        print(f"{done} of {COUNT} workflows", flush=True)
