"""Bodies: users' data as it stands in a record, inline up to 64 KiB, else as a file of the bundle.

JSON is kept as RFC 8785 text, so floats and any key are allowed though events themselves hold
neither. Files go through :class:`Files`, before the record that names them.
"""

from __future__ import annotations

import base64
from typing import Protocol, cast

from msgspec import UNSET

from workc.kernel import jcs
from workc.kernel.digest import sha256_hex
from workc.kernel.failure import Failure, refuse
from workc.kernel.payloads import Body, FailureRecord, Form
from workc.kernel.values import MAX_SAFE_INTEGER, Json
from workc.stages.exception import failure_of

#: A body of more bytes than this stands in a file of its own.
INLINE_LIMIT_BYTES = 65_536
#: Characters of a failure's message that are kept: a line of the journal is not for data.
MAX_MESSAGE_CHARS = 4_096

_SUFFIX = {"json": "json", "text": "txt", "bytes": "bin"}


class KeptFiles(Protocol):
    """Gives the files of one run by their path in the bundle."""

    def get(self, path: str) -> bytes:
        """Returns the bytes kept under ``path``.

        Raises:
            Refusal: ``CAPTURE_MISSING`` if there are none.
        """
        ...


class Files(KeptFiles, Protocol):
    """Keeps the files of one run by their path in the bundle."""

    def put(self, path: str, data: bytes) -> None:
        """Keeps ``data`` under ``path``; the same bytes may be put twice."""
        ...


def store(files: Files, form: Form, data: bytes) -> Body:
    """Returns the body that holds ``data``; bytes that are text are to be given as such."""
    if len(data) > INLINE_LIMIT_BYTES:
        return store_file(files, f"evidence/{sha256_hex(data)}.{_SUFFIX[form]}", form, data)
    text = base64.b64encode(data).decode("ascii") if form == "bytes" else data.decode("utf-8")
    return Body(form=form, inline=text)


def store_file(files: Files, path: str, form: Form, data: bytes) -> Body:
    """Puts ``data`` into the file ``path`` whatever its size and returns the body."""
    files.put(path, data)
    return Body(form=form, path=path, sha256=sha256_hex(data), size=len(data))


def store_json(files: Files, value: Json) -> Body:
    """Returns the body of a JSON value."""
    return store(files, "json", jcs.encode(value))


def store_text_or_bytes(files: Files, data: bytes) -> Body:
    """Returns the body of bytes, as text where they are UTF-8."""
    return store(files, _text_or_bytes(data), data)


def store_artifact(files: Files, data: bytes) -> Body:
    """Returns the body of bytes that the work has made: a file below ``artifacts/`` of any size."""
    form = _text_or_bytes(data)
    return store_file(files, f"artifacts/{sha256_hex(data)}.{_SUFFIX[form]}", form, data)


def _text_or_bytes(data: bytes) -> Form:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes"
    return "text"


def load(files: KeptFiles, body: Body) -> bytes:
    """Returns the bytes of a body."""
    if isinstance(body.path, str):
        return _whole(body.path, files.get(body.path), str(body.sha256))
    text = body.inline if isinstance(body.inline, str) else ""
    return base64.b64decode(text) if body.form == "bytes" else text.encode("utf-8")


def _whole(path: str, data: bytes, sha256: str) -> bytes:
    if sha256_hex(data) != sha256:
        raise refuse("CAPTURE_EDITED", f"the file {path} is not what was recorded", path=path)
    return data


def load_json(files: KeptFiles, body: Body) -> Json:
    """Returns the value of a JSON body."""
    return jcs.parse(load(files, body))


def sound(failure: Failure) -> Failure:
    """Returns a failure that can be recorded, whatever somebody else's code put into it."""
    after: object = failure.retry_after_ms
    fits = type(after) is int and 0 <= after <= MAX_SAFE_INTEGER
    details = cast("object", failure.details)
    return Failure(
        code=failure.code,
        message=str(failure.message)[:MAX_MESSAGE_CHARS],
        details=failure.details if isinstance(details, dict) else {},
        retry_after_ms=failure.retry_after_ms if fits else None,
    )


def failure_from(error: BaseException) -> Failure:
    """Returns what an exception of somebody else's code means, whatever that exception is."""
    try:
        return sound(failure_of(error))
    except Exception:  # noqa: BLE001 - its attributes and methods are somebody else's, too
        name = type(error).__name__
        return Failure(code="SKILL_FAILED", message=f"{name}, which cannot be put into words")


def record_failure(files: Files, failure: Failure) -> FailureRecord:
    """Returns a failure as it is recorded."""
    failure = sound(failure)
    after = failure.retry_after_ms
    return FailureRecord(
        code=failure.code,
        message=failure.message,
        details=store_json(files, failure.details),
        retry_after_ms=UNSET if after is None else after,
    )


def load_failure(files: KeptFiles, record: FailureRecord) -> Failure:
    """Returns a recorded failure as the value that code works with."""
    details = load_json(files, record.details)
    after = record.retry_after_ms
    return Failure(
        code=record.code,
        message=record.message,
        details=details if isinstance(details, dict) else {},
        retry_after_ms=after if isinstance(after, int) else None,
    )
