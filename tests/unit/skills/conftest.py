"""A scripted context: the skill's coroutine is driven by hand, one answer for each ask."""

import pytest

from workc.kernel.failure import Refusal, refuse
from workc.skills.prices import builtin_prices


class Ask:
    """What a skill awaits: its name and its arguments."""

    def __init__(self, kind, *arguments):
        self.kind, self.arguments = kind, arguments

    def __await__(self):
        return (yield self)


class Grant:
    def __init__(self, bound_micro_cents):
        self.bound_micro_cents = bound_micro_cents


class ScriptedContext:
    """Asks whoever drives the coroutine; money is counted, every other answer is scripted."""

    def __init__(self, prices):
        self.prices = prices
        self.idempotency_key = "key-1"

    def now_ms(self):
        return 1_790_000_000_000

    async def http(self, request):
        return await Ask("http", request)

    async def model(self, request):
        return await Ask("model", request)

    async def reserve(self, bound, tokens=None):
        self.tokens_reserved = tokens
        return await Ask("reserve", bound)

    async def settle(self, grant, actual, basis, tokens=None):
        self.tokens_used = tokens
        await Ask("settle", actual, basis)


class Run:
    """What a driven coroutine did: the asks it made, and its result or its failure."""

    def __init__(self, coroutine, answer):
        self.asks, self.result, self.failure = [], None, None
        send, value = coroutine.send, None
        try:
            while True:
                ask = send(value)
                self.asks.append((ask.kind, *ask.arguments))
                value = self._answer(ask, answer)
                send = coroutine.throw if isinstance(value, Exception) else coroutine.send
        except StopIteration as stop:
            self.result = stop.value
        except Refusal as refusal:
            self.failure = refusal.failure

    @staticmethod
    def _answer(ask, answer):
        if ask.kind == "reserve" and not isinstance(answer.get("reserve"), Exception):
            return Grant(ask.arguments[0])
        return answer.get(ask.kind)

    @property
    def code(self):
        return self.failure.code if self.failure else None

    def asked(self, kind):
        """Returns the arguments of the only ask of that kind."""
        (found,) = [ask[1:] for ask in self.asks if ask[0] == kind]
        return found


@pytest.fixture
def ctx():
    return ScriptedContext(builtin_prices())


@pytest.fixture
def drive():
    """Returns a function: coroutine and answers by kind in, the finished run out."""

    def drive(coroutine, **answers):
        return Run(coroutine, answers)

    return drive


@pytest.fixture
def refusal():
    return lambda code: refuse(code, "scripted")


@pytest.fixture(scope="session")
def code_of():
    """Returns a function: runs the call and gives the code of its refusal, or None."""

    def code_of(call):
        try:
            call()
        except Refusal as refusal:
            return refusal.failure.code
        return None

    return code_of
