"""Our text and our rules, read by Prometheus' own tool (Debian package ``prometheus``, Apache-2.0).

Needs ``promtool``; then ``pytest -m peers tests/peers``. What is missing fails the tests with the
command that mends it: a peer that was asked for is never skipped.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import workc
from workc.api.store import Store
from workc.runtime.metrics.table import METRICS
from workc.runtime.metrics.tally import Tally
from workc.viewer.store_metrics import StoreMetrics

pytestmark = pytest.mark.peers

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/guides/metrics.md"


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.fail(
            "promtool is needed, there is none on the PATH; run: apt-get install prometheus"
        )
    return found


def checked(promtool, text):
    """Returns exit code and complaints of ``promtool check metrics``."""
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@workc.skill(pure=True)
def half(n: int) -> int:
    """Halves an even number."""
    if n % 2:
        raise ValueError(n)
    return n // 2


@workc.workflow
async def halves(ctx, n: int):
    """Halves a number."""
    return await ctx.call(half, n=n)


def test_promtool_finds_nothing_to_say_about_every_metric_there_is(promtool) -> None:
    tally = Tally()
    for mode in ("live", "replay", "simulated"):
        tally.begin(mode)
    tally.show(*(metric for metric in METRICS if not metric.by_mode))
    for metric in METRICS:
        if metric.kind == "histogram":
            tally.observe(metric, next(metric.every_key()), 1_234_567_891)
        else:
            tally.add(metric, next(metric.every_key()), 2**53 - 1)
    text = tally.read().exposition()
    assert text.count("# TYPE") == len(METRICS)
    assert checked(promtool, text) == (0, "")


def test_promtool_finds_nothing_to_say_about_a_runtime_and_its_store(promtool, tmp_path) -> None:
    used = workc.Runtime(store=tmp_path, durability="fsync")
    bundle = used.run(halves, {"n": 4}).bundle
    used.run(halves, {"n": 3})
    used.execute("none", {})
    used.replay(bundle, workflow=halves)
    assert checked(promtool, used.metrics().exposition()) == (0, "")
    assert checked(promtool, StoreMetrics(Store(tmp_path)).read().exposition()) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('le="+Inf"', 'le="Inf'),
        ("# TYPE workc_runs_started_total counter", "# TYPE workc_runs_started_total gauge"),
        ("# HELP workc_runs_started_total Runs that began.\n", ""),
        ('mode="live"', "mode=live"),
    ],
)
def test_promtool_would_find_what_is_wrong(promtool, right, wrong) -> None:
    tally = Tally()
    tally.begin("live")
    text = tally.read().exposition()
    assert right in text
    code, said = checked(promtool, text.replace(right, wrong))
    assert code != 0
    assert said


def test_promtool_accepts_the_rules_of_the_guide(promtool, tmp_path) -> None:
    (rules,) = re.findall(r"^```text\n(groups:\n.*?)^```$", GUIDE.read_text("utf-8"), re.M | re.S)
    (tmp_path / "rules.yml").write_text(rules)
    done = subprocess.run(
        [promtool, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "SUCCESS: 5 rules found" in done.stdout
