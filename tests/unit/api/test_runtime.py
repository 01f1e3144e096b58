"""The runtime's own face: skills, asynchronous callers, where bundles go."""

import asyncio

import pytest

import workc
from workc import Misuse, Runtime
from workc.api.launch import recorded_policy
from workc.api.settings import Settings, policy_id
from workc.stages.network import NetworkPolicy


@workc.skill(pure=True)
def double(x: int) -> int:
    return 2 * x


@workc.workflow(skills=[double])
async def flow(ctx, x: int = 2):
    return await ctx.call("doubles" if x == 5 else "double", x=x)


def test_a_registered_skill_is_known_by_its_name():
    runtime = Runtime()
    runtime.register_skill("doubles", double)
    assert runtime.execute("doubles", {"x": 2}).output == 4
    assert runtime.run(flow, {"x": 5}).output == 10
    assert "doubles" in runtime.skills
    with pytest.raises(Misuse):
        runtime.register_skill("x", lambda: 1)


def test_callers_in_an_event_loop_are_not_blocked():
    async def main():
        runtime = Runtime()
        return await asyncio.gather(runtime.arun(flow), runtime.aexecute(double, {"x": 4}))

    assert [outcome.output for outcome in asyncio.run(main())] == [4, 8]


def test_a_bundle_goes_nowhere_that_holds_something(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    (tmp_path / "empty").mkdir()
    assert Runtime().run(flow, out=tmp_path / "file").code == "INVALID_INPUT"
    assert Runtime().run(flow, out=tmp_path / "link").code == "INVALID_INPUT"
    assert Runtime().run(flow, out=tmp_path / "file" / "b").code in {
        "STORE_UNAVAILABLE",
        "INVALID_INPUT",
    }
    assert Runtime().run(flow, out=tmp_path / "empty").ok
    assert workc.verify_bundle(tmp_path / "empty").ok


def test_a_workflow_is_a_path_or_a_workflow():
    with pytest.raises(Misuse, match="a workflow is"):
        Runtime().run(3)
    assert Runtime().run("nowhere.py:main").code == "SKILL_NOT_FOUND"


def test_each_policy_has_its_name():
    assert policy_id(NetworkPolicy()) == "workc-default"
    assert policy_id(NetworkPolicy(offline=True)) == "workc-offline"
    assert policy_id(NetworkPolicy(allow_private=True)).startswith("custom-")
    assert recorded_policy is not None


@pytest.mark.parametrize(
    ("value", "fits"), [(0, False), (1, True), (2**53 - 1, True), (2**53, False), (True, False)]
)
def test_settings_are_checked_at_their_bounds(value, fits):
    if fits:
        assert Settings(max_parallel=value).max_parallel == value
    else:
        with pytest.raises(Misuse):
            Settings(max_parallel=value)
