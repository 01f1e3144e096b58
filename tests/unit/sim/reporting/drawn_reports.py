"""Reports of any shape, and for each a tame one of the same shape that says nothing but ``x``."""

import msgspec
from hypothesis import strategies as st

from workc.sim.report import (
    BundlePaths,
    FailureRecord,
    GitInfo,
    PlatformInfo,
    ScenarioMetrics,
    ScenarioResult,
    SuiteResult,
    TestReport,
    summary_of,
)

#: What means something to one of the forms, or to a terminal.
NASTY = (
    "</script><script>alert(1)</script>",
    "--><!--",
    "]]>",
    '"onload="x',
    "' or '",
    "&amp;&#0;&lt;",
    "a\r\n::error::b\n",
    "::stop-commands::x",
    "100%0A,title=x:y",
    "| a | b |\n|---|",
    "`*_[x](y)~<b>@you #1",
    "\x00\x0b\x1b[2J\x7f\x85\u2028\u202e\ufeff\ufffe\ufffd",
    "\udc80\ud800",
    "\n\nleading",
    "\t",
    "\x01" * 2500,
    "",
)
TEXTS = st.sampled_from(NASTY) | st.text(st.characters(), max_size=6)
MAYBE = st.none() | TEXTS
TIMES = st.integers(0, 5000) | st.just(2**53 - 1)
COUNTED = ("steps", "retries", "backtracks", "child_loops", "verify_checks", "hitl_prompts")
FAILURES = st.builds(FailureRecord, code=TEXTS, message=TEXTS, expected=MAYBE, actual=MAYBE)
SCENARIOS = st.builds(
    ScenarioResult,
    scenario_id=TEXTS,
    description=TEXTS,
    bundle=st.builds(BundlePaths, bundle_dir=MAYBE, receipt=MAYBE, events=MAYBE, manifest=MAYBE),
    expected_outcome_status=TEXTS,
    actual_outcome_status=TEXTS,
    verify_ok=st.booleans(),
    proof_digest=MAYBE,
    failures=st.lists(FAILURES, max_size=2).map(tuple),
    metrics=TIMES.map(lambda ms: ScenarioMetrics(wall_ms=ms, **dict.fromkeys(COUNTED, 2**32 - 1))),
)


def suite_of(name, scenarios, skipped=0):
    counted = summary_of(scenarios, skipped)
    return SuiteResult(suite=name, duration_ms=3, **msgspec.structs.asdict(counted))


@st.composite
def reports(draw):
    """Returns a report whose suites count its scenarios, or do not."""
    suites = draw(
        st.lists(
            st.tuples(TEXTS, st.lists(SCENARIOS, max_size=2).map(tuple), st.integers(0, 2)),
            max_size=2,
        )
    )
    scenarios = sum((found for _, found, _ in suites), ())
    skipped = sum(number for *_, number in suites)
    if draw(st.booleans()):
        suites = suites[1:]
    return TestReport(
        schema_version="workc-test-report-0.1",
        run_id=draw(TEXTS),
        time_utc=draw(TEXTS | st.just("2026-03-01T00:00:00Z")),
        duration_ms=draw(TIMES),
        git=draw(st.builds(GitInfo, commit=MAYBE, branch=MAYBE, dirty=st.none() | st.booleans())),
        platform=draw(
            TEXTS.map(lambda t: PlatformInfo(os=t, arch=t, python=t, workc=t, cpus=2**32 - 1))
        ),
        summary=summary_of(scenarios, skipped),
        suites=tuple(suite_of(*each) for each in suites),
        scenarios=scenarios,
    )


def tame(value):
    """Returns a report of the same shape and numbers in which every text that is not empty is ``x``."""
    made = _tame(msgspec.to_builtins(value))
    kept = {"schema_version": value.schema_version, "time_utc": value.time_utc}
    return msgspec.convert({**made, **kept}, TestReport)


def _tame(value):
    if isinstance(value, str):
        return "x" if value else ""
    if isinstance(value, dict):
        return {name: _tame(inner) for name, inner in value.items()}
    return [_tame(inner) for inner in value] if isinstance(value, list | tuple) else value


def again_of(report):
    """Returns a line for each scenario, as hostile as its id."""
    return {each.scenario_id: f"run {each.scenario_id}" for each in report.scenarios}


METRICS = ScenarioMetrics(
    wall_ms=340, steps=3, retries=1, backtracks=0, child_loops=0, verify_checks=2, hitl_prompts=0
)


def scenario(name, *failures, **changed):
    """Returns a scenario as a run reports it."""
    made = ScenarioResult(
        scenario_id=name,
        description=f"Does {name}.",
        bundle=BundlePaths(bundle_dir=f"out/{name}/bundle", receipt=f"out/{name}/bundle/receipt"),
        expected_outcome_status="success",
        actual_outcome_status="failed" if failures else "success",
        verify_ok=True,
        proof_digest="ab" * 32,
        failures=failures,
        metrics=METRICS,
    )
    return msgspec.structs.replace(made, **changed)


WRONG = FailureRecord(
    code="EXPECTATION", message="the outcome is another", expected="success", actual="failed"
)


def report_of(*suites):
    """Returns the report of suites, each a name, its scenarios and how many were skipped."""
    scenarios = sum((found for _, found, _ in suites), ())
    return TestReport(
        schema_version="workc-test-report-0.1",
        run_id="r1",
        time_utc="2026-03-01T00:00:00Z",
        duration_ms=4321,
        git=GitInfo(commit="c" * 40, branch="main", dirty=True),
        platform=PlatformInfo(os="linux", arch="x86_64", python="3.11.2", workc="0.1.0", cpus=2),
        summary=summary_of(scenarios, sum(number for *_, number in suites)),
        suites=tuple(suite_of(*each) for each in suites),
        scenarios=scenarios,
    )


SMALL = report_of(
    ("smoke", (scenario("basic"), scenario("gates", WRONG)), 0), ("core", (scenario("lens"),), 1)
)


def hostile(text):
    """Returns a scenario in which this stands wherever a text may."""
    wrong = FailureRecord(code=text, message=text, expected=text, actual=text)
    paths = BundlePaths(bundle_dir=text, receipt=text, events=text, manifest=text)
    return scenario(
        text,
        wrong,
        description=text,
        bundle=paths,
        expected_outcome_status=text,
        actual_outcome_status=text,
        proof_digest=text,
    )


#: Every text that means something to somebody, in every place.
HOSTILE = report_of(*((text, (hostile(text),), 0) for text in NASTY))
