"""How often the journal is flushed and synced, counted at the run's folder."""

import os
from collections import Counter

import pytest

import workc
from workc import Runtime
from workc.adapters.run_folder import RunWriter
from workc.testkit.servers import LoopbackServer, Reply

FLOW = """
workc: 1
name: three
inputs: {base: {type: string}}
steps:
  a: {skill: http_call, with: {url: "${inputs.base}/"}}
  b: {skill: http_call, with: {url: "${inputs.base}/"}, depends_on: [a]}
  c: {skill: http_call, with: {url: "${inputs.base}/"}, depends_on: [b]}
output: ok
"""


@pytest.fixture
def counted(monkeypatch):
    calls = Counter()
    commit = RunWriter.commit

    def counting(self, *, effect):
        calls["commits"] += 1
        calls["effects"] += effect
        commit(self, effect=effect)

    sync = os.fdatasync

    def syncing(descriptor):
        calls["fdatasync"] += os.readlink(f"/proc/self/fd/{descriptor}").endswith("journal.jsonl")
        sync(descriptor)

    monkeypatch.setattr(RunWriter, "commit", counting)
    monkeypatch.setattr(os, "fdatasync", syncing)
    return calls


def run(tmp_path, durability):
    (tmp_path / "flow.yaml").write_text(FLOW)
    with LoopbackServer({"/": Reply()}) as server:
        runtime = Runtime(store=tmp_path / "store", durability=durability)
        outcome = runtime.run(tmp_path / "flow.yaml", {"base": server.base_url})
    assert outcome.ok, outcome
    assert workc.verify_bundle(outcome.bundle).ok


def test_fsync_costs_at_most_two_syncs_of_the_journal_an_effect(tmp_path, counted):
    run(tmp_path, "fsync")
    assert 0 < counted["fdatasync"] <= 2 * 3
    assert counted["fdatasync"] == counted["effects"]


@pytest.mark.parametrize("durability", ["flush", "none"])
def test_other_modes_never_sync(tmp_path, counted, durability):
    run(tmp_path, durability)
    assert counted["fdatasync"] == 0
    assert counted["commits"] >= 3


@pytest.mark.parametrize("durability", ["flush", "fsync"])
def test_what_was_committed_is_in_the_file_before_the_effect_starts(tmp_path, durability):
    (tmp_path / "flow.yaml").write_text(FLOW)
    store = tmp_path / "store"
    seen = []

    class Watching(LoopbackServer):
        pass

    with LoopbackServer({"/": Reply()}) as server:
        answer = server.replies.get

        class Replies(dict):
            def get(self, path, default=None):
                (journal,) = store.glob("runs/*/journal.jsonl")
                lines = journal.read_bytes().splitlines()
                seen.append([b'"EffectAsked"' in line for line in lines].count(True))
                return answer(path, default)

        server.replies = Replies(server.replies)
        runtime = Runtime(store=store, durability=durability)
        assert runtime.run(tmp_path / "flow.yaml", {"base": server.base_url}).ok
    assert seen == [1, 2, 3], "each ask is on record when its request arrives"
