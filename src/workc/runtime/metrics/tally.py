"""The tally: figures that grow, and the value that is read from it.

A tally shows every series of the closed sets for the modes that it was begun with, 0 where nothing
moved: so the first failure of a kind is a rise from 0 to 1 and not a series out of nowhere. It
belongs to whoever made it; there is none of the process.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from workc.kernel.failure import Misuse
from workc.runtime.metrics.exposition import Histogram, family
from workc.runtime.metrics.table import METRICS, Key, Metric, Mode


@dataclass(frozen=True)
class Metrics:
    """Figures as they stood at one moment, by the names of :data:`METRICS`.

    ``series`` holds for each metric that is shown the figures by the values of its labels.
    """

    series: Mapping[str, Mapping[Key, int | Histogram]]

    def value(self, name: str, **labels: str) -> int:
        """Returns the sum of a counter's or gauge's series with these labels; seconds as ns.

        Raises:
            Misuse: there is no such metric or label, or it is a histogram.
        """
        found = self._chosen(name, labels)
        if _named(name).kind == "histogram":
            raise Misuse(f"{name} is a histogram; ask for its histogram")
        return sum(one for one in found if isinstance(one, int))

    def histogram(self, name: str, **labels: str) -> Histogram:
        """Returns the sum of a histogram's series with these labels.

        Raises:
            Misuse: there is no such metric or label, or it is no histogram.
        """
        found = [one for one in self._chosen(name, labels) if isinstance(one, Histogram)]
        metric = _named(name)
        if metric.kind != "histogram":
            raise Misuse(f"{name} is no histogram; ask for its value")
        columns = zip((0,) * (len(metric.bounds) + 1), *(one.buckets for one in found), strict=True)
        return Histogram(tuple(map(sum, columns)), sum(one.sum_ns for one in found))

    def exposition(self) -> str:
        """Returns the figures in Prometheus' text format, version 0.0.4."""
        return "".join(
            family(metric, self.series[metric.name])
            for metric in METRICS
            if metric.name in self.series
        )

    def _chosen(self, name: str, labels: Mapping[str, str]) -> list[int | Histogram]:
        metric = _named(name)
        _refuse_unknown(metric, labels)
        wanted = [labels.get(label.name) for label in metric.labels]
        return [
            figure
            for key, figure in self.series.get(name, {}).items()
            if all(want in (None, value) for want, value in zip(wanted, key, strict=True))
        ]


def _named(name: str) -> Metric:
    for metric in METRICS:
        if metric.name == name:
            return metric
    raise Misuse(f"there is no metric {name!r}")


def _refuse_unknown(metric: Metric, labels: Mapping[str, str]) -> None:
    sets = {label.name: label.values for label in metric.labels}
    for name, value in labels.items():
        if value not in sets.get(name, ()):
            raise Misuse(f"{metric.name} has no series with {name}={value!r}")


class Tally:
    """Takes what happened, one figure at a time."""

    def __init__(self) -> None:
        self._numbers: dict[Metric, dict[Key, int]] = {}
        #: Of each series the number of each bucket and, last, the sum.
        self._cells: dict[Metric, dict[Key, list[int]]] = {}
        self._modes: set[Mode] = set()

    def begin(self, mode: Mode) -> None:
        """Shows every series of this mode, from 0."""
        if mode not in self._modes:
            self._modes.add(mode)
            for metric in METRICS:
                if metric.by_mode and metric.from_zero:
                    self._fill(metric, metric.every_key(mode))

    def show(self, *metrics: Metric) -> None:
        """Shows every series of metrics that know no mode, from 0."""
        for metric in metrics:
            self._fill(metric, metric.every_key())

    def add(self, metric: Metric, labels: Key, by: int = 1) -> None:
        """Adds to a counter or a gauge."""
        series = self._numbers.get(metric)
        # A key that is there already needs no check that it may be: nearly all are, as 0.
        if series is None or labels not in series:
            self._join_number(metric, metric.key(labels), by)
        elif metric.join == "max":
            series[labels] = max(series[labels], by)
        else:
            series[labels] += by

    def observe(self, metric: Metric, labels: Key, ns: int) -> None:
        """Takes an observation of a histogram."""
        series = self._cells.get(metric)
        cells = None if series is None else series.get(labels)
        if cells is None:
            cells = self._cells_of(metric, metric.key(labels))
        # A bucket holds what is at most its bound.
        cells[bisect_left(metric.bounds, ns)] += 1
        cells[-1] += ns

    def join(self, other: Tally) -> None:
        """Takes everything that another tally has."""
        self._modes |= other._modes
        for metric, numbers in other._numbers.items():
            for key, number in numbers.items():
                self._join_number(metric, key, number)
        for metric, series in other._cells.items():
            for key, more in series.items():
                cells = self._cells_of(metric, key)
                cells[:] = map(sum, zip(cells, more, strict=True))

    def read(self) -> Metrics:
        """Returns the figures as they stand."""
        series: dict[str, dict[Key, int | Histogram]] = {}
        for metric, numbers in self._numbers.items():
            series[metric.name] = {**numbers}
        for metric, found in self._cells.items():
            series[metric.name] = {
                key: Histogram(tuple(cells[:-1]), cells[-1]) for key, cells in found.items()
            }
        return Metrics(series)

    def _fill(self, metric: Metric, keys: Iterable[Key]) -> None:
        for key in keys:
            if metric.kind == "histogram":
                self._cells_of(metric, key)
            else:
                self._join_number(metric, key, 0)

    def _join_number(self, metric: Metric, key: Key, number: int) -> None:
        series = self._numbers.setdefault(metric, {})
        before = series.get(key)
        if before is None:
            series[key] = number
        else:
            series[key] = max(before, number) if metric.join == "max" else before + number

    def _cells_of(self, metric: Metric, key: Key) -> list[int]:
        series = self._cells.setdefault(metric, {})
        cells = series.get(key)
        if cells is None:
            cells = series[key] = [0] * (len(metric.bounds) + 2)
        return cells
