"""Runs that look before they decide: over real files, servers, runs and bundles, live and again."""

import hashlib
import json
import os
import shutil

import pytest

import workc
from workc import Misuse, Runtime
from workc.api import running as composition
from workc.api.settings import Settings
from workc.runtime.policy.loader import load_policy
from workc.testkit.servers import LoopbackServer, Reply

DAY_S = 86_400
OLD = (("last-modified", "Thu, 01 Jan 2015 00:00:00 GMT"),)
REPLIES = {
    "/n": Reply(body=b'{"n": 3}'),
    "/old": Reply(body=b"old", headers=OLD),
    "/gone": Reply(status=404),
    "/moved": Reply(status=302, headers=(("location", "/n"),)),
}


@pytest.fixture
def server():
    with LoopbackServer(REPLIES) as server:
        yield server


@pytest.fixture
def src(tmp_path):
    folder = tmp_path / "src"
    (folder / "lib").mkdir(parents=True)
    (folder / "README.md").write_text("hello\n")
    (folder / "n.json").write_text('{"n": 3}')
    (folder / "lib" / "b.py").write_text("b")
    (folder / "lib" / "a.py").write_text("a")
    return folder


STEPS = {"s": {"skill": "json_transform", "with": {"data": 1, "expression": "@"}}}


def write(tmp_path, items, output=None, steps=None, name="flow.json", **more):
    lens = {"items": items, **{key: more.pop(key) for key in LENS if key in more}}
    flow = {"workc": 1, "name": "flow", "lens": lens, "steps": steps or STEPS, **more}
    path = tmp_path / name
    path.write_text(json.dumps({**flow, "output": output}))
    return path


LENS = ("requires", "at_least", "max_observations", "wait_ms")


def run(tmp_path, items, output=None, runtime=None, **more):
    runtime = runtime or Runtime(roots={"src": (tmp_path / "src", "ro")})
    path = write(tmp_path, items, output, **more)
    return runtime.run(path, out=tmp_path / "bundle")


def of(events, kind):
    return [event["payload"] for event in events if event["kind"] == kind]


def lens_of(events):
    return of(events, "LensAssembled")[-1]


def test_work_is_shown_what_the_run_looked_at(tmp_path, src, server, proven, monkeypatch):
    monkeypatch.setenv("LENS_TEST", "de")
    items = {
        "readme": {"file": "src/README.md"},
        "data": {"file": "src/n.json"},
        "code": {"files": "src/**/*.py"},
        "page": {"url": server.base_url + "/n"},
        "lang": {"environment": "LENS_TEST"},
        "note": {"text": "costs ${5}"},
        "gone": {"file": "src/gone"},
    }
    output = {
        "text": "${lens.readme.text}",
        "n": "${lens.data.value.n}",
        "paths": ["${lens.code.value[0].path}", "${lens.code.value[1].path}"],
        "code": "${lens.code.value[1].text}",
        "page": "${lens.page.value.n}",
        "lang": "${lens.lang.text}",
        "note": "${lens.note.text}",
        "gone": ["${lens.gone.found}", "${lens.gone.text}", "${lens.gone.value}"],
        "sha256": "${lens.lang.sha256}",
    }
    check = {"id": "c", "that": "lens.readme.found && length(lens.code.value) == `2`"}
    outcome = run(tmp_path, items, output, verify=[check])
    assert outcome.ok, outcome
    assert outcome.output == {
        "text": "hello\n",
        "n": 3,
        "paths": ["src/lib/a.py", "src/lib/b.py"],
        "code": "b",
        "page": 3,
        "lang": "de",
        "note": "costs ${5}",
        "gone": [False, "", None],
        "sha256": hashlib.sha256(b"de").hexdigest(),
    }
    events = proven(tmp_path / "bundle")
    seen = of(events, "ItemObserved")
    assert [(each["item"], each.get("part"), each["how"]) for each in seen] == [
        ("readme", None, "file"),
        ("data", None, "file"),
        ("code", None, "files"),
        ("code", 0, "file"),
        ("code", 1, "file"),
        ("page", None, "url"),
        ("lang", None, "environment"),
        ("note", None, "text"),
        ("gone", None, "file"),
    ]
    assert seen[-1]["failure"]["code"] == "NOT_FOUND"
    assert [each["weight"] for each in seen if each["how"] == "files"] == [0]
    assert seen[0]["dated_ms"] == os.stat(src / "README.md").st_mtime_ns // 1_000_000
    assert lens_of(events)["quality"] == {
        "aggregate": 900, "conflict": 1000, "coverage": 1000, "freshness": 1000, "provenance": 900,
    }  # fmt: skip


