"""A desk that is given a world: it answers effects and calls at once, and leaves the rest."""

import workc
from workc.adapters.memory import MemoryRun
from workc.kernel.payloads import TimerFired
from workc.runtime.asks import Ask, Call, Effect, Timer
from workc.runtime.world import WorldDesk
from workc.stages.effects import HttpRequest, HttpResponse
from workc.stages.skill import Result

LONG = b"x" * 70_000
EFFECT = Ask((3, 0), Effect(HttpRequest(method="GET", url="http://a.example/"), "0" * 64))


@workc.skill
def never(x: int) -> int:
    raise AssertionError("the world answers")


CALL = Ask((3, 1), Call(never, {"x": 1}, b'{"x":1}', "1" * 64, "s", 1, pure=False))


class World:
    def of_effect(self, effect):
        return HttpResponse(status=203, body=LONG)

    def of_call(self, call):
        return Result(value=call.params["x"] + 1)


class Silent:
    def answer(self, ask):
        return None


def test_a_world_answers_effects_and_what_is_long_becomes_a_file():
    files = MemoryRun()
    entry = WorldDesk(Silent(), World(), files, lambda: 7).answer(EFFECT)
    assert (entry.at, entry.at_ms, entry.payload.response.status) == ((3, 0), 7, 203)
    assert files.get(entry.payload.response.body.path) == LONG


def test_a_world_answers_functions():
    entry = WorldDesk(Silent(), World(), MemoryRun(), lambda: 7).answer(CALL)
    assert (entry.at, entry.payload.value.inline) == ((3, 1), "2")


def test_a_world_answers_nothing_else():
    assert WorldDesk(Silent(), World(), MemoryRun(), lambda: 7).answer(Ask((1,), Timer(5))) is None


def test_what_the_desk_below_answers_the_world_is_not_asked():
    class Desk:
        def answer(self, ask):
            return TimerFired()

    assert WorldDesk(Desk(), World(), MemoryRun(), lambda: 7).answer(EFFECT) == TimerFired()
