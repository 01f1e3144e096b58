"""The commands of ``workc``: finds the one that is meant, runs it, turns whatever happens into an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from workc.cli import exits
from workc.cli.errors import report
from workc.cli.lazy import Entry, LazyGroup
from workc.cli.state import State
from workc.kernel.failure import refuse
from workc.kernel.version import __version__

_WHERE = "workc.cli.commands."
#: Every command: its section in the help, its module and its line there.
COMMANDS = {
    "check": Entry("Author", _WHERE + "check", "Audit a workflow before it costs anything."),
    "policy": Entry("Author", _WHERE + "policy", "Check, print and explain policies."),
    "stage": Entry("Author", _WHERE + "stage", "Keep, find, compare and test stages."),
    "schema": Entry(
        "Author", _WHERE + "schema", "Print the JSON Schema of a file or of an output."
    ),
    "run": Entry("Run", _WHERE + "run", "Run a workflow file or function and seal its bundle."),
    "resume": Entry("Run", _WHERE + "resume", "Continue a run that was interrupted or waits."),
    "approve": Entry("Run", _WHERE + "approve", "Let a step begin that waits for a human."),
    "deny": Entry("Run", _WHERE + "deny", "Keep a step from beginning that waits for a human."),
    "scenario": Entry(
        "Test", _WHERE + "scenario", "Run scenarios and compare what becomes of them."
    ),
    "suite": Entry("Test", _WHERE + "suite", "List and run suites of scenarios and goldens."),
    "swarm": Entry("Test", _WHERE + "swarm", "Run random scenarios with faults, many of them."),
    "ls": Entry("Look", _WHERE + "ls", "List the runs of the store."),
    "show": Entry("Look", _WHERE + "show", "Show what happened in a run, or in one of its steps."),
    "serve": Entry("Look", _WHERE + "serve", "Serve metrics of the store's runs over HTTP."),
    "explain": Entry("Look", _WHERE + "explain", "Explain a failure code or a run in plain words."),
    "failures": Entry("Look", _WHERE + "failures", "List the catalog of failure codes."),
    "verify-bundle": Entry(
        "Evidence", _WHERE + "verify_bundle", "Decide whether bundles are what was sealed."
    ),
    "sign": Entry("Evidence", _WHERE + "sign", "Sign a bundle that verifies."),
    "keys": Entry("Evidence", _WHERE + "keys", "Make and list keys; make trust files."),
    "replay": Entry("Evidence", _WHERE + "replay", "Re-execute a bundle and compare every byte."),
    "certify": Entry(
        "Evidence", _WHERE + "certify", "Replay many bundles in several environments."
    ),
    "pack": Entry("Evidence", _WHERE + "pack", "Write a bundle as one file."),
    "unpack": Entry("Evidence", _WHERE + "unpack", "Write the files of an archive into a folder."),
    "prove": Entry("Evidence", _WHERE + "prove", "Show one event or one file without the rest."),
    "verify-proof": Entry(
        "Evidence", _WHERE + "verify_proof", "Decide whether an event or file is in a bundle."
    ),
    "tamper": Entry(
        "Evidence", _WHERE + "tamper", "Change a copy, or prove that changes are found."
    ),
    "golden": Entry("Evidence", _WHERE + "golden", "Keep bundles that must verify for ever."),
}
_HELP = """Run agent work under a hard budget and leave evidence anyone can check.

\b
  workc check digest.yaml
  workc run digest.yaml --input base=http://127.0.0.1:8000
  workc show last

Results go to stdout, everything else to stderr. Every option can be set by the environment, such
as WORKC_STORE or WORKC_RUN_BUDGET_CENTS.
"""


class Cli(LazyGroup):
    """The group of all commands; its errors are reported by this package, not by click."""

    def invoke(self, ctx: click.Context) -> object:
        """Returns what the command exits with; ``sys.exit`` in the code it runs is a failure of that.

        Raises:
            Refusal: ``SKILL_FAILED``, then.
        """
        try:
            code: object = super().invoke(ctx)
        except SystemExit:
            raise refuse("SKILL_FAILED", "the code that was run called sys.exit") from None
        return code

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's signature
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002 - click's signature
        **extra: object,
    ) -> NoReturn:
        """Runs the command line and exits."""
        given = list(sys.argv[1:] if args is None else args)
        state = State()
        try:
            code = super().main(
                given, prog_name or "workc", complete_var, standalone_mode=False, obj=state
            )
        except (click.Abort, KeyboardInterrupt):
            state.err("interrupted")
            code = exits.SIGINT
        except Exception as error:  # noqa: BLE001 - the boundary: no traceback leaves it
            _prepare(state, given)
            code = _reported(state, error)
        finally:
            state.streams.close()
        ended = code if isinstance(code, int) else exits.OK
        sys.exit(exits.UNAVAILABLE if ended == exits.OK and state.streams.lost else ended)


def _reported(state: State, error: Exception) -> int:
    try:
        return report(state, error)
    except Exception:  # noqa: BLE001 - nothing is left to say it with
        return exits.BUG


def _prepare(state: State, given: Sequence[str]) -> None:
    """Takes from the arguments what click did not come to when it could not read them."""
    state.json = state.json or "--json" in given
    state.debug = state.debug or state.environment.get("WORKC_DEBUG", "") not in {"", "0"}


cli = click.version_option(__version__, message="workc %(version)s")(
    Cli("workc", COMMANDS, help=_HELP)
)
cli.context_settings = {"auto_envvar_prefix": "WORKC", "help_option_names": ["-h", "--help"]}