def test_what_is_old_contradicts_or_is_missing_lowers_the_quality(tmp_path, src, server, proven):
    os.utime(src / "n.json", (0, 0))
    items = {
        "data": {"file": "src/n.json", "about": "n", "says": "value.n"},
        "text": {"text": "4", "about": "n", "says": "to_number(text)", "weight": 500},
        "nothing": {"text": "x", "about": "n", "says": "value.n.m", "weight": 9000},
        "old": {"url": server.base_url + "/old"},
        "gone": {"url": server.base_url + "/gone"},
    }
    outcome = run(tmp_path, items, requires=["data", "gone"])
    assert outcome.ok
    lens = lens_of(proven(tmp_path / "bundle"))
    # What says nothing contradicts nobody; of the two that speak, one weighs twice as much.
    assert [claim["item"] for claim in lens["claims"]] == ["data", "text"]
    assert lens["quality"]["conflict"] == 666
    assert lens["quality"]["coverage"] == 500
    assert lens["quality"]["freshness"] == 1000
    assert lens["requires"] == ["data", "gone"]


@pytest.mark.parametrize(("days", "freshness"), [(7, 1000), (30, 700), (180, 200), (181, 100)])
def test_a_file_is_the_less_fresh_the_older_it_is(tmp_path, src, proven, days, freshness):
    # Half a day more: an age is whole days, however long the run takes to look.
    written_s = (src / "n.json").stat().st_mtime - (days + 0.5) * DAY_S
    os.utime(src / "n.json", (written_s, written_s))
    assert run(tmp_path, {"a": {"file": "src/n.json"}}).ok
    quality = lens_of(proven(tmp_path / "bundle"))["quality"]
    assert (quality["freshness"], quality["aggregate"]) == (freshness, min(freshness, 900))


@pytest.mark.parametrize(
    ("at_least", "level"),
    [({"Committed": 901}, "Staged"), ({"Committed": 900}, "Committed"), ({"Staged": 901}, "Draft")],
)
def test_a_lens_that_is_too_poor_for_a_level_lowers_it(tmp_path, src, proven, at_least, level):
    check = {"id": "c", "that": "lens.a.found"}
    outcome = run(tmp_path, {"a": {"file": "src/n.json"}}, at_least=at_least, verify=[check])
    assert outcome.ok
    assert of(proven(tmp_path / "bundle"), "Locked")[0] == {
        "lock_level": level,
        "outcome": "success",
    }


def test_a_lens_that_is_too_poor_to_decide_ends_the_run_before_any_step(tmp_path, src, proven):
    items = {"a": {"file": "src/gone"}, "b": {"text": "b"}}
    outcome = run(tmp_path, items, requires=["a"], at_least={"deciding": 1})
    assert (outcome.status, outcome.code) == ("failure", "LENS_INSUFFICIENT")
    assert outcome.message.endswith("its coverage being the least; missing are a: NOT_FOUND")
    events = proven(tmp_path / "bundle")
    assert [event["kind"] for event in events[-2:]] == ["LensAssembled", "Locked"]
    assert [event["phase"] for event in events[-3:]] == ["Observe", "Orient", "Lock"]
    receipt = json.loads((tmp_path / "bundle/receipt.json").read_bytes())
    assert receipt["failure"] == {"code": "LENS_INSUFFICIENT", "message": outcome.message}
    assert (receipt["counts"]["steps"], receipt["lock_level"]) == (0, "Draft")


