"""Keys for signing: where they are kept, and what others write of them into their trust files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from workc.adapters.signing_keys import NAME, PUBLIC_SUFFIX, read_public
from workc.api.trust import trust_document, trust_entry
from workc.kernel import jcs
from workc.kernel.canonical import CanonicalError
from workc.kernel.failure import refuse
from workc.kernel.values import JsonObject
from workc.verify.signatures.trust import VERSIONS, TrustError, read_trust


def key_folder(environment: Mapping[str, str]) -> Path:
    """Returns where keys are kept if nobody says where (XDG Base Directory Specification).

    Raises:
        Refusal: ``INVALID_INPUT`` if the environment names no home.
    """
    config, home = environment.get("XDG_CONFIG_HOME", ""), environment.get("HOME", "")
    if Path(config).is_absolute():
        return Path(config) / "workc" / "keys"
    if Path(home).is_absolute():
        return Path(home) / ".config" / "workc" / "keys"
    raise refuse("INVALID_INPUT", "there is no HOME to keep keys in; name the folder")


def trust_of(
    keys: Iterable[str], folder: Path, threshold: int, min_version: str = VERSIONS[-1]
) -> JsonObject:
    """Returns a trust file for public keys: names of the folder, or files of public keys in PEM.

    Raises:
        Refusal: ``INVALID_INPUT`` if a name or a file is none, or the threshold cannot be reached.
        OSError: a file cannot be read.
    """
    entries = [_entry(key, folder) for key in keys]
    document = trust_document(entries, threshold, min_version)
    try:
        read_trust(jcs.encode(document))
    except (TrustError, CanonicalError) as error:
        raise refuse("INVALID_INPUT", str(error)) from None
    return document


def _entry(key: str, folder: Path) -> JsonObject:
    is_name = NAME.fullmatch(key) and not key.endswith(".pem")
    path = folder / (key + PUBLIC_SUFFIX) if is_name else Path(key)
    name = path.name.removesuffix(".pem").removesuffix(".pub")
    return trust_entry(name, read_public(path))
