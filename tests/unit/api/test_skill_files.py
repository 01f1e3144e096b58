"""Python files that a workflow names stand below its folder."""

import pytest
from click.testing import CliRunner

import workc
from workc import Refusal
from workc.api.programs import find_workflow
from workc.cli.group import cli
from workc.runtime.workflow.problems import InvalidWorkflow

SKILL = "import workc\n@workc.skill(pure=True)\ndef one() -> int:\n    return 1\n"


def workflow(folder, listed):
    folder.mkdir(exist_ok=True)
    file = folder / "flow.yaml"
    file.write_text(f"workc: 1\nname: flow\nskills: [{listed}]\nsteps:\n  a: {{skill: one}}\n")
    return file


def test_a_file_below_the_folder_is_loaded(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/one.py").write_text(SKILL)
    assert workc.Runtime().run(workflow(tmp_path, "parts/one.py")).ok


@pytest.mark.parametrize("listed", ["../one.py", "parts/../../one.py"])
def test_a_file_outside_the_folder_is_refused(tmp_path, listed):
    (tmp_path / "one.py").write_text(SKILL)
    outcome = workc.Runtime().run(workflow(tmp_path / "inner", listed))
    assert outcome.code in {"SKILL_NOT_FOUND", "INVALID_WORKFLOW"}
    assert outcome.run_id is None


def test_a_file_is_executed_once_for_a_run_from_the_command_line(tmp_path, monkeypatch):
    (tmp_path / "one.py").write_text(
        SKILL + "with open('times', 'a') as times:\n    times.write('x')\n"
    )
    file = workflow(tmp_path, "one.py")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(cli, ["run", str(file)]).exit_code == 0
    assert (tmp_path / "times").read_text() == "x"


def problems_of(folder, listed, step="one"):
    file = workflow(folder, listed)
    file.write_text(file.read_text().replace("skill: one", f"skill: {step}"))
    with pytest.raises(InvalidWorkflow) as caught:
        workc.Runtime().load(file)
    return caught.value


def test_each_entry_that_cannot_be_loaded_is_a_problem_with_its_place(tmp_path):
    (tmp_path / "syntax.py").write_text("x = 1\ndef (\n")
    (tmp_path / "raises.py").write_text("x = 1\n\nraise ValueError('no luck')\n")
    (tmp_path / "reads.py").write_text("open('/no/such/file')\n")
    listed = "nope.py, syntax.py, raises.py, reads.py, no_such_module_here"
    found = problems_of(tmp_path, listed)
    assert found.failure.code == "SKILL_NOT_FOUND"
    assert {problem.code for problem in found.problems} == {"SKILL_NOT_FOUND"}
    assert [problem.path for problem in found.problems] == [f"skills[{n}]" for n in range(5)]
    assert [(problem.line, problem.column) for problem in found.problems] == [
        (3, 3 + 7 + listed.index(name)) for name in listed.split(", ")
    ]
    nope, syntax, raises, reads, module = [problem.message for problem in found.problems]
    assert nope == f"there is no file {tmp_path / 'nope.py'}"
    assert "syntax.py, line 2: " in syntax
    assert raises == "raises.py cannot be imported: ValueError: no luck (line 3)"
    assert "FileNotFoundError" in reads
    assert "no_such_module_here" in module


def test_other_problems_of_the_file_are_told_with_those_of_its_code(tmp_path):
    file = workflow(tmp_path, "nope.py")
    file.write_text(file.read_text() + "outptu: 1\n")
    with pytest.raises(InvalidWorkflow) as caught:
        workc.Runtime().load(file)
    assert caught.value.failure.code == "INVALID_WORKFLOW"
    assert len(caught.value.problems) == 2


FLOWS = "import workc\nnumber = 3\n@workc.workflow\nasync def fetch_all(ctx):\n    return 1\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Fetch_All", "did you mean wf.py:fetch_all?"),
        ("fetch_al", "did you mean wf.py:fetch_all?"),
        ("zzz", "its workflows are fetch_all"),
        ("number", "'number' of wf.py is of type int"),
    ],
)
def test_a_name_that_is_no_workflow_says_which_there_are(tmp_path, name, words):
    (tmp_path / "wf.py").write_text(FLOWS)
    with pytest.raises(Refusal, match="INVALID_INPUT") as caught:
        find_workflow(f"wf.py:{name}", tmp_path)
    assert words in caught.value.failure.message


def test_a_file_without_workflows_says_how_to_make_one(tmp_path):
    (tmp_path / "wf.py").write_text("x = 1\n")
    with pytest.raises(Refusal, match=r"make one of a function with @workc\.workflow"):
        find_workflow("wf.py:main", tmp_path)
