"""The plugin's recordings: made when it is told to, replayed without the world, and told apart."""

import shutil

import pytest

import workc
from workc.testkit.provider import Provider

FETCH = """
import workc as w

@w.workflow
async def fetch(ctx, base: str, paths: list[str]) -> list[str]:
    found = []
    for path in paths:
        answer = await ctx.call("http_call", step="get" + path.replace("/", "-"), url=base + path)
        found.append(answer["body"])
    return found
"""


def asking(server, *paths):
    """Returns a test file in which one test fetches these paths."""
    return f"""{FETCH}
def test_it(workc):
    run = workc.run(fetch, {{"base": "{server.base_url}", "paths": {list(paths)}}})
    assert run.ok, run
    assert run.output == [path[1:] for path in {list(paths)}]
    assert run.verify().ok and run.replay().identical
"""


def test_nothing_recorded_reaches_nothing_and_says_what_to_do(session, server):
    found = session(asking(server, "/a"))
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*EXTERNAL_CALL_BLOCKED*--workc=record-missing*"])
    assert server.requests == []


def test_what_is_recorded_once_is_replayed_without_the_world(session, server, pytester):
    session(asking(server, "/a", "/b"), "--workc=record-missing").assert_outcomes(passed=1)
    assert len(server.requests) == 2
    place = pytester.path / "recordings/test_it/test_it"
    assert workc.verify_bundle(place / "1").ok
    page = (place / "1.md").read_text()
    assert f"GET {server.base_url}/a -> 200" in page
    assert "at_ms" not in page
    for mode in ("--workc=none", "--workc=record-missing", "--workc-strict"):
        session(asking(server, "/a", "/b"), mode).assert_outcomes(passed=1)
    assert len(server.requests) == 2


def test_rewriting_asks_anew(session, server, pytester):
    session(asking(server, "/a"), "--workc=record-missing").assert_outcomes(passed=1)
    session(asking(server, "/b"), "--workc=rewrite").assert_outcomes(passed=1)
    assert [request.path for request in server.requests] == ["/a", "/b"]
    session(asking(server, "/b")).assert_outcomes(passed=1)


def test_a_miss_names_the_nearest_recording_and_the_first_difference(session, server):
    session(asking(server, "/a"), "--workc=record-missing")
    found = session(asking(server, "/b"))
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines([f"*nearest: GET {server.base_url}/a*differs at /url*"])


def test_what_is_recorded_and_not_used_fails_where_it_is_strict(session, server):
    session(asking(server, "/a", "/b"), "--workc=record-missing")
    session(asking(server, "/a")).assert_outcomes(passed=1)
    found = session(asking(server, "/a"), "--workc-strict")
    found.assert_outcomes(passed=1, errors=1)
    found.stdout.fnmatch_lines([f"*run 1 did not ask for GET {server.base_url}/b*"])


def test_a_recording_without_a_run_fails_where_it_is_strict(session, server):
    twice = asking(server, "/a") + (
        f"    workc.run(fetch, {{'base': '{server.base_url}', 'paths': ['/b']}})\n"
    )
    session(twice, "--workc=record-missing").assert_outcomes(passed=1)
    found = session(asking(server, "/a"), "--workc-strict")
    found.stdout.fnmatch_lines(["*there is no run 2 for *recordings*test_it*2*"])


def test_a_recording_that_was_edited_is_refused(session, server, pytester):
    session(asking(server, "/a"), "--workc=record-missing")
    events = pytester.path / "recordings/test_it/test_it/1/events.jsonl"
    events.write_bytes(events.read_bytes().replace(b'"200"', b'"201"').replace(b"200", b"201"))
    found = session(asking(server, "/a"))
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*CAPTURE_EDITED*"])


def test_no_secret_stands_in_a_recording(session, server, pytester, monkeypatch):
    monkeypatch.setenv("SHOP_TOKEN", "very-secret-0123456789")
    text = f"""
    import workc as w

    @w.workflow(secrets=["SHOP_TOKEN"])
    async def fetch(ctx, base: str) -> str:
        headers = {{"authorization": ctx.secret("SHOP_TOKEN")}}
        return (await ctx.call("http_call", url=base + "/a", headers=headers))["body"]

    def test_it(workc):
        run = workc.run(fetch, {{"base": "{server.base_url}"}})
        assert run.ok, run
    """
    session(text, "--workc=record-missing").assert_outcomes(passed=1)
    assert dict(server.requests[0].headers)["authorization"] == "very-secret-0123456789"
    kept = [path for path in (pytester.path / "recordings").rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"very-secret" in path.read_bytes()]
    monkeypatch.delenv("SHOP_TOKEN")
    session(text).assert_outcomes(passed=1)


