"""Prometheus' text format, version 0.0.4, written exactly: help, type, escapes, buckets, sums.

What is written is what was counted: whole numbers as they are, seconds as decimals of the whole
nanoseconds, no floating point in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate

from workc.runtime.metrics.table import NS_PER_SECOND, Key, Metric

#: What a server says that it sends.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Histogram:
    """How many were observed in each bucket, and the sum of them in nanoseconds.

    ``buckets`` has one number for each bound of the metric and one for what is above the last; no
    observation is in two of them.
    """

    buckets: tuple[int, ...]
    sum_ns: int

    @property
    def count(self) -> int:
        """Returns the number of observations."""
        return sum(self.buckets)


def family(metric: Metric, series: Mapping[Key, int | Histogram]) -> str:
    """Returns one metric with all its series, in the order of its labels' values."""
    lines = [
        f"# HELP {metric.name} {_escaped(metric.help)}",
        f"# TYPE {metric.name} {metric.kind}",
    ]
    for key in metric.every_key():
        figure = series.get(key)
        if isinstance(figure, Histogram):
            lines += _histogram(metric, key, figure)
        elif figure is not None:
            lines.append(_sample(metric, "", _pairs(metric, key), _number(metric, figure)))
    return "\n".join([*lines, ""])


def _histogram(metric: Metric, key: Key, figure: Histogram) -> Iterator[str]:
    pairs = _pairs(metric, key)
    bounds = [*map(seconds, metric.bounds), "+Inf"]
    for bound, count in zip(bounds, accumulate(figure.buckets), strict=True):
        yield _sample(metric, "_bucket", [*pairs, ("le", bound)], str(count))
    yield _sample(metric, "_sum", pairs, seconds(figure.sum_ns))
    yield _sample(metric, "_count", pairs, str(figure.count))


def _pairs(metric: Metric, key: Key) -> list[tuple[str, str]]:
    return [(label.name, value) for label, value in zip(metric.labels, key, strict=True)]


def _sample(metric: Metric, suffix: str, pairs: Iterable[tuple[str, str]], number: str) -> str:
    labels = ",".join(f'{name}="{_quoted(value)}"' for name, value in pairs)
    return f"{metric.name}{suffix}{{{labels}}} {number}"


def _number(metric: Metric, figure: int) -> str:
    return seconds(figure) if metric.in_seconds else str(figure)


def seconds(ns: int) -> str:
    """Returns nanoseconds, 0 or more, as a decimal number of seconds."""
    whole, rest = divmod(ns, NS_PER_SECOND)
    return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
