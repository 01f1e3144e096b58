"""Random policies against random plans: a real server never sees what a policy does not allow.

What covers what is told a second time here, in a naive way: by lists of segments.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

import workc
from workc import Runtime
from workc.api.settings import Settings
from workc.kernel import jcs
from workc.runtime.declared_effects import effect_at, given_effects
from workc.runtime.policy.model import PolicyFile
from workc.stages.effect_limits import EffectRules
from workc.testkit.servers import LoopbackServer, Reply

#: Paths, some of which are others in another spelling, or lead upwards.
PATHS = ["/", "/a", "/a/", "/a/b", "/a//b", "/%61/b", "/a/./b", "/ab", "/a/b/c?q=/x", "/b/a",
         "/b/../a", "/a/%2e%2e/b", "/A", "/a%2Fb"]  # fmt: skip
#: Those that may be declared: nothing in them is left out or leads upwards.
LINES = ["/", "/a", "/a/b", "/a/b/c", "/ab", "/b", "/%61"]

LIST = st.lists(st.sampled_from(LINES), max_size=3, unique=True).filter(
    lambda lines: not {"/a", "/%61"} <= set(lines)
)
ALL = st.just(["/"])
OWN = st.none() | ALL | LIST
REDIRECTS = st.dictionaries(
    st.sampled_from(["/a", "/a/b", "/ab"]), st.sampled_from(PATHS), min_size=1
)
#: More often than others, what may redirect.
ASKED = st.sampled_from(["/a", "/a/b", "/ab"]) | st.sampled_from(PATHS)


@pytest.fixture(scope="module")
def server():
    with LoopbackServer({}) as server:
        yield server


def segments(path):
    """Returns the parts of a path that say something, as a server reads them; None if it leads up."""
    parts = [unquote(part) for part in urlsplit(path).path.split("/")]
    if ".." in parts:
        return None
    return [part for part in parts if part not in {"", "."}]


def lies_below(path, line):
    found, wide = segments(path), segments(line)
    return found is not None and found[: len(wide)] == wide


def may(path, allow, deny, declared, of_step):
    """Says whether a request may be made, in the naive way."""
    allowed = [allow, *(each for each in (declared, of_step) if each is not None)]
    # What is denied is denied also to a server that takes an escaped slash for a slash.
    readings = (path, path.replace("%2F", "/"))
    return all(any(lies_below(path, line) for line in lines) for lines in allowed) and not any(
        lies_below(each, line) for each in readings for line in deny
    )


def effects(server, lines):
    return [f"Network net:{server.base_url}{line}" for line in lines]


def flow_of(server, steps, declared):
    flow = {"workc": 1, "name": "drawn", "steps": {}}
    if declared is not None:
        flow["effects"] = effects(server, declared)
    for number, (path, own) in enumerate(steps):
        step = {
            "skill": "http_call",
            "with": {"url": server.base_url + path},
            "retry": {"max_attempts": 1},
        }
        more = {} if own is None else {"effects": effects(server, own)}
        flow["steps"][f"s{number}"] = {**step, **more}
    return flow


@settings(max_examples=80)
@example(steps=[("/a%2Fb", None)], declared=None, allow=["/"], deny=["/a"], redirects={"/a": "/"})
@given(
    st.lists(st.tuples(ASKED, OWN), min_size=1, max_size=4),
    OWN,
    ALL | LIST,
    st.just([]) | LIST,
    REDIRECTS,
)
def test_nothing_happens_that_a_policy_does_not_allow(
    server, steps, declared, allow, deny, redirects
):
    server.requests.clear()
    server.replies.clear()
    server.replies.update({urlsplit(path).path: Reply() for path in PATHS})
    for path, target in redirects.items():
        server.replies[path] = Reply(status=302, headers=(("location", target),))
    rules = EffectRules(
        allow=given_effects(effects(server, allow)), deny=given_effects(effects(server, deny))
    )
    runtime = Runtime(settings=Settings(ruling=PolicyFile(name="drawn", effects=rules)))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "flow.json"
        path.write_bytes(jcs.encode(flow_of(server, steps, declared)))
        runtime.run(path, out=Path(folder) / "bundle")
        verdict = workc.verify_bundle(Path(folder) / "bundle")
        assert verdict.failures == ()
        assert workc.replay(Path(folder) / "bundle").divergences == ()
        lines = (Path(folder) / "bundle/events.jsonl").read_bytes().splitlines()
    asked = {
        each["payload"]["step"] for each in map(json.loads, lines) if each["kind"] == "EffectAsked"
    }
    # A file that declares effects anywhere declares them for the run.
    owns = [own for _, own in steps if own is not None]
    whole = [*(declared or []), *(line for own in owns for line in own)]
    of_run = whole if declared is not None or owns else None
    for number, (target, own) in enumerate(steps):
        allowed = may(target, allow, deny, of_run, own)
        event(f"allowed: {allowed}")
        assert (f"s{number}" in asked) == allowed, (target, own)
    if len(server.requests) > len(asked):
        event("redirected")
    for request in server.requests:
        event("asked of the server")
        assert may(request.target, allow, deny, of_run, None), request.target


@given(st.sampled_from(PATHS), st.sampled_from(LINES))
def test_both_ways_to_tell_coverage_agree(path, line):
    (wide,) = given_effects([f"Network net:http://a.example{line}"])
    try:
        narrow = effect_at(f"http://a.example{path}")
    except workc.Refusal:
        assert segments(path) is None
        return
    below = wide == narrow or narrow.selector.startswith(wide.selector.rstrip("/") + "/")
    assert below == lies_below(path, line)
