"""The built-in skills ready to be registered, asking the world or answered from a stub table.

    runtime.register_skill("llm_invoke", LLMInvokeSkill(stub_mode=True))

A stub stands in for the *port*, not for the skill: the skill's own code builds the request and
reads the answer, and the money is reserved and settled as ever. So a runtime in which one skill is
stubbed has that port stubbed for all of its skills: nothing slips past a stub.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from workc.kernel.arguments import switch
from workc.kernel.failure import Misuse
from workc.skills.http_call import http_call
from workc.skills.json_transform import json_transform
from workc.skills.llm_invoke import llm_invoke
from workc.skills.stub_responses import HTTP_STUB_RESPONSES, LLM_STUB_RESPONSES
from workc.skills.stub_tables import Stubs, http_table, model_table
from workc.stages.skill import Skill


class ReadySkill(Protocol):
    """A skill with what is to answer it."""

    @property
    def skill(self) -> Skill[..., object]:
        """Returns the skill itself."""
        ...

    @property
    def stubs(self) -> Stubs:
        """Returns what stands in for the world."""
        ...


@dataclass(frozen=True, kw_only=True)
class HttpCallSkill:
    """The skill ``http_call``; without ``allow_external`` it is answered from ``responses``.

    ``responses`` maps an address to ``{"status", "headers", "body"}``, or to a list of such, one a
    call; if absent it is :data:`HTTP_STUB_RESPONSES`. An address that is not in it is
    ``EXTERNAL_CALL_BLOCKED``.

    Raises:
        Misuse: ``responses`` is no such table.
    """

    allow_external: bool = True
    responses: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        """Refuses a table that is none where it is written, not where it is used."""
        switch("allow_external", self.allow_external)
        if self.allow_external and self.responses is not None:
            raise Misuse("responses answer in place of the world: give allow_external=False too")
        _ = self.stubs

    @property
    def skill(self) -> Skill[..., object]:
        """Returns ``http_call``."""
        return http_call

    @property
    def stubs(self) -> Stubs:
        """Returns the table, unless the world is asked."""
        if self.allow_external:
            return Stubs()
        return Stubs(http=http_table(_given(self.responses, HTTP_STUB_RESPONSES)))


@dataclass(frozen=True, kw_only=True)
class LLMInvokeSkill:
    """The skill ``llm_invoke``; in ``stub_mode`` it is answered from ``responses``.

    ``responses`` maps the first word of the last turn, in any case of letters, to ``{"text",
    "tokens"}`` or ``{"status", "retry_after_s"}``, or to a list of such, one a call; if absent it
    is :data:`LLM_STUB_RESPONSES`. Any other turn gets a text derived from the digest of the
    request. It costs what the price file says, as a real answer of so many tokens would.

    Raises:
        Misuse: ``responses`` is no such table.
    """

    stub_mode: bool = False
    responses: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        """Refuses a table that is none where it is written, not where it is used."""
        switch("stub_mode", self.stub_mode)
        if not self.stub_mode and self.responses is not None:
            raise Misuse("responses answer in place of a provider: give stub_mode=True too")
        _ = self.stubs

    @property
    def skill(self) -> Skill[..., object]:
        """Returns ``llm_invoke``."""
        return llm_invoke

    @property
    def stubs(self) -> Stubs:
        """Returns the table in stub mode."""
        if not self.stub_mode:
            return Stubs()
        return Stubs(model=model_table(_given(self.responses, LLM_STUB_RESPONSES)))


@dataclass(frozen=True, kw_only=True)
class JsonTransformSkill:
    """The skill ``json_transform``: it asks the world nothing, so nothing stands in for it."""

    @property
    def skill(self) -> Skill[..., object]:
        """Returns ``json_transform``."""
        return json_transform

    @property
    def stubs(self) -> Stubs:
        """Returns that no port is stubbed."""
        return Stubs()


def _given(
    responses: Mapping[str, object] | None, shipped: Mapping[str, object]
) -> Mapping[str, object]:
    return shipped if responses is None else responses
