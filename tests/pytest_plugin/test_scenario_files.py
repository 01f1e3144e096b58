"""Scenario files below a folder ``scenarios`` are tests of pytest."""

import textwrap

GOOD = "id: {}\nintent: {{description: x}}\n"
WRONG = """\
id: wrong
intent: {description: x}
expect: {expect_outcome_status: failed}
"""


def put(pytester, **files):
    for name, text in files.items():
        path = pytester.path / "scenarios" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))


def test_scenario_files_are_run_as_tests(pytester):
    put(pytester, one=GOOD.format("one"), two=GOOD.format("two"), wrong=WRONG)
    result = pytester.runpytest_subprocess("scenarios", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*wrong: success",
            "*EXPECTATION: another outcome",
            "*expected  failed",
            "*actual    success",
            "*again: workc scenario run *wrong.yaml",
        ]
    )


def test_json_files_are_run_too(pytester):
    put(pytester, one=GOOD.format("one"))
    text = '{"id": "two", "intent": {"description": "x"}}'
    (pytester.path / "scenarios/two.json").write_text(text)
    pytester.runpytest_subprocess("scenarios", "-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_a_file_that_is_no_scenario_fails_with_its_line(pytester):
    put(pytester, typo="id: a\nintent: {description: x}\nlenz: {}\n")
    result = pytester.runpytest_subprocess("scenarios", "-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*InvalidScenario*in line 3*lenz*"])


def test_other_files_are_left_alone(pytester):
    put(pytester, settings="a: 1\n")
    (pytester.path / "other.yaml").write_text(GOOD.format("x"))
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes()


def test_scenario_files_are_run_side_by_side(pytester):
    put(pytester, **{f"s{n}": GOOD.format(f"s{n}") for n in range(4)})
    result = pytester.runpytest_subprocess("scenarios", "-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)
