"""``verify-bundle --stages``: real runs, real tests of stages, and who lies about either."""

import json

import pytest
from click.testing import CliRunner

from workc.cli.group import cli

STAGES = '''\
import workc

@workc.skill(
    pure=True, examples=[{"input": {"names": ["b", "a", "b"]}, "output": ["a", "b"]}]
)
def distinct(names: list[str]) -> list[str]:
    """Returns the names, each once, in rising order."""
    return sorted(set(names))

@workc.skill(pure=True, examples=[{"input": {"names": ["a"]}, "output": "b"}])
def wrong(names: list[str]) -> str:
    """Returns the first name, and declares another."""
    return names[0]

@workc.skill(pure=True)
def loud(text: str) -> str:
    """Returns a text in capitals."""
    return text.upper()
'''
GOOD = """\
workc: 1
name: good
skills: [stages.py]
steps:
  one: {skill: distinct, with: {names: [b, b]}}
  two: {skill: distinct, with: {names: "${steps.one}"}}
  three: {skill: json_transform, with: {data: "${steps.two}", expression: "[0]"}}
output: "${steps.three.result}"
"""
BAD = GOOD.replace("name: good", "name: bad").replace(
    "json_transform, with: {data: \"${steps.two}\", expression: \"[0]\"}",
    'wrong, with: {names: "${steps.two}"}',
).replace("three.result", "three")  # fmt: skip
NAMELESS = BAD.replace("wrong, with: {names: ", "loud, with: {text: ").replace("two}", "two[0]}")
PARENT = """\
workc: 1
name: parent
steps:
  a: {workflow: good.yaml}
output: "${steps.a}"
"""


def report_of(*arguments):
    """Returns what a test of stages reports."""
    found = CliRunner().invoke(cli, ["stage", "test", *map(str, arguments), "--json"])
    return json.loads(found.stdout)


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """The reports of tests of all stages that the runs here call, as one, made once."""
    place = tmp_path_factory.mktemp("tested")
    (place / "stages.py").write_text(STAGES)
    store = ("--store", place / "store")
    own, built_in = report_of(place / "stages.py", *store), report_of("json_transform", *store)
    assert (own["exit"], built_in["exit"]) == (1, 0)
    own["stages"] += built_in["stages"]
    (place / "report.json").write_text(json.dumps(own))
    return place


@pytest.fixture
def run(workc, folder):
    (folder / "stages.py").write_text(STAGES)

    def run(text, out="bundle"):
        name = text.split("\n")[1].split()[1]
        (folder / f"{name}.yaml").write_text(text)
        shown = workc("run", f"{name}.yaml", "--out", out, "-q")
        assert shown.exit_code == 0, shown.stderr
        return folder / out

    return run


def lines(shown):
    """Returns what stands behind the line of stages, marks and details left out."""
    found = shown.stdout.splitlines()
    start = next(i for i, line in enumerate(found) if line.startswith("  stages  "))
    return [found[start].strip(), *(" ".join(line.split()) for line in found[start + 1 :])]


def test_every_stage_of_a_run_was_verified(run, workc, tested):
    bundle = run(GOOD)
    shown = workc("verify-bundle", "bundle", "--stages", tested / "report.json")
    assert (shown.exit_code, shown.stderr) == (0, "")
    ids = json.loads((bundle / "receipt.json").read_bytes())["stages"]["distinct"]
    assert lines(shown) == [
        "stages  2 of 2 verified",
        "✓ verified distinct",
        f"stage {ids['stage_id'][:12]} evidence {ids['evidence_id'][:12]}",
        "✓ verified json_transform",
    ]
    document = workc(
        "verify-bundle", "bundle", "--stages", tested / "report.json", "--json"
    ).document
    assert (document["verdict"], document["stages"]["ok"]) == ("PASS", True)
    first, _ = document["stages"]["stages"]
    assert {name: first[name] for name in ids} == ids
    assert (first["attempts"], first["status"], first["try"]) == (2, "verified", "")


def test_results_that_the_store_keeps_are_reports_too(run, workc, tested):
    run(GOOD)
    for where in (tested / "store", tested / "store" / "stage-tests"):
        shown = workc("verify-bundle", "bundle", "--stages", where)
        assert lines(shown)[0] == "stages  2 of 2 verified"
    shown = workc("verify-bundle", "bundle", "--store", tested / "store", "--stages")
    assert "✓ verified distinct" in lines(shown)


