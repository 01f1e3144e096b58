"""What is told of less simple runs: money, partial success, secrets, large bodies, no answer."""

import json

import pytest

from workc.api import named_file
from workc.testkit.servers import Reply

ANSWER = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-mini",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi!"}}
    ],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
}
JSON = (("content-type", "application/json"),)
PARTIAL = """\
workc: 1
name: halves
inputs: {base: {type: string}}
secrets: [SHOP_TOKEN]
steps:
  good: {skill: http_call, with: {url: "${inputs.base}/items.json?key=${secrets.SHOP_TOKEN}"}}
  bad: {skill: http_call, with: {url: "${inputs.base}/nothing"}}
output: {status: "${steps.good.status}"}
"""


def test_what_a_model_call_cost_is_shown_everywhere(workc, folder, server, model_text):
    server.replies["/chat/completions"] = Reply(body=json.dumps(ANSWER).encode(), headers=JSON)
    (folder / "ask.yaml").write_text(model_text)
    env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.base_url}
    shown = workc("run", "ask.yaml", "--json", env=env)
    assert shown.exit_code == 0
    # 10 x $0.15 and 5 x $0.60 per million tokens.
    assert shown.document["cost_micro_cents"] == 450
    assert "  ✓ one       llm_invoke" in shown.stderr
    assert "$0.0000045" in shown.stderr
    assert "spent $0.0000045 of $0.05" in workc("show", "last").stdout
    assert "openai /chat/completions → 200" in workc("show", "last").stdout
    assert workc("ls").stdout.splitlines()[1].endswith("✓ success  $0.0000045  ask")
    assert "It spent $0.0000045 of at most $0.05." in workc("explain", "last").stdout


def test_a_partial_success_is_no_success_but_its_output_is_printed(workc, folder, server):
    (folder / "halves.yaml").write_text(PARTIAL)
    env = {"SHOP_TOKEN": "tip-top-secret"}
    shown = workc("run", "halves.yaml", "--input", f"base={server.base_url}", env=env)
    assert shown.exit_code == 1
    assert shown.document == {"status": 200}
    assert "partial NOT_FOUND · spent" in shown.stderr
    text = workc("show", "last").stdout
    assert text.startswith("✗ halves · partial  NOT_FOUND · not verified\n")
    assert "key=${secrets.SHOP_TOKEN} → 200" in text
    for command in ("show", "explain"):
        assert "tip-top-secret" not in workc(command, "last", "--json").stdout
    explained = workc("explain", "last", "--json").document
    assert "It succeeded in part" in " ".join(explained["sentences"])
    assert explained["failure"]["code"] == "NOT_FOUND"


def test_an_effect_without_an_answer_shows_its_code(workc, server, folder):
    (folder / "reset.yaml").write_text(
        "workc: 1\nname: reset\nsteps:\n  a:\n    skill: http_call\n"
        f"    with: {{url: '{server.base_url}/reset'}}\n    retry: {{max_attempts: 1}}\n"
    )
    server.replies["/reset"] = Reply(then="reset", length=9)
    shown = workc("run", "reset.yaml")
    assert shown.exit_code == 8
    assert f"GET {server.base_url}/reset → CONNECTION_RESET" in workc("show", "last").stdout
    answered = workc("show", "last", "a", "--json").document["records"][1]
    assert answered["failure"]["code"] == "CONNECTION_RESET"


def test_a_long_body_is_cut_and_says_how_much_is_missing(workc, folder):
    (folder / "in.json").write_text(json.dumps({"word": "x" * 100_000}))
    assert workc("run", "pure.yaml", "--inputs", "in.json", "-q").exit_code == 0
    text = workc("show", "last").stdout
    assert "characters more)" in text
    assert len(text) < 10_000
    step = workc("show", "last", "say", "--json").stdout
    assert "bytes more)" in step
    assert len(step) < 100_000


def test_a_run_that_was_interrupted_is_explained_with_how_to_go_on(workc, folder):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    run = next(folder.glob(".workc/runs/*"))
    for path in sorted((run / "bundle").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (run / "bundle").rmdir()
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (run / "journal.jsonl").write_bytes(b"".join(lines[:3]))
    told = workc("explain", "last")
    assert "It was interrupted before its end; what it did is kept." in told.stdout
    assert f"  try: workc resume {run.name}\n" in told.stderr
    shown = workc("resume", "last", "--out", "copy")
    assert (shown.exit_code, shown.document) == (0, {"result": "hi"})
    assert workc("verify-bundle", "copy").exit_code == 0


def test_a_broken_journal_is_shown_as_far_as_it_goes_and_refused_by_resume(workc, folder):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    run = next(folder.glob(".workc/runs/*"))
    (run / "bundle").rename(folder / "away")
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"Lens", b"Lenz")
    (run / "journal.jsonl").write_bytes(b"".join(lines))
    shown = workc("show", "last")
    assert shown.exit_code == 0
    assert "line 3 of the journal" in shown.stdout
    refused = workc("resume", "last", "--json")
    assert (refused.exit_code, refused.document["code"]) == (5, "JOURNAL_CORRUPT")


