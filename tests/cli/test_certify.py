"""``workc certify``: many bundles, each replayed in processes of their own in several environments."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]

SKILLS = '''\
import os
import signal
import time
from pathlib import Path

import workc


@workc.skill(pure=True)
def by_hash() -> str:
    """Gives a letter that depends on the hash seed."""
    return min("no", key=hash)


@workc.skill(pure=True)
def by_encoding(path: str) -> int:
    """Counts characters as the locale decodes them."""
    return len(Path(path).read_text(errors="replace"))


@workc.skill(pure=True)
def by_mark(folder: str) -> int:
    """Does what a file of the folder says, once there is one."""
    mark = Path(folder) / "mark"
    if not mark.exists():
        return 1
    match mark.read_text():
        case "exit":
            print("the last line")
            os._exit(0)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            (Path(folder) / "hangs").touch()
            while True:
                pass
    return 1


@workc.skill
def opaque() -> float:
    """Tells the time, which only its record holds."""
    return time.time()
'''
ONE = "workc: 1\nname: one\nskills: [certified.py]\nsteps: {a: {skill: SKILL, with: {WITH}}}\noutput: '${steps.a}'\n"


@pytest.fixture
def made(workc, folder):
    """Returns a function: a bundle in the folder of that name of a run of one skill."""

    def make(name, skill, given=""):
        (folder / "certified.py").write_text(SKILLS)
        (folder / f"{name}.yaml").write_text(ONE.replace("SKILL", skill).replace("WITH", given))
        assert workc("run", f"{name}.yaml", "-q", "--out", name).exit_code == 0
        return folder / name

    return make


@pytest.fixture
def certify(workc):
    """Returns a function: the document of a certification, in one environment if not said."""

    def run(*arguments, environments=1):
        shown = workc("certify", *arguments, "--environments", environments, "-q", "--json")
        assert shown.document["exit"] == shown.exit_code
        return shown.document

    return run


def test_every_byte_is_the_same_in_every_environment_and_nobody_is_asked(workc, server, folder):
    base = server.base_url
    for _ in range(2):
        assert workc("run", "demo.yaml", "--input", f"base={base}", "-q").exit_code == 0
    asked = len(server.requests)
    shown = workc("certify", ".workc", "--jobs", 2)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[:4] == [
        "environment 1  PYTHONHASHSEED=0 TZ=UTC0 LC_ALL=C.UTF-8",
        "environment 2  PYTHONHASHSEED=2654435769 TZ='<+14>-14' LC_ALL=C",
        "               PYTHONCOERCECLOCALE=0 PYTHONUTF8=0",
        lines[3],
    ]
    assert lines[3].startswith("environment 3  PYTHONHASHSEED=1013904242 TZ='<-12>12' LC_ALL=")
    assert lines[-1] == "✓ 6 of 6 replays identical · 2 bundles · 3 environments"
    assert sum(line.endswith("  3 of 3     0       ✓ identical") for line in lines) == 2
    assert max(map(len, lines)) <= 80
    assert shown.stderr == "6 of 6 replays done\n"
    assert len(server.requests) == asked


def test_what_depends_on_the_environment_is_named_with_the_environment(made, workc, folder):
    (folder / "text").write_bytes("é".encode())
    bundles = [made("h", "by_hash"), made("e", "by_encoding", f"path: '{folder / 'text'}'")]
    shown = workc("certify", *bundles, "--environments", 4, "-q", "--json")
    assert shown.exit_code == 4
    hashed, encoded = shown.document["bundles"]
    assert 0 < hashed["identical"] < 4
    assert [replay["judgement"] for replay in encoded["replays"]] == ["identical", "differs"] * 2
    (found,) = encoded["replays"][1]["divergences"]
    assert (found["step"], found["pointer"]) == ("a", "/value/inline")
    assert (found["recorded"], found["now"]) == ("1", "2")
    text = workc("certify", "e", "--environments", 2, "-q").stdout
    assert "e  in environment 2 alone\n  REPLAY_DIVERGED  SkillExecuted of step a differs" in text
    assert text.endswith("✗ 1 of 2 replays identical · 1 bundle · 2 environments\n")


@pytest.mark.parametrize(
    ("mark", "judgement", "exit_code", "message"),
    [
        ("exit", "differs", 4, "the replay ended its process with 0 and gave no report; its last"),
        ("crash", "differs", 4, "the replay was ended by SIGSEGV"),
        ("kill", "unjudged", 6, "the replay was ended by SIGKILL"),
    ],
)
def test_a_replay_that_ends_its_process_is_a_finding(
    made, certify, folder, mark, judgement, exit_code, message
):
    made("m", "by_mark", f"folder: '{folder}'")
    made("fine", "by_mark", f"folder: '{folder / 'elsewhere'}'")
    assert certify("m")["ok"] is True
    (folder / "mark").write_text(mark)
    found = certify("m", "fine")
    assert (found["judgement"], found["exit"]) == (judgement, exit_code)
    (replay,) = found["bundles"][0]["replays"]
    assert message in replay["divergences"][0]["message"]
    assert found["bundles"][1]["judgement"] == "identical", "the others are replayed all the same"


def test_a_replay_that_does_not_end_in_its_time_cannot_be_judged(made, certify, folder):
    made("m", "by_mark", f"folder: '{folder}'")
    (folder / "mark").write_text("hang")
    found = certify("m", "--timeout", 1)
    assert (found["judgement"], found["exit"]) == ("unjudged", 6)
    (replay,) = found["bundles"][0]["replays"]
    (divergence,) = replay["divergences"]
    assert (replay["exit"], divergence["code"]) == (None, "TIMEOUT")
    assert divergence["message"] == "the replay did not end within 1 s"


def test_what_is_proven_bad_is_worse_than_what_differs(made, certify, folder):
    made("h", "by_hash")
    bad = shutil.copytree("h", folder / "bad")
    (bad / "evidence/inputs.json").write_bytes(b"{ }")
    found = certify("h", "bad", environments=3)
    assert (found["exit"], found["judgement"]) == (5, "bad")
    divergences = found["bundles"][1]["replays"][0]["divergences"]
    assert "CAPTURE_EDITED" in [each["code"] for each in divergences]


def test_missing_unused_and_edited_captures_and_changed_code_are_each_named(made, certify, folder):
    made("one", "by_mark", f"folder: '{folder}'")
    changes = {
        "CAPTURE_MISSING": lambda bundle: (bundle / "evidence/inputs.json").unlink(),
        "CAPTURE_UNUSED": lambda bundle: (bundle / "evidence/more.json").write_bytes(b"{}"),
        "CAPTURE_EDITED": lambda bundle: (bundle / "evidence/prices.json").write_bytes(b"{}"),
    }
    for code, change in changes.items():
        change(shutil.copytree("one", folder / code))
    (folder / "certified.py").write_text(SKILLS + "# later\n")
    found = {each["bundle"]: each for each in certify("one", *changes)["bundles"]}
    for code in changes:
        divergences = found[code]["replays"][0]["divergences"]
        assert code in [each["code"] for each in divergences]
    (divergence,) = found["one"]["replays"][0]["divergences"]
    assert (divergence["code"], divergence["pointer"]) == ("CODE_CHANGED", "/code/by_mark")
    assert found["one"]["judgement"] == "differs"


def test_format_01_and_a_run_that_has_not_ended_cannot_be_judged_and_are_named(workc, folder):
    shutil.copytree(ROOT / "tests/golden/v0.1/basic_success/bundle", folder / "all/old")
    (folder / "all/begun").mkdir()
    (folder / "all/begun/journal.jsonl").touch()
    shown = workc("certify", "all", "--environments", 1, "-q")
    assert shown.exit_code == 6
    assert (
        "VERSION_UNSUPPORTED  bundles of format 0.1 do not hold what a replay needs" in shown.stdout
    )
    assert "all/begun  in every environment\n  INVALID_INPUT  the run is not sealed" in shown.stdout
    assert shown.stdout.count("- cannot be judged") == 2


WAITS = """\
workc: 1
name: waits
steps:
  a: {skill: json_transform, with: {data: [1], expression: "[0]"}, approval: {question: "Go?"}}
