"""A replay of any bundle gives the same bytes; whatever was changed is named."""

import base64
import json
import urllib.parse

import msgspec
import pytest

import workc
from workc import Runtime
from workc.adapters.bundle_folder import MemoryBundle
from workc.api.replay import replay
from workc.api.simulation import simulated
from workc.bundle.seal import seal
from workc.kernel import events
from workc.kernel.events import RawEvent
from workc.kernel.payloads import RetryScheduled
from workc.runtime.recorded import Recorded
from workc.sim.ports import Scripted
from workc.stages.effects import HttpRequest
from workc.testkit.servers import LoopbackServer, Reply

KEY = 'sk-geheim/+&=<>"é-0123456789'


def run(tmp_path, workflow, inputs=None, **settings):
    out = tmp_path / "bundle"
    return Runtime(budget_cents=1, **settings).run(workflow, inputs, out=out), out


@pytest.mark.parametrize(
    ("name", "inputs", "status", "code"),
    [
        ("succeeds", {"n": 5}, "success", "OK"),
        ("opaque_work", {}, "success", "OK"),
        ("opaque_async", {}, "success", "OK"),
        ("fails", {}, "failure", "SKILL_FAILED"),
        ("unverified", {}, "failure", "VERIFICATION_FAILED"),
        ("recovers", {}, "success", "OK"),
        ("large", {}, "success", "OK"),
        ("times_out", {}, "failure", "TIMEOUT"),
        ("halted", {}, "failure", "BUDGET_EXCEEDED"),
        ("caught_halt", {}, "failure", "BUDGET_EXCEEDED"),
        ("derives", {}, "success", "OK"),
        ("waits_too_long", {}, "failure", "TIMEOUT"),
        ("empty", {}, "success", "OK"),
    ],
)
def test_a_bundle_of_any_ending_replays_byte_for_byte(
    tmp_path, flows, proven, name, inputs, status, code
):
    workflow = getattr(flows, name)
    outcome, out = run(tmp_path, workflow, inputs)
    assert (outcome.status, outcome.code) == (status, code)
    proven(out, workflow=workflow)


def test_ids_numbers_and_times_of_a_replay_are_those_of_the_run(tmp_path, flows, proven):
    outcome, out = run(tmp_path, flows.derives)
    proven(out, workflow=flows.derives)
    mine, first, second = outcome.output
    ids = [*mine[:2], *first[:3], first[4], *second[:3], second[4]]
    assert len(set(ids)) == len(ids), "ids, numbers and keys differ between lanes"


def test_retries_are_recorded_and_replayed(tmp_path, flows, proven):
    with LoopbackServer({"/": Reply(status=503)}) as server:
        outcome, out = run(tmp_path, flows.retried, {"url": server.base_url + "/"})
    log = proven(out, workflow=flows.retried)
    assert outcome.attempts == 3
    assert len(server.requests) == 3
    assert [event["kind"] for event in log].count("RetryScheduled") == 2


FILE = """
workc: 1
name: fetch
inputs: {{base: {{type: string}}}}
secrets: [THE_KEY]
budget: {{ceiling_cents: 0}}
steps:
  get:
    skill: http_call
    with:
      url: ${{inputs.base}}/big
      headers: {{authorization: "Bearer ${{secrets.THE_KEY}}"}}
    retry: {{max_attempts: 1}}
  missing:
    skill: http_call
    with: {{url: "${{inputs.base}}/missing"}}
  count:
    skill: json_transform
    with: {{data: "${{steps.get.body}}", expression: "length(items)"}}
  after:
    skill: json_transform
    depends_on: [missing]
    with: {{data: 1, expression: "@"}}
output: {output}
"""


@pytest.fixture
def fetched(tmp_path):
    path = tmp_path / "fetch.yaml"
    path.write_text(FILE.format(output="${steps.count}"))
    big = json.dumps({"items": ["ü" * 10] * 20_000, "echo": KEY}).encode()
    with LoopbackServer(
        {"/big": Reply(body=big, headers=(("content-type", "application/json"),))}
    ) as server:
        runtime = Runtime(store=tmp_path / "store")
        object.__setattr__(runtime.settings, "environment", {"THE_KEY": KEY})
        outcome = runtime.run(path, {"base": server.base_url}, out=tmp_path / "bundle")
    return outcome, tmp_path, server


def test_a_partial_run_over_real_sockets_with_secrets_and_big_bodies_replays(fetched, proven):
    outcome, tmp_path, server = fetched
    assert (outcome.status, outcome.code) == ("partial", "NOT_FOUND")
    # Two steps ask at once: which request comes first is chance.
    sent = {request.header("authorization") for request in server.requests}
    assert f"Bearer {KEY}".encode().decode("latin-1") in sent
    log = proven(tmp_path / "bundle")
    assert any("path" in json.dumps(event["payload"]) for event in log)


def forms(secret):

    raw = secret.encode()
    yield raw
    yield base64.b64encode(raw)[:-4]
    yield urllib.parse.quote(secret).encode()
    yield urllib.parse.quote(secret, safe="").encode()
    yield json.dumps(secret)[1:-1].encode()
    yield raw.hex().encode()


