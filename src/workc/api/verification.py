"""``verify_bundle``: the oracle, asked about a folder, an archive, or anything that has a reader."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from workc.adapters.place import path_of
from workc.api.bundles import reader_of
from workc.api.relatives import BundlesIn, beside
from workc.kernel.arguments import a, instance, many, switch, whole
from workc.kernel.failure import Misuse
from workc.verify.case import refused
from workc.verify.family import verify_family
from workc.verify.reader import MemoryReader, Reader
from workc.verify.rules import IS_A_BUNDLE
from workc.verify.signatures.presence import Judge
from workc.verify.verdict import Verdict
from workc.verify.verifier import NOBODY_TRUSTED, Expectations, verify

if TYPE_CHECKING:
    from workc.api.trust import TrustSource

_PATHS: tuple[type, ...] = (str, os.PathLike)


def verify_bundle(
    bundle: str | os.PathLike[str] | Mapping[str, bytes] | Reader,
    *,
    expect_digest: str | None = None,
    expect_run_id: str | None = None,
    expect_nonce: str | None = None,
    not_before_ms: int | None = None,
    trust: TrustSource | None = None,
    require_signature: bool = False,
    at_ms: int | None = None,
    recursive: bool = False,
    children: Sequence[str | os.PathLike[str]] | None = None,
) -> Verdict:
    """Returns the verdict on a bundle: a folder, an archive, a mapping of path to bytes, a reader.

    ``expect_digest`` demands a certain proof digest; only that, a signature or a log can tell a
    bundle from one that was sealed wholly anew. ``expect_run_id``, ``expect_nonce`` and
    ``not_before_ms`` (of the run's end, ms since 1970) keep an old bundle from being shown again.

    ``trust`` is a trust file (its path or its bytes): with it every signature is judged, and
    ``require_signature`` refuses a bundle that nobody signed. Keys must be valid at ``at_ms``, ms
    since 1970; without it ``not_checked`` says that their validity was not judged.

    ``recursive`` verifies the bundles of children too: each must pass, have the digest and outcome
    that were recorded, and name its parent. They are looked for in the folders ``children``, else
    in ``children`` beside the bundle and beside the bundle itself.

    Raises:
        FileNotFoundError: the path does not exist. Nothing else, whatever is in the bundle.
        Misuse: something is demanded of signatures without ``trust``, or ``trust`` stands inside
            the bundle; or an argument is not of its kind.
        Refusal: ``INVALID_INPUT`` if ``trust`` is no trust file; OSError if it cannot be read.
    """
    folder = path_of("bundle", bundle) if isinstance(bundle, str | os.PathLike) else None
    for name, text in (
        ("expect_digest", expect_digest),
        ("expect_run_id", expect_run_id),
        ("expect_nonce", expect_nonce),
    ):
        if text is not None:
            instance(name, text, str, "a text")
    for name, time_ms in (("not_before_ms", not_before_ms), ("at_ms", at_ms)):
        if time_ms is not None:
            whole(name, time_ms)
    switch("require_signature", require_signature)
    judge = _judge_of(folder, trust, required=require_signature, at_ms=at_ms)
    wanted = Expectations(
        proof_digest=expect_digest,
        run_id=expect_run_id,
        nonce=expect_nonce,
        not_before_ms=not_before_ms,
    )
    if folder is not None and not (os.path.isdir(folder) or os.path.isfile(folder)):
        return _no_bundle(folder)
    reader = reader_of_bundle(bundle)
    if not switch("recursive", recursive):
        return verify(reader, wanted, judge)
    folders = beside(folder) if folder is not None else []
    where = folders if children is None else _folders(children)
    return verify_family(reader, BundlesIn(where), wanted, judge)


def reader_of_bundle(bundle: object) -> Reader:
    """Returns the reader of what a caller calls a bundle.

    Raises:
        Misuse: it is none of what a bundle can be.
    """
    if isinstance(bundle, _PATHS):
        return reader_of(path_of("bundle", bundle))
    if isinstance(bundle, Mapping):
        files = cast("Mapping[object, object]", bundle)
        if not all(isinstance(k, str) and isinstance(v, bytes) for k, v in files.items()):
            raise Misuse("a bundle in memory maps paths, which are texts, to bytes")
        return MemoryReader(cast("Mapping[str, bytes]", bundle))
    if not all(callable(getattr(bundle, each, None)) for each in ("items", "chunks", "each")):
        raise Misuse(f"a bundle is a path, a mapping of path to bytes or a reader, not {a(bundle)}")
    return cast("Reader", bundle)


def _folders(children: object) -> list[Path]:
    return [path_of("one of children", each) for each in many("children", children, "folders")]


def _no_bundle(path: Path) -> Verdict:
    if not os.path.lexists(path):
        raise FileNotFoundError(str(path))
    return refused(IS_A_BUNDLE, ".", "a bundle is a folder or an archive; this is neither")


def _judge_of(
    folder: Path | None, trust: TrustSource | None, *, required: bool, at_ms: int | None
) -> Judge:
    if trust is None:
        if required or at_ms is not None:
            raise Misuse("require_signature and at_ms need a trust file: give trust too")
        return NOBODY_TRUSTED
    from workc.api.trust import judge_of  # noqa: PLC0415 - most bundles are verified without

    return judge_of(folder, trust, required=required, at_ms=at_ms)
