"""``workc certify``: replays a set of bundles in several environments and says how many are identical."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from workc.adapters.children import Children
from workc.adapters.driver import Interrupted
from workc.api.bundle_search import Sought, bundles_of
from workc.api.certification import Certificate, Judgement, Plan, Replayed, certify
from workc.api.replay_environments import MAX_ENVIRONMENTS, environments, installed_locales
from workc.api.sources import Source
from workc.cli import exits, options
from workc.cli.certificate_text import certificate_lines
from workc.cli.junit import junit_text
from workc.cli.live_line import Told
from workc.cli.named import for_unsealed
from workc.cli.signals import Interruption
from workc.cli.state import State
from workc.cli.stores import open_store
from workc.cli.targets import report_place
from workc.cli.text import count, printable

#: More processes at once than any machine serves.
MAX_JOBS = 1024
#: How often progress is told where lines stay.
_LINE_EVERY = 25
#: So many runs that are not sealed are named with what to type; of more it is the same.
_MAX_ADVICE = 3
_EXITS: dict[Judgement, int] = {
    "identical": exits.OK,
    "differs": exits.DIFFERS,
    "bad": exits.PROVEN_BAD,
    "unjudged": exits.UNDECIDED,
}


@click.command("certify", epilog="Example: workc certify .workc --jobs 4 --junit replays.xml")
@click.argument("paths", nargs=-1, required=True, metavar="PATH|RUN...")
@click.option(
    "--environments",
    "number",
    envvar="WORKC_CERTIFY_ENVIRONMENTS",
    type=click.IntRange(1, MAX_ENVIRONMENTS),
    default=3,
    metavar="N",
    help="In how many environments each is replayed (default 3).",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, MAX_JOBS),
    metavar="N",
    help="How many replays run at once (default: one a processor).",
)
@click.option(
    "--timeout",
    type=click.IntRange(1, 86_400),
    default=300,
    metavar="SECONDS",
    help="How long one replay may take (default 300).",
)
@click.option(
    "--code",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Where the workflows' own Python files are (default: where each was run from).",
)
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write JUnit XML there."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing of the progress.")
@options.store
@options.common
@click.pass_obj
def command(
    state: State,
    *,
    paths: tuple[str, ...],
    number: int,
    jobs: int | None,
    timeout: int,
    code: Path | None,
    junit: Path | None,
    quiet: bool,
) -> int:
    """Replay bundles in several environments: exit 0 if every byte of all is the same, 4 if not."""
    state.tries = ("workc certify --help",)
    report = None if junit is None else state.absolute(report_place(junit, "--junit"))
    bundles = bundles_of(paths, open_store(state))
    children = Children()
    plan = Plan(
        environments=environments(number, installed_locales(children, state.environment)),
        store=state.absolute(state.store),
        code=None if code is None else state.absolute(code),
        base=state.environment,
        jobs=jobs or os.cpu_count() or 1,
        timeout_s=timeout,
    )
    told = Told(state, quiet=quiet, every=_LINE_EVERY)

    def watch(done: int, size: int, sought: Sought, replayed: Replayed) -> None:
        del replayed
        text = f"{done:,} of {count(size, 'replay')} done"
        told.tell(done, text, printable(sought.name, 40), last=done == size)

    def stopping() -> None:
        state.err("stopping")

    with Interruption(stopping, lambda _: children.interrupt()) as interruption:
        interruption.attach(children)
        try:
            with told.shown:
                found = certify(bundles, plan, children, watch)
        except Interrupted:
            state.err("interrupted")
            return exits.exit_of_signal(interruption.received)
    if report is not None:
        report.write_text(junit_text(found), "utf-8")
    judged = _told(state, found)
    _advise(state, bundles)
    return judged


def _advise(state: State, bundles: Sequence[Sought]) -> None:
    """Says how runs come to be sealed that are not, and so could not be judged."""
    kept = open_store(state).ids()
    runs = [each.run for each in bundles if each.run is not None and each.run.name in kept]
    for run in runs[:_MAX_ADVICE]:
        state.advise("try", for_unsealed(state, Source(run, sealed=False)))


def _told(state: State, found: Certificate) -> int:
    code = _EXITS[found.judgement]
    if state.json:
        state.document({**found.to_json(), "exit": code})
    else:
        for line in certificate_lines(found, state.console.paint):
            state.out(line)
    return code