def test_a_stage_that_failed_its_test_is_5_and_names_the_test(run, workc, tested):
    run(BAD)
    shown = workc("verify-bundle", "bundle", "--stages", tested / "report.json")
    assert shown.exit_code == 5
    assert lines(shown)[0] == "stages  1 of 2 verified"
    assert "✗ failed wrong" in lines(shown)
    assert f"try: workc stage test {tested / 'stages.py'}" in shown.stderr


@pytest.mark.parametrize(
    ("where", "said"), [("", "PATH"), ("--record:x", "./--record"), ("a b.py:x", "'a b.py'")]
)
def test_what_to_try_is_a_command_wherever_a_report_says_the_stage_is(
    run, workc, tested, where, said
):
    run(BAD)
    report = json.loads((tested / "report.json").read_text())
    next(each for each in report["stages"] if each["name"] == "wrong")["where"] = where
    with open("other.json", "w", encoding="utf-8") as file:
        json.dump(report, file)
    shown = workc("verify-bundle", "bundle", "--stages", "other.json")
    assert (shown.exit_code, shown.stderr) == (5, f"  try: workc stage test {said}\n")


def test_a_skill_that_the_bundle_names_no_stage_of_is_6(run, workc, tested):
    run(NAMELESS)
    shown = workc("verify-bundle", "bundle", "--stages", tested / "report.json")
    assert shown.exit_code == 6
    assert "? unnamed loud" in lines(shown)
    assert "try: @workc.skill(examples=[...]), and run it again" in shown.stderr


def test_a_stage_that_was_changed_since_its_test_is_stale(run, workc, folder, tested):
    (folder / "stages.py").write_text(STAGES.replace("sorted(set(names))", "sorted({*names})"))
    run(GOOD)
    shown = workc("verify-bundle", "bundle", "--stages", tested / "report.json")
    assert shown.exit_code == 6
    assert "? stale distinct" in lines(shown)
    assert "try: workc stage test PATH --json > report.json" in shown.stderr


def test_a_report_about_something_else_leaves_stages_untested(run, workc, tested):
    run(GOOD)
    report = json.loads((tested / "report.json").read_text())
    report["stages"] = [each for each in report["stages"] if each["name"] == "wrong"]
    with open("other.json", "w", encoding="utf-8") as file:
        json.dump(report, file)
    shown = workc("verify-bundle", "bundle", "--stages", "other.json")
    assert shown.exit_code == 6
    assert [line for line in lines(shown) if line.startswith("?")] == [
        "? untested distinct",
        "? untested json_transform",
    ]
    both = workc(
        "verify-bundle", "bundle", "--stages", "other.json", "--stages", tested / "report.json"
    )
    assert both.exit_code == 0


def test_a_bundle_whose_ids_are_forged_does_not_pass(run, workc, tested):
    bundle = run(BAD)
    ids = json.loads((bundle / "receipt.json").read_bytes())["stages"]
    good, bad = ids["distinct"], ids["wrong"]
    for name in ("events.jsonl", "receipt.json"):
        text = (bundle / name).read_text()
        for each in good:
            text = text.replace(bad[each], good[each])
        (bundle / name).write_text(text)
    shown = workc("verify-bundle", "bundle", "--stages", tested / "report.json")
    assert (shown.exit_code, "  stages  " in shown.stdout) == (5, False)


def test_a_report_that_says_other_code_of_the_same_ids_contradicts_the_bundle(run, workc, tested):
    run(GOOD)
    report = json.loads((tested / "report.json").read_text())
    next(each for each in report["stages"] if each["name"] == "distinct")["implementation_hash"] = (
        "0" * 64
    )
    with open("other.json", "w", encoding="utf-8") as file:
        json.dump(report, file)
    shown = workc("verify-bundle", "bundle", "--stages", "other.json")
    assert shown.exit_code == 5
    assert "✗ contradicted distinct" in lines(shown)
    assert "try: workc replay bundle" in shown.stderr


NAMESAKE = """\
import workc
from tidying_up import distinct as unique

@workc.workflow(name="distinct")
async def flow(ctx: workc.WorkflowContext) -> list[str]:
    return await ctx.call(unique, names=["b", "b"])
"""


def test_a_workflow_with_the_name_of_a_skill_from_another_file_is_refused(
    workc, folder, monkeypatch
):
    """Its code would stand beside the ids of the skill, so the bundle would seem to lie."""
    monkeypatch.syspath_prepend(str(folder))
    (folder / "tidying_up.py").write_text(STAGES)
    (folder / "flow.py").write_text(NAMESAKE)
    shown = workc("run", "flow.py:flow", "--out", "bundle")
    assert (shown.exit_code, "rename one of them" in " ".join(shown.stderr.split())) == (2, True)
    (folder / "flow.py").write_text(NAMESAKE.replace('(name="distinct")', ""))
    assert workc("run", "flow.py:flow", "--out", "bundle").exit_code == 0