def test_no_form_of_a_secret_is_in_any_byte_of_folder_or_bundle(fetched):
    _, tmp_path, _ = fetched
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) > 15
    for path in files:
        for form in forms(KEY):
            assert form not in path.read_bytes(), (path, form)


# --- changes -----------------------------------------------------------------------------------


def flow_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "import workc\n\n"
        "def helper(x):\n    return x + 1\n\n"
        "@workc.skill(pure=True)\ndef add(x: int) -> int:\n    return helper(x)\n\n"
        "@workc.workflow\nasync def main(ctx):\n"
        "    return await ctx.call(add, x=1, step='adding')\n"
    )
    return path


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = flow_file(tmp_path)
    outcome = Runtime().run(f"{path.name}:main", out=tmp_path / "bundle")
    assert outcome.ok, outcome
    return path, tmp_path / "bundle"


def test_a_function_is_found_again_by_its_file_and_name(recorded, proven):
    proven(recorded[1], code=recorded[0].parent)


@pytest.mark.parametrize(
    ("old", "new", "diverges"),
    [
        ("return x + 1", "return x + 2", True),
        ("return helper(x)", "return helper(x) * 1", False),
        ("x=1", "x=5", True),
    ],
)
def test_a_changed_function_or_helper_is_named_and_what_it_changes_too(
    recorded, old, new, diverges
):
    path, bundle = recorded
    path.write_text(path.read_text().replace(old, new))
    report = replay(bundle, code=path.parent)
    codes = [found.code for found in report.divergences]
    assert not report.identical
    assert codes[:2] == ["CODE_CHANGED", "CODE_CHANGED"]
    assert {found.pointer for found in report.divergences[:2]} == {"/code/add", "/code/main"}
    if not diverges:
        assert codes[2:] == []
        return
    last = report.divergences[-1]
    assert (last.code, last.step) == ("REPLAY_DIVERGED", "adding")
    assert last.pointer
    assert last.recorded != last.now


def test_the_place_the_pointer_and_both_values_of_a_divergence_are_named(recorded):
    path, bundle = recorded
    path.write_text(path.read_text().replace("return x + 1", "return x + 2"))
    last = replay(bundle, code=path.parent).divergences[-1]
    assert (last.kind, last.pointer, last.recorded, last.now) == (
        "SkillExecuted",
        "/value/inline",
        "2",
        "3",
    )
    assert last.at == "4.0.0"


def test_code_that_is_gone_is_named(recorded):
    path, bundle = recorded
    path.unlink()
    (found,) = replay(bundle, code=path.parent).divergences
    assert found.code == "SKILL_NOT_FOUND"


def resealed(bundle, edit):
    """Returns the bundle sealed anew from its events after ``edit`` of the list of their dicts."""
    log = [json.loads(line) for line in (bundle / "events.jsonl").read_bytes().splitlines()]
    log = edit(log) or log

    def encode(value):
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode()

    records = []
    for n, event in enumerate(log):
        line = {k: v for k, v in event.items() if k not in {"seq", "ts"}} | {
            "n": n,
            "prev": "0" * 64,
        }
        records.append(events.decode_record(encode(line)))
    sink = MemoryBundle()
    seal(
        sorted(records, key=lambda record: record.at),
        sink,
        lambda path: [(bundle / path).read_bytes()],
    )
    return sink.files


def first(log, kind):
    return next(event for event in log if event["kind"] == kind)


@pytest.fixture
def flaked(tmp_path, flows):
    with LoopbackServer({"/": Reply(status=200, body=b"x")}) as server:
        outcome, out = run(tmp_path, flows.retried, {"url": server.base_url + "/"})
    assert outcome.ok
    return out, flows.retried


def test_an_unchanged_bundle_sealed_anew_is_the_same(flaked):
    out, workflow = flaked
    files = resealed(out, lambda log: None)
    assert files["receipt.json"] == (out / "receipt.json").read_bytes()
    assert replay(files, workflow=workflow).identical


def test_an_edited_capture_is_found_even_when_it_was_resealed(flaked):
    out, workflow = flaked

    def edit(log):
        first(log, "EffectAnswered")["payload"]["response"]["status"] = 503

    files = resealed(out, edit)
    assert workc.verify_bundle(files).ok, "only a replay can tell"
    (found,) = replay(files, workflow=workflow).divergences
    assert (found.code, found.kind, found.pointer) == (
        "REPLAY_DIVERGED",
        "SkillExecuted",
        "/failure",
    )
    assert found.step


def test_an_edited_ledger_ask_is_found_when_it_was_resealed(tmp_path, flows):
    _, out = run(tmp_path, flows.halted)

    def edit(log):
        asked = first(log, "BudgetReserved")["payload"]
        asked["bound"] += 2
        asked["reserved"] += 2

    (found,) = replay(resealed(out, edit), workflow=flows.halted).divergences
    assert (found.code, found.pointer) == ("REPLAY_DIVERGED", "/bound")
    assert found.recorded == "400002"
    assert found.now == "400000"
    assert found.step


