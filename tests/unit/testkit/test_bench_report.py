"""Reports of benchmarks that were really run, and their figures."""

import json
from pathlib import Path

import pytest
from benchmarks.__main__ import main
from benchmarks.figures import micro_of, percentile
from benchmarks.measure import Bench
from benchmarks.report import bench_report
from benchmarks.suites import measure_suite
from hypothesis import given
from hypothesis import strategies as st

from workc.api.published import schema_of
from workc.sim.report import BenchReport, read_report, report_json
from workc.stages.schema import Schema
from workc.testkit.suites import find_suites

ROOT = Path(__file__).resolve().parents[3]


def misfits(report):
    published = schema_of("bench-report")
    return Schema({w: v for w, v in published.items() if w != "$schema"}).misfits(report)


def test_a_benchmark_writes_a_report_of_what_it_prints(tmp_path, capsys):
    place = tmp_path / "report.json"
    main(["stages", "--rounds", "1", "--report", str(place)])
    assert "an example of a pure stage" in capsys.readouterr().out
    assert misfits(json.loads(place.read_text())) == []
    report = read_report(BenchReport, place.read_text())
    assert [each.samples for each in report.micro] == [3, 3, 1, 1]
    assert report.macro_suites == ()
    assert misfits({**report_json(report), "micro": [{}]}) != []


def test_suites_are_measured_by_their_scenarios(tmp_path, capsys):
    suite = find_suites(ROOT / "scenarios")["smoke"]
    bench = Bench(tmp_path, rounds=2)
    measure_suite(bench, "smoke", [case.scenario for case in suite.cases()])
    assert "10 scenarios" in capsys.readouterr().out
    report = bench_report(bench)
    assert misfits(report_json(report)) == []
    (macro,) = report.macro_suites
    assert (macro.suite, macro.scenarios, macro.pass_rate_permille) == ("smoke", 10, 1000)
    assert macro.lock_latency_ms_p50 <= macro.lock_latency_ms_p95
    assert macro.events_per_sec_p50 > 0
    assert macro.evidence_bytes_total > 0
    assert macro.artifacts_count_total > 0
    assert macro.hitl_prompts_total == 1
    assert [each.samples for each in report.micro] == [20, 20]


@pytest.mark.parametrize("arguments", [["nothing"], ["--rounds", "0"], ["--report", "no/x.json"]])
def test_what_cannot_be_measured_or_written_is_refused_before_it_begins(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=50))
def test_percentiles_are_samples_in_their_order(values):
    found = micro_of("x", "ms", values)
    assert {found.p50, found.p95, found.p99} <= set(values)
    assert found.p50 <= found.p95 <= found.p99 <= max(values)
    assert sum(each <= found.p50 for each in values) * 2 >= len(values)
    assert percentile(values, 100) == max(values)
