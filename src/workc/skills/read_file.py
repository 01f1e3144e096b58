"""The skill ``read_file``: one file below a root, whole."""

from __future__ import annotations

from typing import Annotated, NotRequired, TypeAlias, TypedDict

import msgspec

from workc.skills.file_content import content
from workc.skills.http_call import MaxBytes
from workc.stages.context import Context
from workc.stages.effects import FileRead
from workc.stages.skill import skill

#: A file is waited for for an hour at most; 0 is no time at all.
FileTimeoutMs: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=3_600_000)]


class FileContent(TypedDict):
    """What the skill returns: ``text`` if the file is UTF-8, else ``base64``.

    ``size`` and ``sha256`` are those of the file. A secret of the workflow that stands in it is
    replaced in the text.
    """

    path: str
    sha256: str
    size: int
    text: NotRequired[str]
    base64: NotRequired[str]


@skill(effects=("FsRead",), idempotent=True)
async def read_file(
    ctx: Context, path: str, *, max_bytes: MaxBytes = 8_388_608, timeout_ms: FileTimeoutMs = 30_000
) -> FileContent:
    """Reads a file, ``<root>/<path>``, and returns its content, size and SHA-256.

    Raises:
        Refusal: ``NOT_FOUND``, ``OPERATION_NOT_ALLOWED``, ``INVALID_INPUT`` for what is no path,
            ``OUTPUT_TOO_LARGE``, ``FILE_FAILED``.
    """
    result = await ctx.file(FileRead(path=path, max_bytes=max_bytes, timeout_ms=timeout_ms))
    size = result.facts.get("size")
    found: FileContent = {
        "path": path,
        "sha256": str(result.facts.get("sha256")),
        "size": size if isinstance(size, int) else 0,
    }
    text, in_base64 = content(result.data or b"")
    if text is not None:
        found["text"] = text
    else:
        found["base64"] = in_base64
    return found
