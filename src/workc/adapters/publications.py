"""The port of publications: into a folder below a root, or by PUT to an address.

A folder is written to as any other file is. An address is asked through the port of HTTP, so that the
network policy holds; a redirect is not followed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote

from workc.kernel.failure import refuse
from workc.runtime.effects import content_facts
from workc.runtime.ports import HttpPort
from workc.stages.effects import HttpRequest, PortResult, Publication
from workc.stages.grants import Grants
from workc.stages.root_path import RootPath

#: So much of the answer to a PUT is taken at most.
MAX_ANSWER_BYTES = 1_048_576


class FileWriter(Protocol):
    """Writes files below roots, or says what it would write."""

    def put(self, path: RootPath, data: bytes) -> PortResult:
        """Returns the answer to the write of one file."""
        ...


class Publications:
    """Answers :class:`workc.runtime.ports.PublishPort`."""

    def __init__(
        self, grants: Grants, files: Callable[[], FileWriter], http: Callable[[], HttpPort]
    ) -> None:
        self._grants = grants
        self._files = files
        self._http = http

    async def send(self, request: Publication) -> PortResult:
        """Returns what was published; see the port for what it raises."""
        target = self._grants.target(request)
        if request.timeout_ms == 0:
            raise refuse("TIMEOUT", "timeout_ms is 0, so nothing was published", timeout_ms=0)
        if isinstance(target, RootPath):
            return await asyncio.to_thread(self._files().put, target, request.data)
        facts = content_facts(request.data)
        if self._grants.dry_run:
            return PortResult(facts={**facts, "dry_run": True}, data=request.data, is_output=True)
        status = await self._put(f"{target.rstrip('/')}/{quote(request.name, safe='')}", request)
        return PortResult(facts={**facts, "status": status}, data=request.data, is_output=True)

    async def _put(self, url: str, request: Publication) -> int:
        exchange = HttpRequest(
            method="PUT",
            url=url,
            headers=(("Content-Type", "application/octet-stream"),),
            body=request.data,
            timeout_ms=request.timeout_ms,
            max_bytes=MAX_ANSWER_BYTES,
            max_redirects=0,
        )
        return (await self._http().send(exchange)).status
