"""What the BUNDLE or RUN of a command names: a path, an id, the beginning of one, or ``last``.

What stands at a path always wins over a run of that name. What names nothing is refused with what
may have been meant.
"""

from __future__ import annotations

from pathlib import Path

from workc.adapters.run_folder import JOURNAL
from workc.api.sources import Source, find_source, is_damaged, stands
from workc.api.store import Store
from workc.cli.catalog_text import ORACLE_CODES, meant, near_codes
from workc.cli.errors import stop
from workc.cli.no_bundle import no_bundle
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.text import MAX_ARGUMENT, argument, printable
from workc.kernel.catalog import CATALOG


def named_source(state: State, text: str, command: str) -> Source:
    """Returns the run or bundle to look at; ``command`` is what is proposed for another one.

    Raises:
        Refusal: ``INVALID_INPUT`` if nothing is named so, or no bundle.
    """
    store = open_store(state)
    state.tries = (f"workc ls{state.store_option}",)
    if not stands(text):
        refuse_unknown(state, store, text)
    elif not (Path(text) / JOURNAL).is_file():
        _refuse_no_bundle(text, command)
    return find_source(text, store)


def named_bundle(state: State, text: str, command: str) -> Path:
    """Returns the folder or archive of the bundle; otherwise as :func:`named_source`.

    Raises:
        Refusal: ``INVALID_INPUT`` if nothing is named so, no bundle, or a run that has not ended.
    """
    source = named_source(state, text, command)
    if not source.sealed:
        message = f"the run {source.path.name} is not sealed: it has not ended"
        raise stop("INVALID_INPUT", message, for_unsealed(state, source))
    return source.path


def for_unsealed(state: State, source: Source) -> str:
    """Returns what to type so that a run is sealed, or to see why it cannot be."""
    # A journal that is damaged does not go on; what can be read of it shows why.
    word = "show" if is_damaged(source) else "resume"
    return f"workc {word} {argument(source.path.absolute().name)}{state.store_option}"


def _refuse_no_bundle(text: str, command: str) -> None:
    found = no_bundle(text, command)
    if found is not None:
        message = f"{printable(text, MAX_ARGUMENT)} is no bundle: it is {found.what}"
        raise stop("INVALID_INPUT", message, *found.tries)


def refuse_unknown(state: State, store: Store, text: str) -> None:
    """Refuses what is no beginning of a run's id, and not ``last`` where there is a run.

    Raises:
        Refusal: ``INVALID_INPUT``, with what may have been meant.
    """
    is_last = text == "last" and store.newest() is not None
    if is_last or store.beginning(text):
        return
    code, where = text.upper(), printable(str(store.path), MAX_ARGUMENT)
    if code in CATALOG or code in ORACLE_CODES:
        message = f"{code} is a code, and no run or bundle"
        raise stop("INVALID_INPUT", message, f"workc explain {code}")
    if text == "last":
        raise stop("INVALID_INPUT", f"there are no runs in {where}", "workc run FILE")
    named = printable(text, MAX_ARGUMENT)
    message = f"there is no file or folder {named}, and no run of that id in {where}"
    near = near_codes(text) if text.isupper() else []
    if near:
        tries = [f"workc explain {each}" for each in near]
        raise stop("INVALID_INPUT", f"{message}; did you mean the code {meant(near)}?", *tries)
    raise stop(
        "INVALID_INPUT",
        message,
        f"workc ls{state.store_option}" if store.ids() else "workc run FILE",
    )
