"""What is written for people fits into 80 columns, whatever it is about."""

import os
import pty
import shutil
import struct
import subprocess
import sys
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.cli.columns import columns, padded, pieces
from workc.cli.lines import fold, fold_advice, table

GOLDEN = Path(__file__).parents[1] / "golden/v0.1/basic_success/bundle"
FLIP = '{"FlipByte":{"rel_path":"receipt.json","offset":3,"xor":1}}'
LONG = """\
workc: 1
name: a-workflow-of-a-name-that-is-as-long-as-names-are
description: >-
  Does what a long sentence says, which nobody reads to its end, but which must be shown and must
  not run over the edge of what it is shown on.
inputs:
  base: {type: string}
steps:
  a_step_that_has_quite_a_long_name:
    skill: http_call
    with: {url: "${inputs.base}/busy/items.json"}
    retry: {max_attempts: 3, base_delay_ms: 1}
  another_step_that_has_quite_a_long_name:
    skill: json_transform
    needs: [a_step_that_has_quite_a_long_name]
    with: {data: [1], expression: "[0]"}
verify:
  - {id: a_check_of_a_long_name, that: "length(output.result) > `0` && length(output.result) < `9`"}
output: "${steps.another_step_that_has_quite_a_long_name}"
"""
NOT_VALID = """\
workc: 1
name: broken
steps:
  one: {skill: json_transfrom, with: {data: "${steps.nobody.of_this_name}", expression: "[[[["}}
output: "${steps.one.and.much.more.of.it.than.there.is.in.any.result.of.any.step.whatever}"
"""


@pytest.fixture
def narrow(workc, folder, monkeypatch):
    """A folder with bundles, runs, keys and a proof; lines are as wide as where nobody says it."""
    monkeypatch.delenv("COLUMNS")
    (folder / "long.yaml").write_text(LONG)
    (folder / "broken.yaml").write_text(NOT_VALID)
    shutil.copytree(GOLDEN, folder / "old")
    for command in (
        "run pure.yaml --out good -q",
        "run pure.yaml --out bad -q",
        "keys new release --out keys",
        "keys trust release --dir keys --out trust.json",
        "pack good --out good.workc",
        "prove good --event 3 --out event.json",
        "prove good --file evidence/program.yaml --out file.json",
    ):
        assert workc(*command.split()).exit_code == 0
    (folder / "bad/artifacts/output.json").write_bytes(b"0")
    (folder / "empty").mkdir()
    return folder


#: Each command that writes for people, with and without success.
COMMANDS = """\
--help
check long.yaml --input base=http://127.0.0.1:1/a-rather-long-address-of-some-server/of/nobody
check broken.yaml
run broken.yaml
run long.yaml --input base={base}
run pure.yaml
run good
run nothing.yaml
run pure.yaml --max-parallel 0
run pure.yaml --budget-cents x
run pure.yaml --seed -1
resume last
resume nothing
ls
ls --limit 0
show last
show last --events
show good
show bad
show old
show say
show TIMEOUT
show nowhere/of/all/places
show last nothing
explain last
explain good
explain bad
explain old
explain 2.01
explain BUDGET_EXCEEDED
explain BUNDLE_INVALID
explain CHILD_MISMATCH
explain NO_SUCH_CODE
failures
failures --category RESOURCE
failures NOTHING
schema
schema nothing
verify-bundle --explain-rules
verify-bundle last good bad old empty pure.yaml event.json good.workc nowhere keys .workc good/evidence
verify-bundle good --trust trust.json --require-signature
verify-bundle old --trust trust.json
verify-bundle good --expect-digest 1234
verify-bundle good --expect-digest 0000000000000000000000000000000000000000000000000000000000000000
verify-bundle nothing
verify-bundle
sign last --key keys/release.key.pem
sign good --key keys/release.key.pem
sign bad --key keys/release.key.pem
sign old --key keys/release.key.pem
sign good --key
keys
keys new release --out keys
keys new other --out keys
keys list --dir keys
keys list --dir empty
keys trust nobody --dir keys
keys trust keys/release.key.pem
keys trust release release --threshold 2 --dir keys
replay good
replay bad
replay old
replay last --out again
pack bad --out bad.workc
pack good.workc
pack good --out good/inside.workc
unpack good.workc --out unpacked
unpack pure.yaml --out unpacked-too
prove good --event 1 --out one.json
prove good --event 99 --out two.json
prove good --file evidence/program.yaml --out three.json --content three
prove good --file nothing --out four.json
prove bad --event 1 --out five.json
verify-proof event.json
verify-proof file.json
verify-proof pure.yaml
tamper good --op {flip} --out changed
tamper good --all --budget 900
tamper bad --all
tamper good
"""


def commands(server):
    for line in COMMANDS.splitlines():
        yield [
            word.replace("{base}", server.base_url).replace("{flip}", FLIP) for word in line.split()
        ]


def too_wide(text):
    """Returns the lines that are too wide, but for what is one word of somebody else's."""
    wide = (line for line in text.splitlines() if len(line) > 80)
    return [line for line in wide if len(line.split()) > 1]


