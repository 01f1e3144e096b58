"""What a command says next when it cannot do what it was asked."""

import re

import pytest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", ""), "FILE is empty"),
        (("run", "pure.yaml", "--out", ""), "the name of the folder is empty"),
        (("ls", "--store", ""), "the name of the folder is empty"),
        (("ls", "--store", "pure.yaml"), "the store pure.yaml is no folder"),
        (("show", "last", "--store", "pure.yaml"), "the store pure.yaml is no folder"),
        (("--json", "ls"), "--json goes after the command"),
        (("run", "dangling.yaml"), "dangling.yaml is a link to gone.yaml"),
        (("check", "dangling.yaml"), "dangling.yaml is a link to gone.yaml"),
        (("run", "pure.yaml", "--input", "word=1", "--input", "word=2"), "'word' twice"),
        (("check", "pure.yaml", "--input", "word=1", "--input", "word=2"), "'word' twice"),
        (("run", "."), "is no file"),
        (("run", "pure.yaml", "--inputs", "pure.yaml"), "pure.yaml"),
        (("run", "pure.yaml", "--out", "full"), "is there already"),
        (("verify-bundle", "pure.yaml", "--expect-digest", "x"), "64 hex digits"),
        (("run", "wf.py:"), "neither"),
    ],
)
def test_what_is_refused_is_2_with_the_reason_and_what_to_type(workc, folder, arguments, said):
    (folder / "dangling.yaml").symlink_to("gone.yaml")
    (folder / "wf.py").write_text("")
    (folder / "full").mkdir()
    (folder / "full" / "file").write_text("")
    shown = workc(*arguments)
    assert (shown.exit_code, shown.stdout if "--json" not in arguments else "") == (2, "")
    assert said in shown.stderr
    assert "  try: " in shown.stderr
    assert "hint: The details" not in shown.stderr


def test_a_run_that_had_not_begun_points_to_what_can_be_done(workc, folder):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    empty = folder / ".workc" / "runs" / "zzzz"
    empty.mkdir()
    (empty / "journal.jsonl").write_bytes(b"")
    shown = workc("resume", "zzzz")
    assert shown.exit_code == 2
    assert "had not begun" in shown.stderr
    assert "try: workc run FILE" in shown.stderr


def test_what_offline_denies_points_to_offline(workc, server):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--offline")
    assert "EXTERNAL_CALL_BLOCKED" in shown.stderr
    assert "without --offline" in shown.stderr
    assert "--allow-private" not in shown.stderr


def test_a_workflow_without_a_description_is_named_once(workc, bundle):
    assert "\n  for " not in workc("show", "bundle").stdout
    first = workc("explain", "bundle").stdout.splitlines()[0]
    assert first.count("pure") == 1


def test_a_replay_with_edited_code_names_it_once_and_the_difference_first(workc, folder, flow_text):
    path = folder / "edited_flow.py"
    path.write_text(flow_text)
    assert workc("run", "edited_flow.py:main", "--input", "n=4", "-q").exit_code == 0
    path.write_text(flow_text.replace("n * 2", "n * 3"))
    lines = workc("replay", "last").stdout.splitlines()
    assert lines[0].startswith("REPLAY_DIVERGED")
    assert sum("CODE_CHANGED" in line for line in lines) == 1
    assert "differs" in lines[-1]
    path.write_text(flow_text + "# Only a remark.\n")
    shown = workc("replay", "last")
    assert shown.exit_code == 4
    assert "every byte is the same, but the code is not" in shown.stdout


@pytest.mark.parametrize("command", ["resume {}", "approve {} --by ann", "show {}"])
def test_a_beginning_that_several_runs_have_says_how_many_and_lists_their_store(
    workc, folder, command
):
    for _ in range(7):
        assert workc("run", "pure.yaml", "-q", "--store", "kept").exit_code == 0
    shown = workc(*command.format("0").split(), "--store", "kept")
    assert shown.exit_code == 2
    assert " and 2 others\n" in shown.stderr
    assert re.search(r"^  try: workc ls.* --store kept$", shown.stderr, re.MULTILINE)