def test_stages_of_children_are_checked_with_theirs(run, workc, folder, tested):
    (folder / "good.yaml").write_text(GOOD)
    run(PARENT)
    report = tested / "report.json"
    alone = workc("verify-bundle", "bundle", "--stages", report)
    assert alone.exit_code == 6
    assert "the runs that it started were not looked at: --recursive" in alone.stdout
    family = workc("verify-bundle", "bundle", "--recursive", "--stages", report)
    assert family.exit_code == 0
    assert lines(family)[0] == "stages  2 of 2 verified"


def test_a_skill_that_is_called_like_a_child_is_a_skill(run, workc, folder, tested):
    named = STAGES.replace("@workc.skill(pure=True)", '@workc.skill(pure=True, name="workflow:x")')
    text = NAMELESS.replace("skill: loud", 'skill: "workflow:x"')
    (folder / "stages.py").write_text(named)
    run(text)
    shown = workc("verify-bundle", "bundle", "--stages", tested / "report.json")
    assert shown.exit_code == 6
    assert "? unnamed workflow:x" in lines(shown)


def test_what_is_no_report_is_2(run, workc, folder):
    run(GOOD)
    (folder / "empty").mkdir()
    for where in ("good.yaml", "nowhere.json", "empty"):
        shown = workc("verify-bundle", "bundle", "--stages", where)
        assert (shown.exit_code, shown.stdout) == (2, "")
        assert "INVALID_INPUT" in shown.stderr
    shown = workc("verify-bundle", "bundle", "--stages")
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert "no test of a stage has left a result" in shown.stderr


def test_a_replay_with_another_stage_names_it(run, workc, folder):
    reads = 'json.loads(Path(__file__).with_name("claims.json").read_text())'
    head = "import json\nfrom pathlib import Path\n"
    own = '[{"input": {"names": ["b", "a", "b"]}, "output": ["a", "b"]}]'
    (folder / "stages.py").write_text(head + STAGES.replace(own, reads, 1))
    (folder / "claims.json").write_text(own)
    run(GOOD)
    assert workc("replay", "bundle").exit_code == 0
    (folder / "claims.json").write_text(own.replace("b", "c"))
    shown = workc("replay", "bundle")
    assert shown.exit_code == 4
    assert "CODE_CHANGED  the stage distinct is not the stage that was recorded" in shown.stdout
    (folder / "claims.json").write_text("[]")
    assert "now       no stage" in workc("replay", "bundle").stdout


def test_a_replay_names_a_stage_that_was_none_if_the_run_named_others(run, workc, folder):
    """A bundle from which the ids of one stage were taken out says no less than one that never had them."""
    own = 'examples=[{"input": {"names": ["a"]}, "output": "b"}]'
    given = 'examples=json.loads(Path(__file__).with_name("claims.json").read_text())'
    head = "import json\nfrom pathlib import Path\n"
    (folder / "stages.py").write_text(head + STAGES.replace(own, given))
    (folder / "claims.json").write_text("[]")
    run(BAD)
    assert workc("replay", "bundle").exit_code == 0
    (folder / "claims.json").write_text('[{"input": {"names": ["a"]}, "output": "a"}]')
    shown = workc("replay", "bundle")
    assert shown.exit_code == 4
    assert "CODE_CHANGED  the stage wrong is not the stage that was recorded" in shown.stdout
    assert "recorded  no stage" in shown.stdout


def test_show_and_explain_tell_the_stages_that_ran(run, workc):
    bundle = run(GOOD)
    ids = json.loads((bundle / "receipt.json").read_bytes())["stages"]["distinct"]
    shown = workc("show", "bundle")
    assert (
        f"distinct  stage {ids['stage_id'][:12]}  evidence {ids['evidence_id'][:12]}"
        in shown.stdout
    )
    assert workc("show", "bundle", "--json").document["stages"] == [{"name": "distinct", **ids}]
    assert f"distinct (evidence {ids['evidence_id'][:12]})" in workc("explain", "bundle").stdout


def test_a_run_of_skills_without_examples_says_nothing_of_stages(bundle, workc):
    assert "stages" not in json.loads((bundle / "receipt.json").read_bytes())
    assert "stages" not in workc("show", "bundle").stdout
    assert "stages" not in workc("explain", "bundle").stdout