def test_an_edited_digest_of_a_request_is_found_when_it_was_resealed(flaked):
    out, workflow = flaked

    def edit(log):
        first(log, "EffectAnswered")["payload"]["request"] = "f" * 64

    (found,) = replay(resealed(out, edit), workflow=workflow).divergences
    assert (found.code, found.pointer) in {
        ("REPLAY_DIVERGED", "/request"),
        ("CAPTURE_EDITED", "/payload/request"),
    }


def test_a_flipped_byte_of_any_file_is_an_edited_capture(flaked, tmp_path):
    out, workflow = flaked
    for path in sorted(p for p in out.rglob("*") if p.is_file()):
        data = path.read_bytes()
        files = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
        files[str(path.relative_to(out))] = data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]
        report = replay(files, workflow=workflow)
        assert not report.identical
        assert {found.code for found in report.divergences} <= {
            "CAPTURE_EDITED",
            "CAPTURE_MISSING",
            "CAPTURE_UNUSED",
        }
        assert report.divergences


def test_a_missing_and_an_extra_file_are_named(flaked):
    out, workflow = flaked
    files = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    less = {k: v for k, v in files.items() if k != "evidence/inputs.json"}
    assert "CAPTURE_MISSING" in [f.code for f in replay(less, workflow=workflow).divergences]
    more = {**files, "evidence/extra.json": b"{}"}
    assert "CAPTURE_UNUSED" in [f.code for f in replay(more, workflow=workflow).divergences]


def changed_flow(calls):
    def make(asked):
        async def counting(ctx, times: int = calls):
            total = 0
            for index in range(times):
                total += await ctx.call("asked", x=index, step=f"s{index}")
            return total

        return workc.workflow(name="counting", skills=[asked])(counting)

    return make


@pytest.fixture
def asked():
    @workc.skill(effects=("Network",), name="asked")
    async def asked(ctx: workc.Context, x: int) -> int:

        return (await ctx.http(HttpRequest(method="GET", url=f"http://127.0.0.1:9/{x}"))).status

    return asked


@pytest.mark.parametrize(("now", "code"), [(3, "CAPTURE_MISSING"), (1, "REPLAY_DIVERGED")])
def test_asking_for_more_or_for_less_than_was_recorded_is_named(tmp_path, asked, now, code):

    script = {f"GET http://127.0.0.1:9/{i}": [Scripted()] for i in range(3)}
    simulated(script).run(changed_flow(2)(asked), out=tmp_path / "bundle")
    report = replay(tmp_path / "bundle", workflow=changed_flow(now)(asked))
    found = report.divergences[-1]
    assert found.code == code
    if code == "CAPTURE_MISSING":
        assert (found.step, found.now) == ("s2", "EffectAsked")


def test_a_recorded_answer_that_nobody_asks_for_is_named_with_its_step():
    """The engine decides when it is over, so the desk is asked what was left."""

    payload = events.encode(RetryScheduled(after_ms=1, attempt=1, code="TIMEOUT", step="late"))
    line = RawEvent(
        at=(3, 0, 0),
        kind="RetryScheduled",
        payload=msgspec.Raw(payload),
        phase="Act",
        prev="",
        seq=1,
        ts=1,
    )
    left = Recorded([line])
    assert left.unused() == [(3, 0, 0)]
    assert left.step_at((3, 0, 1)) == "late"
    assert left.step_at((9, 0)) is None


def test_a_bundle_is_never_written_over(flaked, tmp_path):
    out, workflow = flaked
    with pytest.raises(FileExistsError):
        replay(out, workflow=workflow, out=out)


def test_a_bundle_that_is_not_there_is_no_verdict(tmp_path):
    with pytest.raises(FileNotFoundError):
        replay(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("RunStarted", "seed", "no number"),
        ("SkillExecuted", "value", {"form": "json", "inline": "not json"}),
    ],
)
def test_nonsense_that_was_sealed_is_found_and_nothing_is_raised(flaked, kind, field, value):
    out, workflow = flaked

    def edit(log):
        first(log, kind)["payload"][field] = value

    report = replay(resealed(out, edit), workflow=workflow)
    assert not report.identical
    assert report.divergences


def test_a_bundle_whose_code_is_not_here_is_not_judged(tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "one.py").write_text(
        "import workc\n@workc.skill(pure=True)\ndef one() -> int:\n    return 1\n"
    )
    (code / "flow.yaml").write_text(
        "workc: 1\nname: f\nskills: [one.py]\nsteps: {a: {skill: one}}\n"
    )
    assert workc.Runtime().run(code / "flow.yaml", out=tmp_path / "bundle").ok
    report = workc.replay(tmp_path / "bundle", code=tmp_path)
    assert (report.identical, report.undecided) == (False, True)
    assert [found.code for found in report.divergences] == ["SKILL_NOT_FOUND"]
    assert "--code" in report.divergences[0].message
