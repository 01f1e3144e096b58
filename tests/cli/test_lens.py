"""A lens on the command line: transcripts of check, run, show and explain."""

import pytest

FLOW = """\
workc: 1
name: looks
lens:
  items:
    readme: {file: src/README.md}
    gone: {file: src/gone}
  requires: [readme, gone]
  at_least: {deciding: 400, Committed: 600}
steps:
  say: {skill: json_transform, with: {data: "${lens.readme.text}", expression: "@"}}
output: "${steps.say.result}"
"""


@pytest.fixture
def flow(folder):
    (folder / "src").mkdir()
    (folder / "src/README.md").write_text("hi")
    (folder / "flow.yaml").write_text(FLOW)
    return "flow.yaml"


def test_a_run_tells_what_it_looked_at(workc, flow):
    shown = workc("run", flow, "--root", "src=src")
    assert (shown.exit_code, shown.stdout) == (0, '"hi"\n')
    assert "  ✓ lens  2 items · 1 missing · quality 500 (coverage)\n" in shown.stderr
    told = workc("show", "last").stdout
    assert (
        "\nlens\n"
        "  ✓ lens  2 items · 1 missing · quality 500 (coverage)\n"
        "    coverage 500 · freshness 1000 · conflict 1000 · provenance 900\n"
        "    it takes deciding 400, Committed 600\n"
        "  ✓ readme  file  src/README.md\n"
        "  ✗ gone  file  src/gone  NOT_FOUND\n"
    ) in told
    document = workc("show", "last", "--json").document
    assert document["lens"]["quality"]["aggregate"] == 500
    assert document["lens"]["items"][1] == {
        "item": "gone",
        "how": "file",
        "source": "src/gone",
        "part": None,
        "code": "NOT_FOUND",
        "run_id": None,
        "proof_digest": None,
    }
    explained = workc("explain", "last").stdout
    assert "Before it decided, it looked at 2 items; it could not have gone.\n" in explained
    assert "What it knew so was worth 500 of 1000, the least being its coverage.\n" in explained


def test_evidence_of_another_run_is_told_by_its_run_and_its_digest(workc, flow, folder):
    workc("run", flow, "--root", "src=src")
    first = workc("show", "last", "--json").document
    reads = FLOW.replace("readme: {file: src/README.md}", "readme: {run: last}")
    (folder / "reads.yaml").write_text(reads.replace("looks", "reads"))
    assert workc("run", "reads.yaml", "--root", "src=src").exit_code == 0
    told = workc("show", "last").stdout
    cited = f"    run {first['run_id']}\n      {first['proof_digest']}\n"
    assert f"  ✓ readme  run  last\n  {cited}" in told
    item = workc("show", "last", "--json").document["lens"]["items"][0]
    assert (item["run_id"], item["proof_digest"]) == (first["run_id"], first["proof_digest"])


def test_a_run_that_knows_too_little_fails_and_says_what_is_missing(workc, flow, folder):
    (folder / flow).write_text(FLOW.replace("deciding: 400", "deciding: 600"))
    shown = workc("run", flow, "--root", "src=src")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "✗ LENS_INSUFFICIENT  the lens reaches 500 of the 600" in shown.stderr
    assert "missing are gone: NOT_FOUND" in " ".join(shown.stderr.split())
    assert workc("run", flow, "--root", "src=src", "--json").document["code"] == "LENS_INSUFFICIENT"
    raised = workc("resume", "last", "--budget-cents", "9")
    assert raised.exit_code == 2
    assert "nothing is to be" in raised.stderr


def test_a_typo_in_a_lens_is_told_with_its_line(workc, flow, folder):
    (folder / flow).write_text(FLOW.replace("{file: src/gone}", "{fil: src/gone}"))
    shown = workc("check", flow)
    assert shown.exit_code == 2
    assert 'flow.yaml:6:12: there is no key "fil" here\n' in shown.stderr
    assert "  fix: did you mean file?\n" in shown.stderr


def test_without_its_root_a_lens_lacks_what_it_names_and_a_dry_run_looks_too(workc, flow):
    shown = workc("run", flow)
    assert shown.exit_code == 1
    assert "LENS_INSUFFICIENT" in shown.stderr
    dry = workc("run", flow, "--root", "src=src", "--dry-run")
    assert (dry.exit_code, dry.stdout) == (0, '"hi"\n')