def test_recordings_may_be_made_side_by_side(session, server, pytester):
    text = f"""{FETCH}
import pytest

@pytest.mark.parametrize("path", ["/a", "/b"])
def test_it(workc, path):
    assert workc.run(fetch, {{"base": "{server.base_url}", "paths": [path]}}).output == [path[1:]]
"""
    session(text, "--workc=record-missing", "-n", "2").assert_outcomes(passed=2)
    session(text, "-n", "2", "--workc-strict").assert_outcomes(passed=2)
    assert len(server.requests) == 2


def paying(provider, code):
    """Returns a test file whose test asks a model, and expects this code."""
    return f"""
    import workc as w

    @w.workflow
    async def ask(ctx) -> str:
        answer = await ctx.call("llm_invoke", base_url="{provider.openai_url}",
                                model="gpt-5-mini", max_tokens=9, prompt="hi")
        return answer["text"]

    def test_it(workc):
        assert workc.run(ask, budget_cents=5).code == "{code}"
    """


@pytest.mark.parametrize(("cents", "code"), [("1", "OK"), ("0", "BUDGET_EXCEEDED")])
def test_recording_costs_no_more_than_the_session_may(session, monkeypatch, cents, code):
    monkeypatch.setenv("OPENAI_API_KEY", "test-key-0000")
    with Provider() as provider:
        text = paying(provider, code)
        session(text, "--workc=record-missing", f"--workc-budget={cents}").assert_outcomes(passed=1)
        assert len(provider.requests) == (code == "OK")
    monkeypatch.delenv("OPENAI_API_KEY")
    if code == "OK":
        session(text).assert_outcomes(passed=1)


def test_a_test_that_fails_rewrites_nothing_and_says_so(session, server, pytester):
    session(asking(server, "/a"), "--workc=record-missing").assert_outcomes(passed=1)
    place = pytester.path / "recordings/test_it/test_it"
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    found = session(asking(server, "/nowhere"), "--workc=rewrite")
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["*the test failed, so *test_it stays as it was*"])
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before
    session(asking(server, "/a")).assert_outcomes(passed=1)


def test_rewriting_takes_away_what_belongs_to_no_run_any_more(session, server, pytester):
    twice = asking(server, "/a") + (
        f"    workc.run(fetch, {{'base': '{server.base_url}', 'paths': ['/b']}})\n"
    )
    session(twice, "--workc=record-missing").assert_outcomes(passed=1)
    session(asking(server, "/a"), "--workc=rewrite", "--workc-strict").assert_outcomes(passed=1)
    place = pytester.path / "recordings/test_it/test_it"
    assert sorted(path.name for path in place.iterdir()) == ["1", "1.md"]


def test_a_test_that_fails_is_recorded_where_nothing_was(session, server, pytester):
    for mode in ("--workc=rewrite", "--workc=record-missing"):
        found = session(asking(server, "/nowhere"), mode)
        found.assert_outcomes(failed=1)
        found.stdout.fnmatch_lines(["*the test failed, and what was recorded for it stays in *"])
        place = pytester.path / "recordings/test_it/test_it"
        assert (place / "1.md").exists()
        shutil.rmtree(place)


def test_no_two_tests_share_a_recording(session, server):
    text = f"""{FETCH}
import pytest

class TestA:
    def test_it(self, workc):
        assert workc.run(fetch, {{"base": "{server.base_url}", "paths": ["/a"]}}).ok

class TestB:
    def test_it(self, workc):
        assert workc.run(fetch, {{"base": "{server.base_url}", "paths": ["/b"]}}).ok

@pytest.mark.parametrize("more", ["?x/y", "?x-y", "?x-y-", "{"?" + "z" * 85}1", "{"?" + "z" * 85}2"])
def test_it(workc, more):
    workc.run(fetch, {{"base": "{server.base_url}/a" + more, "paths": [""]}})
"""
    session(text, "--workc=record-missing").assert_outcomes(passed=7)
    assert len(server.requests) == 7


def test_the_processes_of_a_session_share_its_budget(session, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "test-key-0000")
    with Provider() as provider:
        text = paying(provider, "BUDGET_EXCEEDED")
        session(text, "--workc=record-missing", "--workc-budget=1", "-n", "2").assert_outcomes(
            passed=1
        )
        assert not provider.requests