@pytest.mark.parametrize("most", [1, 3])
def test_it_is_looked_at_no_more_often_than_the_lens_says(tmp_path, src, proven, most):
    more = {"requires": ["a"], "at_least": {"deciding": 1}, "max_observations": most}
    outcome = run(tmp_path, {"a": {"file": "src/gone"}}, **more)
    assert outcome.code == "LENS_INSUFFICIENT"
    seen = of(proven(tmp_path / "bundle"), "ItemObserved")
    assert [each["round"] for each in seen] == list(range(1, most + 1))


def test_a_finished_run_that_could_not_decide_tells_the_same_again(tmp_path, src):
    runtime = Runtime(store=tmp_path / "store", roots={"src": src})
    path = write(tmp_path, {"a": {"file": "src/gone"}}, at_least={"deciding": 1}, requires=["a"])
    outcome = runtime.run(path)
    again = runtime.resume(outcome.run_id)
    assert (again.code, again.message) == (outcome.code, outcome.message)


class Late:
    """Answers a path from the third time on."""

    def __init__(self, server):
        self.server = server

    def get(self, path, otherwise):
        return Reply(body=b"there") if len(self.server.requests) > 2 else otherwise


def test_it_is_looked_at_again_until_it_is_good_enough(tmp_path, src, proven):
    with LoopbackServer({}) as server:
        server.replies = Late(server)
        items = {"late": {"url": server.base_url + "/late"}, "note": {"text": "x"}}
        outcome = run(
            tmp_path, items, "${lens.late.text}", requires=["late"],
            at_least={"deciding": 1}, max_observations=5, wait_ms=20,
        )  # fmt: skip
        assert len(server.requests) == 3
    assert outcome.output == "there"
    events = proven(tmp_path / "bundle")
    assert [each["round"] for each in of(events, "ItemObserved")] == [1, 1, 2, 2, 3, 3]
    times = [event["at_ms"] for event in events if event["kind"] == "ItemObserved"]
    assert times[2] - times[1] >= 20
    assert lens_of(events)["items"] == 2


def test_a_lens_declares_itself_and_the_plan_holds_it(tmp_path, src, server, proven):
    items = {"a": {"file": "src/n.json"}, "page": {"url": server.base_url + "/n"}}
    assert run(tmp_path, items, effects=["Exec exec:x"]).ok
    events = proven(tmp_path / "bundle")
    (plan,) = of(events, "PlanChosen")
    assert {"op": "ReadFS", "selector": "fs:src/n.json"} in plan["effects"]
    assert {each["effect"]["op"] for each in of(events, "ItemObserved")} == {"ReadFS", "Network"}


POLICY = """
schema = "workc.policy/1"
name = "team"
[[effects.allow]]
op = "ReadFS"
selector = "fs:src/n.json"
"""


def test_what_a_policy_does_not_allow_is_not_looked_at(tmp_path, src, server, proven):
    policy = load_policy(POLICY.encode(), "team.toml")
    runtime = Runtime(policy=policy, roots={"src": src})
    items = {
        "a": {"file": "src/n.json"},
        "b": {"file": "src/README.md"},
        "c": {"url": server.base_url + "/n"},
    }
    assert run(tmp_path, items, runtime=runtime).ok
    seen = {each["item"]: each for each in of(proven(tmp_path / "bundle"), "ItemObserved")}
    assert "value" in seen["a"]
    for name in "bc":
        assert seen[name]["failure"]["code"] == "POLICY_VIOLATION"
        assert "effect" not in seen[name]
    assert server.requests == []


@pytest.mark.parametrize(("least", "code"), [(900, "OK"), (901, "LENS_INSUFFICIENT")])
def test_a_policy_demands_a_lens_to_decide_by_whatever_the_file_says(
    tmp_path, src, proven, least, code
):
    text = f'schema = "workc.policy/1"\nname = "team"\n[lens]\nDraft = {least}\n'
    runtime = Runtime(policy=load_policy(text.encode(), "team.toml"), roots={"src": src})
    outcome = run(
        tmp_path, {"a": {"file": "src/n.json"}}, runtime=runtime, at_least={"deciding": 5}
    )
    assert outcome.code == code
    assert lens_of(proven(tmp_path / "bundle"))["at_least"] == {"Draft": least}