def test_schemas_are_listed_and_a_misspelt_one_is_named(workc):
    head, first, *_ = workc("schema").stdout.splitlines()
    assert head.split() == ["name", "what", "it", "describes"]
    assert first.split(maxsplit=1)[0] == "workflow"
    assert "A workflow: steps that use skills" in first
    shown = workc("schema", "outcom")
    assert shown.exit_code == 2
    assert "did you mean outcome?" in shown.stderr


def test_a_file_is_read_up_to_the_limit_and_no_further(folder, monkeypatch, workc):
    monkeypatch.setattr(named_file, "MAX_FILE_BYTES", 100)
    (folder / "at.yaml").write_bytes(b"#" * 100)
    (folder / "past.yaml").write_bytes(b"#" * 101)
    assert "is larger than 100 bytes" not in workc("run", "at.yaml").stderr
    shown = workc("run", "past.yaml")
    assert shown.exit_code == 2
    assert "is larger than 100 bytes" in shown.stderr


@pytest.mark.parametrize("name", [".", "no/such/folder.yaml", "\x00"])
def test_what_is_no_file_is_refused_by_name(workc, name):
    shown = workc("run", name)
    assert shown.exit_code == 2
    assert shown.stderr.startswith("✗ INVALID_INPUT")


def test_inputs_of_a_function_are_typed_by_its_schema(workc, folder):
    (folder / "typed_flow.py").write_text(
        "import workc\n\n@workc.workflow\n"
        "async def main(ctx, words: list[str], text: str, flag: bool = False):\n"
        "    return {'words': words, 'text': text, 'flag': flag}\n"
    )
    given = ("--input", 'words=["a"]', "--input", "text=[1]", "--input", "flag=true")
    shown = workc("run", "typed_flow.py:main", *given, "-q")
    assert shown.document == {"words": ["a"], "text": "[1]", "flag": True}
    wrong = workc("run", "typed_flow.py:main", "--input", "words={", "--input", "text=a")
    assert wrong.exit_code == 2
    unknown = workc("run", "typed_flow.py:main", *given, "--input", "other=1")
    assert unknown.exit_code == 2


@pytest.fixture
def damaged(workc, folder):
    """Returns the id of a run whose journal is damaged in its third line."""
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    run = next(folder.glob(".workc/runs/*"))
    (run / "bundle").rename(folder / "away")
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (run / "journal.jsonl").write_bytes(b"".join([*lines[:2], b"{}\n", *lines[3:]]))
    return run.name


def test_a_run_with_a_damaged_journal_is_not_sent_to_resume(workc, damaged):
    shown = workc("show", "last")
    assert "interrupted  JOURNAL_CORRUPT" in shown.stdout
    assert shown.stdout.count("line 3 of the journal") == 1
    assert "  try: workc explain JOURNAL_CORRUPT\n" in shown.stderr
    (run,) = workc("ls", "--json").document["runs"]
    assert (run["status"], run["code"]) == ("interrupted", "JOURNAL_CORRUPT")
    told = workc("explain", "last")
    assert "What to do: Keep the folder as it is and start a new run" in told.stdout
    verified = workc("verify-bundle", "last")
    assert verified.exit_code == 2
    for each in (shown, told, verified):
        assert "resume" not in each.stderr
    assert f"  try: workc show {damaged}\n" in verified.stderr
    assert workc("approve", "last", "--by", "ann").exit_code == 5


def test_last_is_the_first_that_ls_lists(workc, folder):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    empty = folder / ".workc" / "runs" / "zzzz"
    empty.mkdir()
    (empty / "journal.jsonl").write_bytes(b"")
    (run,) = workc("ls", "--json").document["runs"]
    assert workc("show", "last", "--json").document["run_id"] == run["run_id"]
    for command in ("explain", "verify-bundle", "replay", "resume"):
        assert workc(command, "last").exit_code == 0
    (folder / ".workc" / "runs" / run["run_id"]).rename(folder / "away")
    shown = workc("show", "last")
    assert shown.exit_code == 2
    assert "there are no runs in .workc" in shown.stderr


@pytest.mark.parametrize(("attempt", "note"), [(1, None), (3, "injected, but never reached: ")])
def test_an_injected_failure_that_never_came_is_told_at_the_end(workc, attempt, note):
    injection = f"say:{attempt}:TIMEOUT"
    shown = workc("run", "pure.yaml", "--inject", injection)
    warned = [line for line in shown.stderr.splitlines() if line.startswith("! warning")]
    assert warned == ([] if note is None else [f"! warning  {note}{injection}"])
    told = f"{note or 'failures were injected: '}{injection}"
    assert workc("show", "last", "--json").document["notes"] == [told]


def test_an_explanation_has_one_full_stop_a_sentence(workc):
    shown = workc("run", "pure.yaml", "--inject", "say:1:TRANSFORM_FAILED", "-q")
    assert shown.exit_code == 1
    assert ".." not in workc("explain", "last").stdout
