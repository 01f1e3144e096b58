"""The skill ``publish``: files to a folder below a root, or by PUT to an address, one after the other."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypeAlias, TypedDict

import msgspec

from workc.kernel.failure import Failure, Refusal, refuse
from workc.skills.file_content import given_bytes
from workc.skills.http_call import MaxBytes
from workc.skills.http_status import FIRST_FAILURE, code_of, is_success
from workc.skills.read_file import FileTimeoutMs
from workc.stages.context import Context
from workc.stages.effects import FileRead, Publication
from workc.stages.skill import skill


class FileToPublish(TypedDict):
    """One file: its name, and its content as ``text``, ``base64``, or the ``path`` of a file to read."""

    name: str
    text: NotRequired[str]
    base64: NotRequired[str]
    path: NotRequired[str]


class PublishedFile(TypedDict):
    """One file that was published; ``status`` is that of HTTP, if it was asked."""

    name: str
    sha256: str
    size: int
    status: NotRequired[int]


class Published(TypedDict):
    """What the skill returns; ``dry_run`` is there, and true, if nothing was published."""

    to: str
    files: list[PublishedFile]
    dry_run: NotRequired[bool]


ToPublish: TypeAlias = Annotated[list[FileToPublish], msgspec.Meta(min_length=1, max_length=1000)]


@skill(effects=("FsRead", "FsWrite", "Network"), idempotent=True)
async def publish(
    ctx: Context,
    files: ToPublish,
    to: str,
    *,
    max_bytes: MaxBytes = 8_388_608,
    timeout_ms: FileTimeoutMs = 30_000,
) -> Published:
    """Publishes files to a target, in their order, and returns their digests.

    ``max_bytes`` bounds each file that is read. The same again is the same: what was published before
    something failed is published once more by the next attempt.

    Raises:
        Refusal: ``OPERATION_NOT_ALLOWED``, ``INVALID_INPUT``, what reading and writing files and HTTP
            refuse, and a code by status.
    """
    names = [file["name"] for file in files]
    if len(set(names)) < len(names):
        raise refuse("INVALID_INPUT", "two files are published under one name")
    published: Published = {"to": to, "files": []}
    for file in files:
        data = await _content(ctx, file, max_bytes, timeout_ms)
        request = Publication(to=to, name=file["name"], data=data, timeout_ms=timeout_ms)
        facts = (await ctx.publish(request)).facts
        told: PublishedFile = {
            "name": file["name"],
            "sha256": str(facts.get("sha256")),
            "size": len(data),
        }
        status = facts.get("status")
        if isinstance(status, int):
            told["status"] = _accepted(file["name"], status)
        if facts.get("dry_run"):
            published["dry_run"] = True
        published["files"].append(told)
    return published


async def _content(ctx: Context, file: FileToPublish, max_bytes: int, timeout_ms: int) -> bytes:
    path = file.get("path")
    if path is None:
        return given_bytes(file.get("text"), file.get("base64"), f"the file {file['name'][:64]!a}")
    if "text" in file or "base64" in file:
        raise refuse("INVALID_INPUT", "a file to publish has a path or a content, not both")
    request = FileRead(path=path, max_bytes=max_bytes, timeout_ms=timeout_ms)
    return (await ctx.file(request)).data or b""


def _accepted(name: str, status: int) -> int:
    if is_success(status):
        return status
    code = code_of(status) if status >= FIRST_FAILURE else "HTTP_4XX"
    message = f"{name} was not published: the server answered with status {status}"
    raise Refusal(Failure(code=code, message=message, details={"status": status}))
