import re

import pytest

import workc as library


def test_a_run_prints_its_output_on_stdout_and_all_else_on_stderr(workc, server):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--seed", 7)
    assert shown.exit_code == 0
    assert shown.document == {"result": ["a", "b"]}
    lines = shown.stderr.splitlines()
    assert re.fullmatch(r"run [0-9a-z]{26} · demo · seed 7 · budget \$0\.05", lines[0])
    assert re.fullmatch(r"  ✓ fetch +http_call +\d+\.\d\d s", lines[1])
    assert re.fullmatch(r"  ✓ pick +json_transform +\d+\.\d\d s", lines[2])
    assert re.fullmatch(
        r"success · spent \$0\.00 of \$0\.05 · 11 events · \d+\.\d\d s · digest [0-9a-f]{12}",
        lines[3],
    )
    assert [line.split()[:3] for line in lines[4:]] == [
        ["next:", "workc", "show"],
        ["next:", "workc", "verify-bundle"],
        ["next:", "workc", "replay"],
    ]


def test_json_gives_the_whole_outcome_with_the_schema_first(workc, server):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--json")
    document = shown.document
    assert next(iter(document)) == "schema"
    assert document["schema"] == "workc.outcome/1"
    assert document["ok"] is True
    assert document["status"] == "success"
    assert document["output"] == {"result": ["a", "b"]}
    assert document["error"] is None
    assert document["cost_micro_cents"] == 0
    assert library.verify_bundle(document["bundle"], expect_digest=document["proof_digest"]).ok


def test_quiet_says_nothing_when_all_went_well(workc):
    shown = workc("run", "pure.yaml", "-q")
    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, '{\n  "result": "hi"\n}\n', "")


@pytest.mark.parametrize(
    ("path", "code", "exit_code"),
    [("nothing", "NOT_FOUND", 1), ("text", "NOT_JSON", 1)],
)
def test_failed_work_gives_the_exit_code_of_its_failure(workc, server, path, code, exit_code):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}/{path}", "--json")
    assert shown.exit_code == exit_code
    assert shown.document["ok"] is False
    assert shown.document["code"] == code
    assert f"✗ {code}  fetch: " in shown.stderr
    assert f"next: workc explain {shown.document['run_id']}\n" in shown.stderr
    assert f"failure {code} · spent" in shown.stderr
    assert "- pick      json_transform  skipped  UPSTREAM_FAILED  needs fetch" in shown.stderr


def test_unavailable_after_all_retries_gives_8_and_shows_the_attempts(workc, folder, server):
    retry = "    retry: {max_attempts: 2, base_delay_ms: 1}\n  pick:"
    text = (folder / "demo.yaml").read_text().replace("  pick:", retry)
    (folder / "busy.yaml").write_text(text)
    shown = workc("run", "busy.yaml", "--input", f"base={server.base_url}/busy")
    assert shown.exit_code == 8
    assert shown.stdout == ""
    assert shown.stderr.count("✗ fetch") == 1
    assert re.search(
        r"✗ fetch .* 2 attempts  SERVICE_UNAVAILABLE → retried after \d ms  SERVICE_UNAV",
        shown.stderr,
    )


def test_failed_work_never_exits_with_2_which_says_that_nothing_was_run(workc, folder):
    text = (folder / "pure.yaml").read_text()
    text = text.replace(
        '"[0]"', '"@"}}\n  two: {skill: http_call, with: {url: "${steps.say.result}"'
    )
    (folder / "late.yaml").write_text(text)
    shown = workc("run", "late.yaml", "--json")
    assert shown.document["code"] == "INVALID_INPUT"
    assert shown.document["run_id"] is not None
    assert shown.exit_code == 1


def test_an_input_that_does_not_fit_is_refused_with_2_and_nothing_runs(workc, folder, server):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--input", "n=x")
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert shown.stderr.startswith("✗ INVALID_INPUT  input n: ")
    assert server.requests == []
    assert not (folder / ".workc").exists()


def test_an_out_that_exists_is_refused_before_anything_runs(workc, folder, server):
    (folder / "kept").mkdir()
    (folder / "kept" / "file").write_text("precious")
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--out", "kept")
    assert shown.exit_code == 2
    assert "kept is there already" in shown.stderr
    assert server.requests == []
    assert not (folder / ".workc").exists()
    assert (folder / "kept" / "file").read_text() == "precious"


def test_an_out_below_a_file_is_refused_before_anything_runs(workc, folder):
    shown = workc("run", "pure.yaml", "--out", "demo.yaml/sub")
    assert shown.exit_code == 2
    assert "no folder to write in" in shown.stderr
    assert not (folder / ".workc").exists()


def test_the_same_workflow_run_twice_leaves_two_bundles(workc, folder):
    for _ in range(2):
        assert workc("run", "pure.yaml", "-q").exit_code == 0
    assert len(workc("ls", "--json").document["runs"]) == 2
    assert len(list(folder.glob(".workc/runs/*/bundle/receipt.json"))) == 2


