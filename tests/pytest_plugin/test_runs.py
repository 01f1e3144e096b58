"""The plugin's runs: in virtual time, with faults at will, under closed sockets."""

import subprocess
import sys

STEPS = """
import pytest
import workc as w

@w.skill
def double(x: int) -> int:
    return 2 * x

@w.workflow(skills=[double])
async def twice(ctx, x: int) -> int:
    first = await ctx.call(double, step="first", x=x)
    return await ctx.call(double, step="second", x=first)
"""


def test_a_run_shows_its_outcome_its_steps_and_its_bundle(session):
    found = session(
        STEPS
        + """
def test_it(workc):
    run = workc.run(twice, {"x": 2})
    assert (run.ok, run.output, run.code) == (True, 8, "OK")
    assert (run.step("first").value, run.step("second").value) == (4, 8)
    assert run.step("first").attempts == 1 and run.step("first").code is None
    assert run.verify().ok and run.replay().identical
    assert repr(run).startswith("<run success OK")
    with pytest.raises(w.Refusal, match="first, second"):
        run.step("third")
"""
    )
    found.assert_outcomes(passed=1)


def test_faults_fail_attempts_and_waiting_takes_no_time(session):
    found = session(
        STEPS
        + """
import time

@pytest.mark.workc(faults={"first": ["TIMEOUT", "HTTP_5XX"]}, seed=7)
def test_marked(workc):
    began = time.monotonic()
    run = workc.run(twice, {"x": 1})
    assert run.output == 4
    assert run.step("first").attempts == 3
    assert run.step("first").retried == ["TIMEOUT", "HTTP_5XX"]
    assert run.timings.duration_ms > 100
    assert time.monotonic() - began < 60
    assert run.replay().identical

def test_given(workc):
    with workc.expect("NOT_FOUND"):
        workc.run(twice, {"x": 1}, faults={"second": ["NOT_FOUND"]})
    with pytest.raises(pytest.fail.Exception, match="there was OK"):
        with workc.expect("TIMEOUT"):
            workc.run(twice, {"x": 1})
    with pytest.raises(pytest.fail.Exception, match="no run"):
        with workc.expect("TIMEOUT"):
            pass
    with pytest.raises(w.Misuse, match="TIME_OUT"):
        with workc.expect("TIME_OUT"):
            pass

def test_the_same_seed_gives_the_same_bundle(workc):
    digests = [workc.run(twice, {"x": 1}, seed=seed).proof_digest for seed in (1, 1, 2)]
    assert digests[0] == digests[1] != digests[2]
"""
    )
    found.assert_outcomes(passed=3)


def test_no_socket_leads_anywhere_unless_the_test_says_so(session, server):
    port = server.base_url.rpartition(":")[2]
    found = session(
        f"""
import socket, pytest

def connect(host):
    socket.create_connection((host, {port}), timeout=5).close()

def test_closed(workc):
    with pytest.raises(Exception, match="record-missing"):
        connect("127.0.0.1")
    with pytest.raises(Exception, match="record-missing"):
        socket.socket().connect_ex(("127.0.0.1", {port}))

@pytest.mark.workc(sockets="loopback")
def test_loopback(workc):
    connect("127.0.0.1")
    with pytest.raises(Exception, match="record-missing"):
        socket.socket().connect(("192.0.2.1", 9))

@pytest.mark.workc(sockets="open")
def test_open(workc):
    connect("127.0.0.1")

def test_without_the_fixture():
    connect("127.0.0.1")
"""
    )
    found.assert_outcomes(passed=4)


def test_faults_that_are_no_lists_and_runs_that_did_not_begin_are_named(session):
    found = session(
        STEPS
        + """
import pytest

@pytest.mark.parametrize("faults", [{"double": "TIMEOUT"}, ["TIMEOUT"], {"double": 7}])
def test_faults(workc, faults):
    with pytest.raises(w.Misuse, match="faults are lists of codes by step"):
        workc.run(twice, {"x": 1}, faults=faults)

def test_run(workc):
    run = workc.run("nowhere.yaml")
    for ask in (run.verify, run.replay, lambda: run.step("double")):
        with pytest.raises(w.Misuse, match="the run did not begin: INVALID_WORKFLOW: nowhere.yaml"):
            ask()
"""
    )
    found.assert_outcomes(passed=4)


def test_a_marker_that_says_nonsense_is_refused(session):
    found = session(
        STEPS
        + """
@pytest.mark.workc(sed=7)
def test_name(workc): pass

@pytest.mark.workc(7)
def test_place(workc): pass

@pytest.mark.workc(sockets="ajar")
def test_value(workc): pass
"""
    )
    found.assert_outcomes(errors=3)
    found.stdout.fnmatch_lines(["*sed*", "*takes names*", "*ajar*"])


def test_the_options_are_told_and_nonsense_is_refused(session):
    session("def test_it(): pass", "--help").stdout.fnmatch_lines(
        ["*--workc={none,record-missing,rewrite}*", "*--workc-budget=CENTS*", "*--workc-strict*"]
    )
    assert session("def test_it(): pass", "--workc=all").ret == 4


def test_a_session_that_does_not_use_it_imports_nothing_of_workc_but_the_plugin():
    code = (
        "import sys, pytest; before = set(sys.modules); import workc.pytest_plugin; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['workc', 'workc.pytest_plugin']"
