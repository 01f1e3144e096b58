"""The ports of a live run, made when they are first asked for: HTTP costs 200 ms to import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from workc.runtime.ports import Entropy, HttpPort, ModelPort
from workc.stages.network import NetworkPolicy

if TYPE_CHECKING:
    from workc.adapters.guarded_client import GuardedClient


@dataclass(frozen=True, eq=False)
class NetworkPorts:
    """Gives the HTTP and the model port over one guarded client."""

    policy: NetworkPolicy
    secrets: Mapping[str, str]
    environment: Mapping[str, str]
    entropy: Entropy

    def http(self) -> HttpPort:
        """Returns the HTTP port."""
        return self._http

    def model(self) -> ModelPort:
        """Returns the model port."""
        return self._model

    @cached_property
    def _http(self) -> HttpPort:
        from workc.adapters.http import HttpAdapter  # noqa: PLC0415 - heavy, see above

        return HttpAdapter(self._client)

    @cached_property
    def _model(self) -> ModelPort:
        from workc.adapters.model_http import ModelAdapter  # noqa: PLC0415 - heavy, see above

        return ModelAdapter(self._client, self.environment)

    @cached_property
    def _client(self) -> GuardedClient:
        from workc.adapters.guarded_client import GuardedClient  # noqa: PLC0415 - see above

        return GuardedClient(policy=self.policy, secrets=self.secrets, entropy=self.entropy)
