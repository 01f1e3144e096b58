"""Effects as values: what a skill asks of the world and what comes back, before any I/O.

A request is hashed and recorded exactly as it stands here, with names where secrets go, so that
a replay needs no key. A response is recorded as the adapter gives it: already redacted. Live
code therefore sees what a replay sees.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from workc.kernel.values import JsonObject
from workc.stages.effect_limits import EffectLimits

#: Where each provider is unless something else is set (the API references of the two).
PROVIDER_BASES: Mapping[Literal["openai", "anthropic"], str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
}
#: The environment variables that set another address.
BASE_VARIABLES: Mapping[Literal["openai", "anthropic"], str] = {
    "openai": "OPENAI_BASE_URL",
    "anthropic": "ANTHROPIC_BASE_URL",
}


class SecretName(msgspec.Struct, frozen=True):
    """Stands where the value of the environment variable ``secret`` goes when sending."""

    secret: str


class SecretText(msgspec.Struct, frozen=True):
    """Is text with secrets in it: literal parts and names, joined when sending.

    Only the workflow's author can make one (the reference ``${secrets.NAME}``); data that comes
    from outside cannot, so an answer that contains such words is sent on as plain words.
    """

    parts: tuple[str | SecretName, ...]

    def __str__(self) -> str:
        """Returns the text with every secret shown as its name."""
        return "".join(p if isinstance(p, str) else f"${{secrets.{p.secret}}}" for p in self.parts)


Text: TypeAlias = str | SecretText


class Redaction(msgspec.Struct, frozen=True, kw_only=True):
    """Says that a secret stood in the answer ``count`` times and was replaced before recording.

    ``commitment`` is SHA-256 over tag, salt and value (``workc redaction/0.2``); ``salt`` is 16
    random bytes in hex, one per answer and secret.
    """

    secret: str
    count: int
    salt: str
    commitment: str


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP exchange to make, redirects included.

    ``query`` is appended to the URL, percent-encoded. ``timeout_ms`` bounds the whole exchange
    and ``max_bytes`` the body after decoding. ``max_redirects`` 0 returns a redirect as it is.
    ``within`` is what each address of the exchange must lie within; the run sets it, whatever a
    skill says, and it is no part of the record.
    """

    method: str
    url: Text
    headers: tuple[tuple[str, Text], ...] = ()
    query: tuple[tuple[str, Text], ...] = ()
    body: bytes | None = None
    timeout_ms: int = 30_000
    max_bytes: int = 8_388_608
    max_redirects: int = 5
    within: EffectLimits | None = None


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: any status is a response; only what gives no status is a refusal.

    ``headers`` keep order and repeats, names in lower case. ``url`` is where the answer came
    from, after redirects. ``body`` is decoded (gzip, deflate) and complete.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    url: str = ""
    redactions: tuple[Redaction, ...] = ()


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call of a model provider, already in the provider's wire form.

    ``base_url`` None means the provider's own, or what the environment says; ``key`` names the
    environment variable of the API key (None: no key is sent). ``path`` is appended to the base.
    ``max_bytes`` bounds the answer. ``within`` is as for HTTP.
    """

    provider: Literal["openai", "anthropic"]
    path: str
    body: bytes
    base_url: Text | None = None
    headers: tuple[tuple[str, Text], ...] = ()
    key: str | None = None
    stream: bool = False
    timeout_ms: int = 120_000
    max_bytes: int = 33_554_432
    within: EffectLimits | None = None


class ModelResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's answer as bytes: one chunk, or one per received piece of a stream.

    Joined, the chunks are the body. ``url`` is the address that answered.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[bytes, ...] = ()
    url: str = ""
    redactions: tuple[Redaction, ...] = ()


class FileRead(msgspec.Struct, frozen=True, kw_only=True):
    """One file to read: ``path`` is ``<root>/<path>`` (``workc.stages.root_path``).

    A file of more than ``max_bytes`` is refused, not cut.
    """

    path: str
    max_bytes: int = 8_388_608
    timeout_ms: int = 30_000


class FileWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One file to write whole, in place of what is there.

    With ``if_sha256`` it is written only if that is the SHA-256 of what is there (empty: if nothing
    is), or if what is there is ``data`` already.
    """

    path: str
    data: bytes
    if_sha256: str | None = None
    timeout_ms: int = 30_000


class ProgramRun(msgspec.Struct, frozen=True, kw_only=True):
    """One program to run: ``argv`` goes to it as it is, no shell reads it.

    ``argv[0]`` is the name of an allowed program, ``cwd`` a folder ``<root>`` or ``<root>/<path>``
    (None: an empty folder of its own), ``env`` the names of variables that it is given. More than
    ``max_bytes`` of output, or of error output, stop it. ``idempotent`` says that it may be run again
    when its answer was lost.
    """

    argv: tuple[str, ...]
    cwd: str | None = None
    env: tuple[str, ...] = ()
    stdin: bytes = b""
    timeout_ms: int = 60_000
    max_bytes: int = 1_048_576
    idempotent: bool = False


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One file to publish as ``name`` at the target ``to``.

    A target is a folder ``<root>/<path>``, or an address ``http://`` or ``https://``, to which a
    ``/`` and ``name`` are added for a PUT.
    """

    to: str
    name: str
    data: bytes
    timeout_ms: int = 30_000


class PortResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a port of files, programs or publications gave back.

    ``facts`` are figures about it, as JSON. ``data`` is what was read, or written, or what a program
    wrote to its output, ``errors`` what it wrote to its error output. ``is_output`` says that the
    run has made ``data``. ``dated_ms`` is when what was read was written, in ms since 1970, where that
    is known; it is no part of the record.
    """

    facts: JsonObject
    data: bytes | None = None
    errors: bytes | None = None
    is_output: bool = False
    dated_ms: int | None = None
    redactions: tuple[Redaction, ...] = ()


FileRequest: TypeAlias = FileRead | FileWrite
EffectRequest: TypeAlias = HttpRequest | ModelRequest | FileRequest | ProgramRun | Publication
EffectResponse: TypeAlias = HttpResponse | ModelResponse | PortResult