def test_roots_networks_and_redirects_are_judged_as_for_steps(tmp_path, src, server, proven):
    items = {
        "other": {"file": "elsewhere/a"},
        "folder": {"file": "src/lib"},
        "all": {"files": "elsewhere/*"},
        "private": {"url": "http://10.0.0.1/"},
        "moved": {"url": server.base_url + "/moved"},
    }
    assert run(tmp_path, items).ok
    seen = {each["item"]: each for each in of(proven(tmp_path / "bundle"), "ItemObserved")}
    assert {name: each.get("failure", {}).get("code") for name, each in seen.items()} == {
        "other": "OPERATION_NOT_ALLOWED",
        "folder": "OPERATION_NOT_ALLOWED",
        "all": "OPERATION_NOT_ALLOWED",
        "private": "EXTERNAL_CALL_BLOCKED",
        "moved": None,
    }


def test_a_run_that_is_offline_sees_no_address_and_its_bundle_says_so(
    tmp_path, src, server, proven
):
    runtime = Runtime(settings=Settings(policy=workc.NetworkPolicy(offline=True)))
    assert run(tmp_path, {"page": {"url": server.base_url + "/n"}}, runtime=runtime).ok
    (item,) = of(proven(tmp_path / "bundle"), "ItemObserved")
    assert item["failure"]["code"] == "EXTERNAL_CALL_BLOCKED"
    assert server.requests == []


def test_an_earlier_run_is_seen_if_it_verifies(tmp_path, src, proven):
    runtime = Runtime(store=tmp_path / "store", roots={"src": src})
    first = runtime.run(write(tmp_path, {"n": {"text": "7"}}, {"n": "${lens.n.value}"}))
    items = {"last": {"run": "last"}, "named": {"run": first.run_id}, "none": {"run": "zzz"}}
    output = ["${lens.last.value.n}", "${lens.named.value.n}", "${lens.none.found}"]
    second = runtime.run(write(tmp_path, items, output), out=tmp_path / "bundle")
    assert second.output == [7, 7, False]
    seen = of(proven(tmp_path / "bundle"), "ItemObserved")
    assert seen[0]["dated_ms"] == first.timings.ended_ms
    cited = [(each.get("run_id"), each.get("proof_digest")) for each in seen]
    assert cited == [(first.run_id, first.proof_digest)] * 2 + [(None, None)]
    kept = tmp_path / "store/runs" / first.run_id / "bundle/artifacts/output.json"
    kept.write_bytes(b'{"n":8}')
    third = runtime.run(write(tmp_path, {"n": {"run": first.run_id}}, "${lens.n.found}"))
    assert third.output is False


def test_a_bundle_is_seen_if_it_verifies(tmp_path, src, proven):
    first = Runtime().run(
        write(tmp_path, {"n": {"text": "7"}}, {"n": "${lens.n.value}"}), out=src / "proof"
    )
    shutil.copytree(src / "proof", src / "edited")
    (src / "edited/artifacts/output.json").write_bytes(b'{"n":8}')
    (src / "link").symlink_to(src / "proof")
    items = {
        "good": {"bundle": "src/proof"},
        "bad": {"bundle": "src/edited"},
        "none": {"bundle": "src/lib"},
        "link": {"bundle": "src/link"},
    }
    outcome = run(tmp_path, items, "${lens.good.value.n}")
    assert outcome.output == 7
    seen = {each["item"]: each for each in of(proven(tmp_path / "bundle"), "ItemObserved")}
    assert {name: each.get("failure", {}).get("code") for name, each in seen.items()} == {
        "good": None,
        "bad": "BUNDLE_INVALID",
        "none": "BUNDLE_INVALID",
        "link": "OPERATION_NOT_ALLOWED",
    }
    cited = {name: each.get("proof_digest") for name, each in seen.items()}
    assert cited == {"good": first.proof_digest, "bad": None, "none": None, "link": None}
    assert seen["good"]["run_id"] == first.run_id


