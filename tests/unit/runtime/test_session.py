"""A session against a sink that notes every line and every commit."""

import pytest

from workc.adapters.memory import MemoryRun
from workc.kernel.events import Entry
from workc.kernel.failure import Failure
from workc.kernel.payloads import (
    EffectAnswered,
    EffectAsked,
    TimerFired,
    TimerSet,
)
from workc.runtime.asks import Ask, Effect, Timer
from workc.runtime.bodies import store_json
from workc.runtime.effects import record_answer
from workc.runtime.engine import Engine
from workc.runtime.journal import Journal
from workc.runtime.session import Session, is_effect
from workc.stages.effects import HttpRequest

FILES = MemoryRun()
ASKED = EffectAsked(attempt=1, digest="d", port="http", request=store_json(FILES, {}), step="s")
ANSWERED = record_answer(FILES, "d", Failure(code="TIMEOUT", message="m"))


class Sink:
    def __init__(self):
        self.log = []

    def append(self, line):
        self.log.append(line.split(b'"kind":"')[1].split(b'"')[0].decode())

    def commit(self, *, effect):
        self.log.append("effect!" if effect else "commit")


class Nobody:
    def answer(self, ask):
        return None


class Timers:
    def answer(self, ask):
        if isinstance(ask.question, Timer):
            return Entry(at=ask.at, payload=TimerFired(), at_ms=1)
        return None


def asking(times=1):
    async def root(lane):
        for _ in range(times):
            lane.emit(ASKED)
            answer = await lane.ask(Effect(HttpRequest(method="GET", url="http://x/"), "d"))
            assert isinstance(answer, EffectAnswered)
        return "end"

    return root


def session(root, desk=None, **more):
    sink = Sink()
    return Session(Engine(root), Journal(sink), desk or Nobody(), **more), sink


def answered(ask):
    return Entry(at=ask.at, payload=ANSWERED, at_ms=2)


def test_an_ask_is_durable_before_it_is_handed_out():
    live, sink = session(asking())
    (ask,) = live.turn()
    assert sink.log == ["EffectAsked", "effect!"]
    assert is_effect(ask)


def test_an_answer_is_durable_before_anything_outside_follows_from_it():
    live, sink = session(asking(times=2))
    (ask,) = live.turn()
    sink.log.clear()
    (again,) = live.turn([answered(ask)])
    assert sink.log == ["EffectAnswered", "EffectAsked", "effect!"]
    live.turn([answered(again)])
    assert live.done
    assert live.result == "end"


def test_one_effect_takes_at_most_two_durable_commits():
    live, sink = session(asking(times=10))
    asks = live.turn()
    while not live.done:
        asks = live.turn([answered(asks[0])])
    assert sink.log.count("effect!") <= 2 * 10


def test_what_can_be_answered_at_once_is_never_handed_out():
    async def root(lane):
        lane.emit(TimerSet(after_ms=1))
        await lane.ask(Timer(1))

    live, sink = session(root, Timers())
    assert live.turn() == []
    assert live.done
    assert sink.log == ["TimerSet", "TimerFired", "commit"]


def test_answers_kept_at_an_interruption_are_recorded_and_not_acted_on():
    live, sink = session(asking())
    (ask,) = live.turn()
    sink.log.clear()
    live.keep([answered(ask)])
    assert sink.log == ["EffectAnswered", "effect!"]
    assert not live.done


def test_the_watcher_sees_each_record_once():
    seen = []
    live, _ = session(asking(), watch=seen.append)
    (ask,) = live.turn()
    live.turn([answered(ask)])
    assert [entry.kind for entry in seen] == ["EffectAsked", "EffectAnswered"]


@pytest.mark.parametrize("question", [Timer(1)])
def test_a_timer_is_no_effect(question):

    assert not is_effect(Ask((0,), question))
