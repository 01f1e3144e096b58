"""Python files that a workflow names stand below its folder."""

import pytest
from click.testing import CliRunner

import workc
from workc.cli.main import cli

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
