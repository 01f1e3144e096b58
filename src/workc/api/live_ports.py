"""The ports of a live run, each made when it is first asked for.

In a dry run files and publications are answered by what changes nothing, and HTTP sends no more than
what asks (RFC 9110, section 9.2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from workc.adapters.dry_files import DryFiles
from workc.adapters.lens import LensLooks
from workc.adapters.lock_folder import LockFolder
from workc.adapters.memory_locks import LockTable, MemoryLocks
from workc.adapters.programs import Programs
from workc.adapters.publications import Publications
from workc.adapters.redaction import Redactor
from workc.adapters.root_files import RootFiles
from workc.adapters.root_folders import RootFolders
from workc.api.lens_evidence import LensEvidence
from workc.api.network import NetworkPorts
from workc.kernel.failure import refuse
from workc.runtime.ports import (
    CoordinationPort,
    FilePort,
    HttpPort,
    LensPort,
    ModelPort,
    ProgramPort,
    PublishPort,
)
from workc.skills.http_call import UNSAFE_METHODS
from workc.stages.effects import HttpRequest, HttpResponse
from workc.stages.grants import Grants

#: The folder of a store in which resources are claimed.
LOCKS = "locks"


@dataclass(frozen=True, eq=False)
class LivePorts:
    """Gives the ports over the real network, files and programs.

    ``folders`` are the folders of the roots, ``closed`` is the folder of the runs, if they are kept:
    there resources are claimed, and else in ``locks``.
    """

    network: NetworkPorts
    grants: Grants
    folders: Mapping[str, Path]
    closed: Path | None
    locks: LockTable = field(default_factory=LockTable)

    def http(self) -> HttpPort:
        """Returns the HTTP port."""
        http = self.network.http()
        return DryHttp(http) if self.grants.dry_run else http

    def model(self) -> ModelPort:
        """Returns the model port."""
        return self.network.model()

    def files(self) -> FilePort:
        """Returns the port of files."""
        return self._files

    def programs(self) -> ProgramPort:
        """Returns the port of programs."""
        return self._programs

    def publications(self) -> PublishPort:
        """Returns the port of publications."""
        return self._publications

    def lens(self) -> LensPort:
        """Returns the port of lenses."""
        network, evidence = self.network, LensEvidence(self.closed, self._folders)
        return LensLooks(
            self.grants,
            self._folders,
            self._redactor,
            network.entropy,
            network.environment,
            evidence,
        )

    def coordination(self) -> CoordinationPort:
        """Returns the port of resources of a run."""
        return MemoryLocks(self.locks) if self.closed is None else LockFolder(self.closed / LOCKS)

    @cached_property
    def _files(self) -> RootFiles | DryFiles:

        make = DryFiles if self.grants.dry_run else RootFiles
        return make(self.grants, self._folders, self._redactor, self.network.entropy)

    @cached_property
    def _programs(self) -> ProgramPort:

        network = self.network
        return Programs(
            self.grants, self._folders, self._redactor, network.entropy, network.environment
        )

    @cached_property
    def _publications(self) -> PublishPort:

        return Publications(self.grants, lambda: self._files, self.network.http)

    @cached_property
    def _folders(self) -> RootFolders:

        return RootFolders(self.folders, self.closed)

    @cached_property
    def _redactor(self) -> Redactor:
        return Redactor(self.network.secrets)


class DryHttp:
    """Answers :class:`workc.runtime.ports.HttpPort` for requests that only ask."""

    def __init__(self, http: HttpPort) -> None:
        self._http = http

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Returns the answer; refuses what would change something on the other side.

        Raises:
            Refusal: ``OPERATION_NOT_ALLOWED``, and what the port refuses.
        """
        if request.method in UNSAFE_METHODS:
            message = f"a dry run sends no {request.method}"
            raise refuse("OPERATION_NOT_ALLOWED", message, method=request.method)
        return await self._http.send(request)