def test_every_problem_of_a_file_is_shown_with_its_line_a_caret_and_a_fix(workc, folder):
    text = (folder / "demo.yaml").read_text()
    (folder / "bad.yaml").write_text(text.replace("http_call", "http_cal").replace("pick}", "pik}"))
    shown = workc("run", "bad.yaml")
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert 'bad.yaml:10:12: there is no skill "http_cal"' in shown.stderr
    assert "\n        skill: http_cal\n               ^\n" in shown.stderr
    assert "fix: did you mean http_call?" in shown.stderr
    assert "fix: did you mean pick?" in shown.stderr
    assert "✗ INVALID_WORKFLOW  bad.yaml has 2 problems" in shown.stderr
    document = workc("run", "bad.yaml", "--json").document
    assert document["schema"] == "workc.problems/1"
    assert (document["ok"], document["exit"], len(document["problems"])) == (False, 2, 2)


def test_a_missing_file_names_the_one_that_was_meant(workc):
    shown = workc("run", "demo.yml")
    assert shown.exit_code == 2
    assert shown.stderr.splitlines() == [
        "✗ INVALID_INPUT  there is no file demo.yml; did you mean demo.yaml?",
        "  try: workc run --help",
    ]


def test_inputs_come_from_a_file_and_single_ones_win(workc, folder):
    (folder / "in.json").write_text('{"word": "file"}')
    first = workc("run", "pure.yaml", "--inputs", "in.json", "-q")
    second = workc("run", "pure.yaml", "--inputs", "in.json", "--input", "word=a=b", "-q")
    assert first.document == {"result": "file"}
    assert second.document == {"result": "a=b"}


@pytest.mark.parametrize("data", [b"[1]", b"{", b"\xff", b'{"word": "a", "word": "b"}'])
def test_inputs_that_are_no_json_object_are_refused(workc, folder, data):
    (folder / "in.json").write_bytes(data)
    assert workc("run", "pure.yaml", "--inputs", "in.json").exit_code == 2


@pytest.mark.parametrize("pair", ["word", "=x", ""])
def test_an_input_without_a_name_or_a_sign_is_refused(workc, pair):
    shown = workc("run", "pure.yaml", "--input", pair)
    assert shown.exit_code == 2
    assert "--input takes NAME=VALUE" in shown.stderr


def test_a_budget_too_small_is_refused_with_3_and_nothing_is_sent(
    workc, folder, server, model_text
):
    (folder / "ask.yaml").write_text(model_text)
    env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.base_url}
    shown = workc("run", "ask.yaml", "--budget-cents", 0, "--json", env=env)
    assert shown.exit_code == 3
    assert shown.document["code"] == "BUDGET_EXCEEDED"
    assert server.requests == []


@pytest.mark.parametrize("option", ["--budget-calls", "--budget-tokens"])
def test_a_limit_that_is_used_up_is_3_and_is_shown(workc, folder, server, model_text, option):
    (folder / "ask.yaml").write_text(model_text)
    env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.base_url}
    shown = workc("run", "ask.yaml", option, 0, env=env)
    assert shown.exit_code == 3
    assert "QUOTA_EXCEEDED" in shown.stderr
    assert f"budget $0.05, 0 {option.removeprefix('--budget-')}" in shown.stderr
    assert server.requests == []
    used = "used      0 calls of 0 · 0 tokens" if "calls" in option else "0 calls · 0 tokens of 0"
    assert used in workc("show", "last").stdout
    document = workc("show", "last", "--json").document
    assert document["limits"] == {option.removeprefix("--budget-"): 0}
    assert (document["calls"], document["tokens"]) == (0, 0)


def test_the_time_of_the_budget_is_told_and_held(workc, folder, server):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--budget-wall-ms", 0)
    assert shown.exit_code == 8
    assert "budget $0.05, 0.00 s" in shown.stderr
    assert "TIMEOUT" in shown.stderr
    assert server.requests == []


@pytest.mark.parametrize("option", ["--budget-calls", "--budget-tokens", "--budget-wall-ms"])
@pytest.mark.parametrize("value", ["-1", "1.5", "many", 2**53])
def test_a_limit_that_is_no_whole_number_is_2(workc, option, value):
    assert workc("run", "demo.yaml", option, value).exit_code == 2


def test_an_unknown_price_is_refused_with_3(workc, folder, model_text):
    (folder / "ask.yaml").write_text(model_text.replace("gpt-4o-mini", "foo-1"))
    env = {"OPENAI_API_KEY": "k"}
    assert workc("run", "ask.yaml", env=env).exit_code == 3


