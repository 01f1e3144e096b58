"""The table, the text format, and what figures may be asked for."""

import re

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.kinds import KINDS
from workc.runtime.metrics import table
from workc.runtime.metrics.exposition import Histogram, family, seconds
from workc.runtime.metrics.table import METRICS, MODE, OTHER, Label, Metric
from workc.runtime.metrics.tally import Tally
from workc.skills.registry import builtin_skills
from workc.skills.usage import tokens_used
from workc.stages.effects import ModelResponse


def test_each_name_stands_once_in_the_table_and_in_base_units():
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"workc_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") is (metric.kind == "counter")
        assert bool(metric.bounds) is (metric.kind == "histogram")
        assert not re.search(r"_(ms|milliseconds|kb|percent|cents_usd)(_|$)", metric.name)
        assert metric.help.endswith(".")


def test_every_metric_of_the_module_is_in_the_table():
    assert {m.name for m in vars(table).values() if isinstance(m, Metric)} == {
        m.name for m in METRICS
    }


def test_what_moves_a_metric_is_a_kind_of_event_or_is_said_in_words():
    for metric in METRICS:
        for name in metric.moved_by:
            assert name in KINDS or " " in name, name


def test_the_skills_with_a_name_of_their_own_are_the_built_in_ones():
    assert set(table.SKILL.values) == {*builtin_skills(), OTHER}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_no_label_is_open_and_none_could_name_a_run(metric):
    assert all(label.values for label in metric.labels)
    assert not {"run", "run_id", "step", "name", "model"} & {label.name for label in metric.labels}
    assert len(list(metric.every_key())) < 500


def test_a_value_of_no_set_is_other_where_there_is_one_and_misuse_elsewhere():
    tally = Tally()
    tally.add(table.RUN_FAILURES, ("live", "CODE_OF_A_LATER_VERSION"))
    assert tally.read().value("workc_run_failures_total", code=OTHER) == 1
    with pytest.raises(Misuse, match="mode has no value 'dead'"):
        tally.add(table.RUNS_STARTED, ("dead",))


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0"),
        (1, "0.000000001"),
        (10**9, "1"),
        (1_500_000_000, "1.5"),
        (10 * 10**9, "10"),
        (1_767_225_600_123 * 10**6, "1767225600.123"),
    ],
)
def test_seconds_are_exact_decimals(ns, text):
    assert seconds(ns) == text


ODD = Metric(
    "workc_odd",
    "gauge",
    (Label("one", ('a"b\\c\nd', "plain")), Label("two", ("x",))),
    (),
    'A \\ and a\nline, "quoted".',
)


def test_help_and_labels_are_escaped_as_the_format_says():
    assert family(ODD, {(ODD.labels[0].values[0], "x"): 3}) == (
        '# HELP workc_odd A \\\\ and a\\nline, "quoted".\n'
        "# TYPE workc_odd gauge\n"
        'workc_odd{one="a\\"b\\\\c\\nd",two="x"} 3\n'
    )


def test_series_stand_in_the_order_of_their_values_and_none_is_made_up():
    tally = Tally()
    tally.add(table.STORE_RUNS, ("unreadable",))
    tally.add(table.STORE_RUNS, ("sealed",), 2)
    assert [line for line in tally.read().exposition().splitlines() if line[0] != "#"] == [
        'workc_store_runs{state="sealed"} 2',
        'workc_store_runs{state="unreadable"} 1',
    ]


SHORT = Metric("workc_short_seconds", "histogram", (MODE,), (), "Short.", (10**8, 10**9))


def test_a_histogram_has_cumulative_buckets_with_inf_then_sum_and_count():
    tally = Tally()
    for ns in (10**8, 10**8 + 1, 10**9, 10**10):
        tally.observe(SHORT, ("live",), ns)
    figure = tally.read().series[SHORT.name]["live",]
    # An observation at a bound is in its bucket: "le" is less or equal.
    assert figure == Histogram((1, 2, 1), 11_100_000_001 + 10**8)
    assert family(SHORT, {("live",): figure}) == (
        "# HELP workc_short_seconds Short.\n"
        "# TYPE workc_short_seconds histogram\n"
        'workc_short_seconds_bucket{mode="live",le="0.1"} 1\n'
        'workc_short_seconds_bucket{mode="live",le="1"} 3\n'
        'workc_short_seconds_bucket{mode="live",le="+Inf"} 4\n'
        'workc_short_seconds_sum{mode="live"} 11.200000001\n'
        'workc_short_seconds_count{mode="live"} 4\n'
    )


def test_every_series_of_a_mode_is_there_from_0_and_none_of_another():
    tally = Tally()
    tally.begin("live")
    tally.begin("live")
    metrics = tally.read()
    for metric in METRICS:
        keys = set(metrics.series.get(metric.name, {}))
        shown = metric.by_mode and metric.name != "workc_run_last_end_timestamp_seconds"
        assert keys == (set(metric.every_key("live")) if shown else set()), metric.name
    assert 'mode="replay"' not in metrics.exposition()
    assert {line[-2:] for line in metrics.exposition().splitlines() if line[0] != "#"} == {" 0"}


def test_of_two_moments_the_later_stays_when_tallies_are_joined():
    one, other = Tally(), Tally()
    one.add(table.RUN_LAST_END, ("live",), 5)
    other.add(table.RUN_LAST_END, ("live",), 3)
    one.join(other)
    assert one.read().value("workc_run_last_end_timestamp_seconds") == 5


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda m: m.value("workc_none"), "no metric 'workc_none'"),
        (lambda m: m.value("workc_runs_ended_total", run="x"), "no series with run='x'"),
        (lambda m: m.value("workc_runs_ended_total", outcome="x"), "no series with outcome='x'"),
        (lambda m: m.value("workc_run_duration_seconds"), "is a histogram"),
        (lambda m: m.histogram("workc_runs_ended_total"), "is no histogram"),
    ],
)
def test_a_figure_that_cannot_be_is_misuse(ask, words):
    with pytest.raises(Misuse, match=words):
        ask(Tally().read())


def test_a_provider_that_is_not_known_says_nothing_of_tokens():
    answer = ModelResponse(status=200, headers=(), chunks=(b"{}",), url="")
    assert tokens_used("nobody", answer) == {}
    assert tokens_used("openai", answer) == {}
