import json
import os
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workc.api.published import schema_names, schema_of
from workc.api.published_files import FILES
from workc.api.stage_files import read_stages
from workc.cli.console import wants_color
from workc.cli.group import COMMANDS, cli
from workc.cli.text import json_text, money, printable
from workc.stages import schema

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
EXITS = {0, 1, 2, 3, 4, 5, 6, 7, 8}


EVERY_COMMAND = dict(cli.every_command(click.Context(cli)))


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_every_command_has_help_with_an_example(workc, name):
    shown = workc(*name.split(), "--help")
    assert shown.exit_code == 0
    assert f"Example: workc {name}" in " ".join(shown.stdout.split())
    assert ("--json" in shown.stdout) is not isinstance(EVERY_COMMAND[name], click.Group)


def test_the_help_groups_the_commands(workc):
    lines = workc("--help").stdout.splitlines()
    sections = ["Author:", "Run:", "Test:", "Look:", "Evidence:"]
    assert [line for line in lines if line in sections] == sections


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verfy",), "Did you mean certify or verify-bundle or verify-proof?"),
        (("shw",), "Did you mean show?"),
        (("ls", "--jsn"), "Did you mean '--json'?"),
        (("ls", "--status", "done"), "'done' is not one of"),
        (("show",), "Missing argument"),
        (("zzz",), "no command 'zzz'."),
    ],
)
def test_what_is_misspelt_is_2_with_what_was_meant(workc, arguments, said):
    shown = workc(*arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert said in shown.stderr.replace("(Did", "Did")
    assert "--help" in shown.stderr


def test_a_usage_error_is_a_document_too(workc):
    shown = workc("ls", "--json", "--nope")
    document = shown.document
    assert document["schema"] == "workc.error/1"
    assert (document["ok"], document["exit"], shown.exit_code) == (False, 2, 2)


def test_nothing_asked_shows_the_help_with_2(workc):
    shown = workc()
    assert shown.exit_code == 2
    assert "Evidence:" in shown.stderr


def test_our_bug_is_70_without_a_traceback_unless_it_is_asked_for(folder, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("secret words")

    monkeypatch.setattr("workc.api.store.Store.summaries", broken)
    plain = CliRunner().invoke(cli, ["ls", "--json"])
    assert plain.exit_code == 70
    assert json.loads(plain.stdout)["code"] == "INTERNAL_ERROR"
    assert "please report" in plain.stderr
    assert "Traceback" not in plain.output
    assert "secret words" not in plain.output
    for arguments, env in ((["ls", "--debug"], {}), (["ls"], {"WORKC_DEBUG": "1"})):
        shown = CliRunner().invoke(cli, arguments, env=env)
        assert shown.exit_code == 70
        assert "Traceback" in shown.stderr


def test_a_disk_that_is_full_is_8_and_a_name_that_cannot_be_read_is_2(folder, monkeypatch):
    cases = (
        (OSError(28, "No space left"), 8),
        (PermissionError(13, "no", "x"), 2),
        (OSError(9, "Bad file descriptor"), 8),
    )
    for error, exit_code in cases:

        def broken(*_, error=error):
            raise error

        monkeypatch.setattr("workc.api.store.Store.summaries", broken)
        assert CliRunner().invoke(cli, ["ls"]).exit_code == exit_code


def test_colour_is_decided_by_flag_then_environment_then_terminal():
    cases = [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "0"}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
    ]
    for choice, environment, terminal, expected in cases:
        assert wants_color(choice, environment, is_terminal=terminal) is expected


def test_json_is_never_coloured(workc, bundle):
    assert "\x1b" in workc("verify-bundle", "bundle", "--color", "always").stdout
    assert "\x1b" not in workc("verify-bundle", "bundle", "--color", "always", "--json").stdout
    assert "\x1b" not in workc("verify-bundle", "bundle").stdout


FLIP = '{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":1}}'


ASKS = """\
workc: 1
name: asks
steps: {act: {skill: json_transform, with: {data: 1, expression: "@"}, approval: {question: "Act?"}}}
output: done
"""


STAGE = {
    "name": "name",
    "description": "Gives a name.",
    "signature": {
        "input": {"kind": "Text"},
        "output": {"kind": "Text"},
        "effects": {"effects": ["Pure"]},
    },
    "implementation_code": "def name(x): return x",
    "examples": [{"input": "a", "output": "a"}],
}
#: What no command prints: it is given and taken by ``workc.Runtime``.
OF_PYTHON = {"skill", "contract", "state", "simulation"}


def test_every_document_fits_its_published_schema(workc, bundle, folder, server):
    (folder / "bad.yaml").write_text("workc: 1\n")
    assert workc("keys", "new", "a", "--out", "keys").exit_code == 0
    assert workc("keys", "trust", "keys/a.pub.pem", "--out", "trust.json").exit_code == 0
    (folder / "asks.yaml").write_text(ASKS)
    (folder / "stages").mkdir()
    (folder / "stages/wrong.json").write_text("[]")
    waiting = workc("run", "asks.yaml", "--json").document["run_id"]
    base = f"base={server.base_url}"
    shutil.copytree(bundle, "goldens/v0.2/one/bundle")
    (folder / "stage.json").write_text(json.dumps(STAGE))
    (stage,) = (each.spec.stage.id for each in read_stages([folder / "stage.json"]))
    calls = {
        "outcome": ("run", "demo.yaml", "--input", base),
        "decided": ("approve", waiting, "--by", "ann"),
        "problems": ("run", "bad.yaml"),
        "check": ("check", "demo.yaml"),
        "policy-check": ("policy", "check", "strict"),
        "policy-shown": ("policy", "show", "strict"),
        "policy-explained": ("policy", "explain", "bundle"),
        "suites": ("suite", "list", "--scenarios", str(SCENARIOS)),
        "swarm": ("swarm", "--seeds", "2", "-j", "1", "-q"),
        "stage-tests": ("stage", "test", "stages"),
        "stage-added": ("stage", "add", "stage.json"),
        "stages": ("stage", "list"),
        "stage": ("stage", "get", stage),
        "stage-search": ("stage", "search", "nme"),
        "stage-diff": ("stage", "diff", stage, "stage.json"),
        "stage-moved": ("stage", "activate", stage),
        "stage-docs": ("stage", "docs", "-o", "pages"),
        "stage-signed": ("stage", "sign", stage, "--key", "keys/a.key.pem"),
        "stage-verdict": ("stage", "verify", stage, "--trust", "trust.json"),
        "verdict": ("verify-bundle", "demo.yaml"),
        "trust": ("keys", "trust", "keys/a.pub.pem"),
        "key": ("keys", "new", "b", "--out", "keys"),
        "keys": ("keys", "list", "--dir", "keys"),
        "signed": ("sign", "bundle", "--key", "keys/a.key.pem"),
        "replay": ("replay", "bundle"),
        "certify": ("certify", "bundle", "--environments", "1", "-q"),
        "pack": ("pack", "bundle", "--out", "x.workc"),
        "unpack": ("unpack", "x.workc", "--out", "again"),
        "prove": ("prove", "bundle", "--event", "1", "--out", "p.json"),
        "proof": ("verify-proof", "p.json"),
        "tamper": ("tamper", "bundle", "--all", "--budget", "1", "-q"),
        "tampered": ("tamper", "bundle", "--op", FLIP, "--out", "changed"),
        "golden": ("golden", "check", "goldens"),
        "ls": ("ls",),
        "show": ("show", "last"),
        "step": ("show", "last", "fetch"),
        "events": ("show", "last", "--events"),
        "explain": ("explain", "TIMEOUT"),
        "failures": ("failures",),
        "rules": ("verify-bundle", "--explain-rules"),
        "schemas": ("schema",),
        "error": ("show", "nothing"),
    }
    # What `serve` prints before it ends, which only a signal makes it, test_serve.py compares.
    printed = [name for name in schema_names() if name not in {*OF_PYTHON, "serve"}]
    assert [*FILES, *calls] == printed
    for name, arguments in calls.items():
        published = workc("schema", name).document
        assert published == schema_of(name)
        published.pop("$schema")
        document = workc(*arguments, "--json").document
        assert next(iter(document)) == "schema"
        assert schema.problems(published, document) == []


def test_exit_code_ok_and_text_agree(workc, bundle, folder, server):
    base = server.base_url
    (folder / "bad.yaml").write_text("workc: 1\n")
    for arguments in (
        ("run", "demo.yaml", "--input", f"base={base}"),
        ("run", "demo.yaml", "--input", f"base={base}/x"),
        ("run", "bad.yaml"),
        ("run", "demo.yaml"),
        ("check", "demo.yaml"),
        ("check", "bad.yaml"),
        ("show", "nothing"),
    ):
        shown = workc(*arguments, "--json")
        assert (shown.exit_code == 0) is shown.document["ok"]
        assert ("✗" in shown.stderr) is not shown.document["ok"]
        assert shown.document.get("exit", shown.exit_code) == shown.exit_code


def test_money_is_exact_and_the_unknown_is_no_zero():
    assert [money(m) for m in (0, 1, 460_000, 10**8, -5, None)] == [
        "$0.00",
        "$0.00000001",
        "$0.0046",
        "$1.00",
        "-$0.00000005",
        "—",
    ]


@given(st.text(st.characters()))
def test_no_text_reaches_the_terminal_unescaped(text):
    assert printable(text, 10_000).isprintable()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(JSON_VALUES)
def test_json_text_says_the_same_and_is_printable(value):
    text = json_text(value)
    assert json.loads(text) == value
    assert all(char.isprintable() or char == "\n" for char in text)


def test_bytes_of_names_that_are_no_utf8_are_escaped():
    assert json_text(os.fsdecode(b"a\xff")) == '"a\\\\xff"'
    assert printable(os.fsdecode(b"a\xff")) == "a\\xff"


OPTIONS = ("--json", "--store", "--out", "--input", "--inputs", "--prices", "--seed", "--code")
ODD = (
    "last",
    "fuzz",
    "fuzz.yaml",
    ".",
    "/dev/null",
    "a=b",
    "-1",
    "--",
    "\x00",
    "\udcff",
    "TIMEOUT",
)
WORDS = st.sampled_from([*COMMANDS, *OPTIONS, *ODD])
#: `serve` works until a signal comes; test_serve.py ends it.
ENDING = sorted(COMMANDS.keys() - {"serve"})


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(ENDING), st.lists(WORDS | st.text(max_size=8), max_size=4))
def test_no_arguments_whatever_give_a_traceback(folder, name, arguments):
    result = CliRunner().invoke(cli, [name, *arguments, "--store", "fuzz-store"])
    assert result.exit_code in EXITS
    assert isinstance(result.exception, SystemExit | None)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=64) | st.sampled_from([b"[" * 5000, b"{" * 5000, b"a: &a [*a]", b"\xff"]))
def test_no_file_whatever_gives_a_traceback(folder, bundle, data):
    for name in ("fuzz.yaml", "fuzz.json"):
        (folder / name).write_bytes(data)
    for target in ("events.jsonl", "receipt.json", "manifest.json"):
        (bundle / target).write_bytes(data)
    for arguments in (
        ("check", "fuzz.yaml"),
        ("run", "fuzz.json"),
        ("run", "pure.yaml", "--inputs", "fuzz.json"),
        ("run", "pure.yaml", "--prices", "fuzz.json"),
        ("verify-bundle", "bundle", "fuzz.yaml"),
        ("show", "bundle"),
        ("show", "bundle", "--events"),
        ("explain", "bundle"),
        ("replay", "bundle"),
    ):
        result = CliRunner().invoke(cli, [*arguments, "--store", "fuzz-store"])
        assert result.exit_code in EXITS, arguments
        assert isinstance(result.exception, SystemExit | None)