def test_no_line_for_people_is_wider_than_80_columns(workc, narrow, server):
    wide = {
        " ".join(words): lines
        for words in commands(server)
        if (lines := too_wide((shown := workc(*words)).stdout) + too_wide(shown.stderr))
    }
    assert wide == {}


def test_columns_and_the_terminal_say_how_wide_a_line_is(narrow):
    def lines(env):
        parent, child = pty.openpty()
        ioctl(child, TIOCSWINSZ, struct.pack("HHHH", 24, 50, 0, 0))
        command = [sys.executable, "-m", "workc", "verify-bundle", "good"]
        done = subprocess.run(command, stdout=child, env={**os.environ, **env}, check=False)
        os.close(child)
        assert done.returncode == 0
        shown = b""
        # The other end is gone: Linux says so with an error, once all was read.
        try:
            while data := os.read(parent, 65536):
                shown += data
        except OSError:
            pass
        os.close(parent)
        return [len(line) for line in shown.decode().split("\r\n") if "digest" not in line]

    assert 40 < max(lines({"TERM": "dumb"})) <= 50
    assert max(lines({"TERM": "dumb", "COLUMNS": "300"})) > 80


WORDS = st.text(st.sampled_from("ab· "), max_size=200)


@given(WORDS, st.integers(20, 90))
def test_a_folded_line_says_the_same_and_only_a_word_is_wider(text, width):
    lines = fold(text, width)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= width or len(line.split()) == 1 for line in lines)


@given(st.lists(st.sampled_from(["a", "--out", "'b c'", "d" * 30]), max_size=20))
def test_a_folded_command_is_read_by_a_shell_as_the_whole_one(words):
    command = " ".join(["workc", *words])
    lines = fold_advice("try", command, 60)
    assert all(len(line) <= 60 for line in lines)
    text = "\n".join(lines).removeprefix("  try: ").replace("workc", "printf '%s\\n'", 1)
    shown = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True).stdout
    assert shown.split("\n")[:-1] == [word.strip("'") for word in words] or not words


def test_the_last_column_of_a_table_is_broken_below_itself():
    rows = [("code", "what it is"), ("A", "a sentence that is too long")]
    assert table(rows, 18) == [
        "code  what it is",
        "A     a sentence",
        "      that is too",
        "      long",
    ]
    assert table([], 80) == []


def test_a_table_whose_columns_find_no_room_is_not_aligned():
    rows = [("code", "where", "what it is"), ("A", "in a far place", "a long sentence of it")]
    assert table(rows, 24) == [
        "code  where  what it is",
        "A  in a far place  a",
        "    long sentence of it",
    ]


def test_runs_fit_into_forty_columns(workc, folder, monkeypatch):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    assert workc("run", "demo.yaml", "--input", "base=http://127.0.0.1:1", "-q").exit_code != 0
    monkeypatch.setenv("COLUMNS", "40")
    shown = workc("ls").stdout
    assert "success" in shown
    assert max(map(len, shown.splitlines())) <= 40


#: Two columns each, none between two of which a line may not end; and what takes none.
CJK = "日本語のとても長い説明文。"


@given(st.text(st.sampled_from(f"ab {CJK}e\u0301·"), max_size=200), st.integers(20, 90))
def test_letters_that_are_wide_are_counted_as_such(text, width):
    lines = fold(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(columns(line) <= width or len(pieces(line.strip())) <= 2 for line in lines)


def test_a_script_without_spaces_is_broken_between_its_letters():
    assert fold("why  " + CJK * 3, 31) == [
        "why  日本語のとても長い説明文。",
        "     日本語のとても長い説明文。",
        "     日本語のとても長い説明文。",
    ]
    assert padded("日本", 6) == "日本  "
    assert table([("日本", "x"), ("ab", "y")], 80) == ["日本  x", "ab    y"]


def test_what_a_workflow_says_in_another_script_fits_into_80_columns(workc, narrow):
    text = LONG.replace("Does what a long sentence says", CJK * 8).replace("[1]", f'["{CJK * 5}"]')
    (narrow / "wide.yaml").write_text(text)
    assert workc("run", "wide.yaml", "--input", "base=http://127.0.0.1:1", "-q").exit_code != 0
    for command in (("show", "last"), ("explain", "last"), ("ls",)):
        lines = workc(*command).stdout.splitlines()
        assert [line for line in lines if columns(line) > 80] == []


def test_a_command_with_a_name_of_64_letters_can_be_copied(workc, narrow):
    name = "a" * 64
    (narrow / "gate.yaml").write_text(
        f"workc: 1\nname: gated\nsteps:\n  {name}:\n    skill: json_transform\n"
        '    with: {data: [1], expression: "[0]"}\n'
        f'    approval: {{question: "Go?"}}\noutput: "${{steps.{name}}}"\n'
    )
    for command in (("run", "gate.yaml"), ("show", "last"), ("explain", "last")):
        shown = workc(*command)
        joined = shown.stderr.replace(" \\\n", " ")
        advised = [line.split() for line in joined.splitlines() if "workc approve" in line]
        assert [words[-4:] for words in advised] == [["--step", name, "--by", "NAME"]]
        assert too_wide(shown.stderr) == []
