"""The skill ``write_file``: one file below a root, whole or not at all."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypeAlias, TypedDict

import msgspec

from workc.skills.file_content import given_bytes
from workc.skills.read_file import FileTimeoutMs
from workc.stages.context import Context
from workc.stages.effects import FileWrite
from workc.stages.skill import skill

#: A SHA-256 in hex, or nothing for a file that must not be there.
IfSha256: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")]


class WrittenFile(TypedDict):
    """What the skill returns. ``before_sha256`` is the digest of what was there, null if nothing was.

    ``dry_run`` is there, and true, if nothing was written.
    """

    path: str
    before_sha256: str | None
    sha256: str
    size: int
    dry_run: NotRequired[bool]


@skill(effects=("FsWrite",), idempotent=True)
async def write_file(
    ctx: Context,
    path: str,
    *,
    text: str | None = None,
    base64: str | None = None,
    if_sha256: IfSha256 | None = None,
    timeout_ms: FileTimeoutMs = 30_000,
) -> WrittenFile:
    """Writes a file, ``<root>/<path>``, in place of what is there, and says what that was.

    Raises:
        Refusal: ``CONFLICT`` if something else is there than ``if_sha256`` says,
            ``OPERATION_NOT_ALLOWED``, ``INVALID_INPUT``, ``FILE_FAILED``.
    """
    data = given_bytes(text, base64, "write_file")
    request = FileWrite(path=path, data=data, if_sha256=if_sha256, timeout_ms=timeout_ms)
    facts = (await ctx.file(request)).facts
    before = facts.get("before_sha256")
    written: WrittenFile = {
        "path": path,
        "before_sha256": before if isinstance(before, str) else None,
        "sha256": str(facts.get("sha256")),
        "size": len(data),
    }
    if facts.get("dry_run"):
        written["dry_run"] = True
    return written