def test_a_secret_is_taken_out_of_what_is_seen(tmp_path, src, proven, monkeypatch):
    secret = "-".join(["tok", "3f9a8b7c6d"])
    (src / "README.md").write_text(f"key {secret}")
    monkeypatch.setenv("TOKEN", secret)
    monkeypatch.setenv("SEEN", f"x {secret}")
    items = {"a": {"file": "src/README.md"}, "b": {"environment": "SEEN"}}
    outcome = run(tmp_path, items, "${lens.a.text}", secrets=["TOKEN"])
    assert secret not in json.dumps(outcome.output)
    events = proven(tmp_path / "bundle")
    assert secret not in json.dumps(events)
    assert [each["redactions"][0]["secret"] for each in of(events, "ItemObserved")] == ["TOKEN"] * 2


@workc.workflow(lens={"items": {"n": {"file": "src/n.json"}, "gone": {"file": "src/gone"}}})
async def reads(ctx) -> list[object]:
    """Reads its lens."""
    item = ctx.lens["n"]
    return [item.value, item.found, ctx.lens["gone"].found, sorted(ctx.lens), len(ctx.lens)]


@workc.workflow(lens={"items": {"n": {"text": "x"}}})
async def mistaken(ctx) -> str:
    """Names an item that is not there."""
    return ctx.lens["m"].text


def test_a_function_is_shown_its_lens(tmp_path, src, proven):
    runtime = Runtime(roots={"src": src})
    outcome = runtime.run(reads, out=tmp_path / "bundle")
    assert outcome.output == [{"n": 3}, True, False, ["gone", "n"], 2]
    proven(tmp_path / "bundle", workflow=reads)
    outcome = runtime.run(mistaken)
    assert "the lens has no item 'm'; its items are n" in outcome.message


def test_a_lens_of_a_function_that_is_none_is_misuse():
    with pytest.raises(Misuse, match="did you mean file"):
        workc.workflow(lens={"items": {"a": {"fle": "src/a"}}})(reads.function)


def test_gates_see_the_lens_and_going_back_knows_the_same(tmp_path, src, server, proven):
    outcome = run(
        tmp_path,
        {"page": {"url": server.base_url + "/n"}},
        "${feedback.pass}",
        gates={"pre": [{"id": "g", "check": "lens.page.value.n == `3`"}]},
        verify=[{"id": "c", "that": "output == `2`", "on_fail": "Orient"}],
    )
    assert outcome.output == 2
    events = proven(tmp_path / "bundle")
    assert len(of(events, "LensAssembled")) == 2
    assert len(of(events, "ItemObserved")) == len(server.requests) == 1


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(1, 14))
def test_killed_at_any_record_it_resumes_and_looks_at_what_it_has_not_seen(tmp_path, src, at):
    class Writer(composition.RunWriter):
        seen = 0

        def append(self, line):
            Writer.seen += 1
            if Writer.seen >= at:
                raise Killed
            super().append(line)

    with LoopbackServer(REPLIES) as server:
        items = {
            "n": {"file": "src/n.json"},
            "page": {"url": server.base_url + "/n"},
            "code": {"files": "src/**/*.py"},
        }
        path = write(tmp_path, items, ["${lens.page.value.n}", "${lens.code.value[1].text}"])
        runtime = Runtime(store=tmp_path / "store", roots={"src": src})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(composition, "RunWriter", Writer)
            with pytest.raises(Killed):
                runtime.run(path)
        outcome = Runtime(store=tmp_path / "store").resume("last")
        if at == 1:
            assert outcome.code == "INVALID_INPUT"
            return
        assert outcome.output == [3, "b"]
        # What was recorded is not looked at again; what was seen and not recorded is.
        assert len(server.requests) <= 2
        assert workc.verify_bundle(outcome.bundle).ok
        assert workc.replay(outcome.bundle).identical