def test_offline_denies_every_address(workc, server):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--offline", "--json")
    assert shown.exit_code == 1
    assert shown.document["code"] == "EXTERNAL_CALL_BLOCKED"
    assert server.requests == []


def test_a_function_is_run_by_file_and_by_module_and_its_prints_stay_off_stdout(
    workc, folder, flow_text
):
    (folder / "doubling_flow.py").write_text(flow_text)
    shown = workc("run", "doubling_flow.py:main", "--input", "n=4", "--input", "name=12")
    assert shown.exit_code == 0
    assert shown.document == {"d": 8, "name": "12"}
    assert "noise of a skill" in shown.stderr
    assert workc("run", "doubling_flow:main", "--input", "n=4", "-q").document["d"] == 8
    assert workc("replay", "last").exit_code == 0


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("doubling_flow.py", "doubling_flow.py is Python; name its workflow"),
        ("doubling_flow.py:nope", "nothing named 'nope'"),
        ("doubling_flo.py:main", "did you mean doubling_flow.py"),
        ("no_such_module:main", "no_such_module cannot be imported"),
        (":", "neither file:function nor module:function"),
        ("exits.py:main", "SystemExit"),
    ],
)
def test_a_function_that_is_not_there_is_refused_by_name(workc, folder, target, said, flow_text):
    (folder / "doubling_flow.py").write_text(flow_text)
    (folder / "exits.py").write_text("import sys\nsys.exit(0)\n")
    shown = workc("run", target, "--input", "n=4")
    assert shown.exit_code != 0
    assert said in shown.stderr


def test_prices_of_a_file_are_used_and_a_bad_one_is_refused(workc, folder):
    (folder / "p.json").write_text("{}")
    shown = workc("run", "pure.yaml", "--prices", "p.json")
    assert shown.exit_code == 2
    assert "not a price file" in shown.stderr


def test_every_flag_can_be_set_by_the_environment(workc, folder):
    env = {"WORKC_STORE": "elsewhere", "WORKC_RUN_SEED": "9", "WORKC_JSON": "1"}
    shown = workc("run", "pure.yaml", env=env)
    assert shown.document["bundle"].startswith("elsewhere/runs/")
    assert "seed 9" in shown.stderr
    assert "--store elsewhere" in shown.stderr
    assert not (folder / ".workc").exists()


@pytest.mark.parametrize("n", ["-1", "1.5", "many", str(10**12)])
def test_a_budget_is_a_whole_number_in_range(workc, n):
    assert workc("run", "pure.yaml", "--budget-cents", n).exit_code == 2


def test_a_store_that_is_a_file_is_refused(workc):
    for command in (("run", "pure.yaml"), ("ls",), ("resume", "last"), ("show", "last")):
        shown = workc(*command, "--store", "demo.yaml", "--json")
        assert shown.exit_code == 2
        assert shown.document["code"] == "INVALID_INPUT"
        assert "the store demo.yaml is no folder" in shown.document["message"]


def test_a_skill_that_calls_sys_exit_is_failed_work_and_not_our_exit_code(workc, folder, flow_text):
    text = flow_text.replace('print("noise of a skill")', "raise SystemExit(0)")
    (folder / "exiting_flow.py").write_text(text)
    shown = workc("run", "exiting_flow.py:main", "--input", "n=4")
    assert shown.exit_code == 1
    assert "SKILL_FAILED" in shown.stderr


def test_injected_failures_are_shown_and_told(workc, server):
    base = f"base={server.base_url}"
    shown = workc("run", "demo.yaml", "--input", base, "--inject", "fetch:1:NOT_FOUND")
    assert shown.exit_code == 1
    assert "NOT_FOUND" in shown.stderr
    assert "injected: " in shown.stderr
    assert "failures were injected: fetch:1:NOT_FOUND" in workc("show", "last").stdout
    assert workc("replay", "last").exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fetch:1:timeout", "'fetch:1:timeout' is no injection; did you mean fetch:1:TIMEOUT?"),
        ("fetch:0:timeout", "write STEP:ATTEMPT:CODE, as fetch:1:TIMEOUT"),
        ("fetch:1:nothing", "write STEP:ATTEMPT:CODE, as fetch:1:TIMEOUT"),
    ],
)
def test_what_is_no_injection_says_what_was_meant(workc, server, text, said):
    shown = workc("run", "demo.yaml", "--input", f"base={server.base_url}", "--inject", text)
    assert shown.exit_code == 2
    assert said in shown.stderr


@pytest.mark.parametrize(
    "text", ["fetch", "fetch:0:TIMEOUT", "fetch:1:NO_CODE", "nothing:1:TIMEOUT"]
)
def test_what_cannot_be_injected_is_2(workc, server, text):
    base = f"base={server.base_url}"
    shown = workc("run", "demo.yaml", "--input", base, "--inject", text)
    assert shown.exit_code == 2
    assert "INVALID_INPUT" in shown.stderr