output: "${steps.a}"
"""


@pytest.mark.parametrize("named", ["last", "{id}", "runs/runs/{id}", "runs"])
def test_a_run_that_is_not_sealed_cannot_be_judged_and_is_to_be_resumed(workc, folder, named):
    (folder / "waits.yaml").write_text(WAITS)
    run = workc("run", "waits.yaml", "--json", "--store", "runs").document["run_id"]
    arguments = (named.format(id=run), "--store", "runs", "--environments", 1, "-q")
    shown = workc("certify", *arguments)
    assert shown.exit_code == 6
    assert "INVALID_INPUT  the run is not sealed: it has not ended\n" in shown.stdout
    assert shown.stderr == f"  try: workc resume {run} --store runs\n"


def test_a_result_that_is_broken_over_two_lines_is_shown(workc, folder):
    name = "n" * 60
    shutil.copytree(ROOT / "tests/golden/v0.1/basic_success/bundle", folder / name)
    shown = workc("certify", name, "--environments", 1, "-q")
    assert shown.exit_code == 6
    assert "- cannot be judged" in " ".join(shown.stdout.split())


def test_the_codes_folder_is_said_once_for_all_and_what_is_not_there_cannot_be_judged(
    made, certify, folder
):
    made("m", "by_mark", f"folder: '{folder}'")
    (folder / "code").mkdir()
    shutil.move(folder / "certified.py", folder / "code/certified.py")
    assert certify("m")["exit"] == 6
    assert certify("m", "--code", "code")["exit"] == 0


def test_archives_runs_and_folders_are_found_and_each_bundle_once(made, workc, certify, folder):
    made("m", "opaque")
    (folder / "all").mkdir()
    assert workc("pack", "m", "--out", "all/m.workc").exit_code == 0
    shutil.copytree("m", folder / "all/deep/er")
    found = certify("last", "m", "all", "all/deep", "./m")
    assert [each["bundle"] for each in found["bundles"]] == [
        "last",
        "m",
        "all/m.workc",
        "all/deep/er",
    ]
    assert {each["judgement"] for each in found["bundles"]} == {"identical"}
    assert {tuple(each["opaque"]) for each in found["bundles"]} == {("a",)}
    shown = workc("certify", "m", "--environments", 1, "-q").stdout
    assert "m  1 opaque step, their code did not run: a" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nothing",),
        ("demo.yaml",),
        ("empty",),
        ("bundle", "nothing"),
        ("bundle", "--environments", "0"),
        ("bundle", "--jobs", "0"),
        ("bundle", "--timeout", "0"),
        ("bundle", "--timeout", "nan"),
        ("bundle", "--code", "nowhere"),
        ("bundle", "--junit", "no/folder/x.xml"),
        ("bundle", "--junit", "empty"),
    ],
)
def test_what_cannot_be_meant_is_2_and_nothing_is_replayed(workc, bundle, folder, arguments):
    (folder / "empty").mkdir()
    shown = workc("certify", *arguments)
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert "INVALID_INPUT" in shown.stderr


def test_junit_has_a_case_for_each_bundle_and_environment(made, workc, folder):
    made("h", "by_hash")
    shutil.copytree(ROOT / "tests/golden/v0.1/basic_success/bundle", folder / "old")
    (folder / "replays.xml").write_text("of before")
    workc("certify", "h", "old", "--environments", 3, "--junit", "replays.xml", "-q")
    root = ElementTree.parse(folder / "replays.xml").getroot()
    cases = root.findall("testsuite/testcase")
    assert len(cases) == 6
    assert root.get("errors") == "3"
    assert root.get("failures") == str(len(root.findall(".//failure"))) != "0"
    assert "TZ='<+14>-14'" in cases[1].get("name")
    assert "/value/inline" in root.find(".//failure").text


def test_the_environment_of_the_caller_changes_nothing(bundle, workc):
    env = {"PYTHONIOENCODING": "ascii", "LC_ALL": "xx_XX", "WORKC_REPLAY_OUT": "bundle", "TZ": "??"}
    shown = workc("certify", "bundle", "--environments", 2, "-q", env=env)
    assert shown.exit_code == 0


def test_a_signal_ends_every_replay_and_the_command(made, folder):
    made("m", "by_mark", f"folder: '{folder}'")
    (folder / "mark").write_text("hang")
    command = [sys.executable, "-m", "workc", "certify", "m", "--jobs", "1"]
    certifying = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    children = []
    try:
        while not (folder / "hangs").exists():
            assert certifying.poll() is None
        children = psutil.Process(certifying.pid).children(recursive=True)
        certifying.terminate()
        _, said = certifying.communicate(timeout=60)
        assert certifying.returncode == 143
        assert said.endswith("stopping\ninterrupted\n")
        assert children
        assert not any(child.is_running() for child in children)
    finally:
        for process in (*children, certifying):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        certifying.communicate()