def test_stubs_a_recording_and_a_contract_answer_for_the_world(tmp_path, src, server):
    items = {"page": {"url": server.base_url + "/n"}, "n": {"file": "src/n.json"}}
    path = write(tmp_path, items, ["${lens.page.value.n}", "${lens.n.value.n}"])
    recorder = workc.ReplayRecorder()
    runtime = Runtime(roots={"src": src}, recorder=recorder)
    assert runtime.run(path).output == [3, 3]
    (src / "n.json").write_text('{"n": 9}')
    again = runtime.run(path, out=tmp_path / "again")
    assert again.output == [3, 3]
    assert len(server.requests) == 1
    assert workc.verify_bundle(tmp_path / "again").ok
    contract = workc.ResourceContract(
        contract_id="c", principal="p", budget_cents=1, allowed_operations=("json_transform",)
    )
    refused = Runtime(roots={"src": src}, contract=contract).run(path, out=tmp_path / "refused")
    assert refused.code == "UNRESOLVED_REFERENCE"
    seen = json.loads((tmp_path / "refused/events.jsonl").read_text().splitlines()[2])
    assert seen["payload"]["failure"]["code"] == "OPERATION_NOT_ALLOWED"


def test_a_run_whose_time_is_over_looks_at_nothing_more(tmp_path, src, server, proven):
    outcome = run(tmp_path, {"page": {"url": server.base_url + "/n"}}, timeout_ms=0)
    assert outcome.code == "TIMEOUT"
    (item,) = of(proven(tmp_path / "bundle"), "ItemObserved")
    assert item["failure"]["code"] == "TIMEOUT"
    assert server.requests == []


def test_an_item_that_takes_too_long_fails_when_the_time_of_the_run_is_over(tmp_path, src, proven):
    hangs = Reply(body=b"x", length=9, then="hang")
    with LoopbackServer({"/slow": hangs, "/n": REPLIES["/n"]}) as server:
        items = {
            "slow": {"url": server.base_url + "/slow"},
            "never": {"url": server.base_url + "/n"},
        }
        outcome = run(tmp_path, items, timeout_ms=300)
        assert "/n" not in [request.path for request in server.requests]
        server.released.set()
    assert outcome.code == "TIMEOUT"
    slow, never = of(proven(tmp_path / "bundle"), "ItemObserved")
    assert (slow["failure"]["code"], never["failure"]["code"]) == ("TIMEOUT", "TIMEOUT")
    assert json.loads(slow["failure"]["details"]["inline"])["timeout_ms"] <= 300
    assert "before this was looked at" in never["failure"]["message"]
    details = json.loads(never["failure"]["details"]["inline"])
    assert details == {"scope": "run", "sent": False}


@pytest.mark.parametrize(("item", "is_asked"), [("src/n.json", False), ("src/gone", True)])
def test_a_human_is_asked_the_sooner_the_less_a_run_knows(tmp_path, src, server, item, is_asked):
    text = 'schema = "workc.policy/1"\nname = "team"\n[approval]\nloss_ms = 80000\n'
    policy = load_policy(text.encode(), "team.toml")
    runtime = Runtime(policy=policy, store=tmp_path / "store", roots={"src": src})
    steps = {"s": {"skill": "http_call", "with": {"url": server.base_url + "/n"}}}
    effects = [f"Network net:{server.base_url}/n"]
    path = write(tmp_path, {"a": {"file": item}}, steps=steps, effects=effects, requires=["a"])
    outcome = runtime.run(path)
    # p = 494 with a file, 807 with nothing: 1000 p / 1000 times the loss against 45,000 ms.
    assert (outcome.status == "paused") == is_asked, outcome.message


def test_a_secret_in_the_name_of_a_file_is_refused_with_the_list(
    tmp_path, src, proven, monkeypatch
):
    secret = "-".join(["tok", "3f9a8b7c6d"])
    (src / f"{secret}.txt").write_text("x")
    monkeypatch.setenv("TOKEN", secret)
    outcome = run(tmp_path, {"a": {"files": "src/*"}}, "${lens.a.found}", secrets=["TOKEN"])
    assert outcome.output is False
    events = proven(outcome.bundle)
    assert secret not in json.dumps(events)
    (item,) = of(events, "ItemObserved")
    assert item["failure"]["code"] == "OPERATION_NOT_ALLOWED"
