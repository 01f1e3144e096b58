"""Parts of the verifier of format 0.1, each for itself."""

import random
from itertools import pairwise

import pytest

from workc.bundle.layout import path_danger
from workc.kernel.selectors import SelectorError, covers, normalise
from workc.verify.effect_bounds import Bounds
from workc.verify.v01.cross_checks import last_attempts
from workc.verify.v01.phases import Follower
from workc.verify.v01.records import CheckResult, FormError, Manifest, instant, read

OPS = ("ReadFS", "WriteFS", "Network", "Exec", "Publish")
PIECES = ("a", "b", "a-b", "A", "/", "//", "./", "../", "", "?", "é", "!", "0")


def selector(rng, op):
    scheme = {"Network": "net:https://h", "Exec": "exec:", "Publish": "pub:"}.get(op, "fs:")
    if rng.random() < 0.05:
        scheme = "fs:"
    middle = "/" if op == "Network" else ""
    return scheme + middle + "/".join(rng.choice(PIECES) for _ in range(rng.randrange(5)))


def naive(declared, op, selector):
    if (op, selector) in declared:
        return True
    try:
        wanted = normalise(op, selector)
    except SelectorError:
        return False
    for wide in declared:
        try:
            if covers(normalise(*wide), wanted):
                return True
        except SelectorError:
            continue
    return False


@pytest.mark.parametrize("seed", range(40))
def test_bounds_cover_what_one_of_them_covers(seed):
    rng = random.Random(seed)
    for _ in range(50):
        ops = [rng.choice(OPS) for _ in range(rng.randrange(8))]
        declared = [(op, selector(rng, op)) for op in ops]
        bounds = Bounds(declared)
        for _ in range(20):
            op = rng.choice(OPS)
            wanted = selector(rng, op)
            assert bounds.cover(op, wanted) == naive(declared, op, wanted), (declared, op, wanted)


def test_many_deep_selectors_are_compared_without_walking_up_each():
    """Walking up from each, or comparing each with each, would not end."""
    deep = "fs:" + "a/" * 200_000
    declared = [("ReadFS", f"fs:{number}/") for number in range(50_000)]
    bounds = Bounds([*declared, ("ReadFS", deep)])
    assert bounds.cover("ReadFS", deep + "b")
    assert not bounds.cover("ReadFS", "fs:" + "b/" * 200_000)


@pytest.mark.parametrize(
    "path",
    ["evidence/a", "a", "evidence/a b", "evidence/x@1.log", "a/" * 255 + "a", "x" * 255, ".a"],
)
def test_a_path_that_is_safe_everywhere_may_stand(path):
    assert path_danger(path) is None


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "printable ASCII"),
        ("/a", "printable ASCII"),
        ("a/", "printable ASCII"),
        ("a//b", "printable ASCII"),
        ("a\\b", "printable ASCII"),
        ("C:a", "printable ASCII"),
        ("a\nb", "printable ASCII"),
        ("a\n", "printable ASCII"),
        ("caf\u00e9", "printable ASCII"),
        ("\udc80", "printable ASCII"),
        ("x" * 256, "printable ASCII"),
        (".", "a segment is . or .."),
        ("a/../b", "a segment is . or .."),
        ("a./b", "ends in a dot"),
        ("a /b", "begins or ends with a space"),
        (" a", "begins or ends with a space"),
        ("evidence/COM1.txt", "device"),
        ("evidence/nul .txt", "device"),
        ("a/" * 256 + "a", "longer than 512 bytes"),
    ],
)
def test_a_path_that_is_not_safe_says_why(path, problem):
    assert problem in path_danger(path)


TIMES = [
    "2025-12-31T23:59:60Z",
    "2026-01-01T00:00:00.000000001Z",
    "2026-01-01T00:00:00.1Z",
    "2026-01-01T00:00:00.12Z",
    "2026-01-01T00:00:00.2Z",
    "2026-01-01T00:00:01Z",
]


def test_times_are_ordered_as_instants():
    assert all(instant(one) < instant(other) for one, other in pairwise(TIMES))
    assert instant("2026-01-01T00:00:00Z") == instant("2026-01-01T00:00:00.000Z")


def manifest(created):
    return {"bundle_version": "", "created_utc": created, "files": [], "loop_id": ""}


@pytest.mark.parametrize("time_text", [*TIMES, "2024-02-29T00:00:00Z", "0000-12-31T00:00:00Z"])
def test_a_time_of_the_calendar_is_read(time_text):
    assert read(Manifest, manifest(time_text)).created_utc == time_text


@pytest.mark.parametrize(
    "time_text",
    [
        "",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00z",
        "2026-01-01t00:00:00Z",
        "2026-01-01T00:00:00+00:00",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "\u0662026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
    ],
)
def test_what_is_no_time_is_refused(time_text):
    with pytest.raises(FormError, match=r"created_utc"):
        read(Manifest, manifest(time_text))


def test_a_follower_finds_repeats_where_they_were_and_is_lost_once():
    follower = Follower(["Observe", "Orient", "Decide", "Act", "Decide", "Act"])
    phases = ["Observe", "Observe", "Decide", "Act", "Act", "Decide", "Orient", "Lock", "Act"]
    assert [follower.take(phase) for phase in phases] == [True] * 6 + [False] + [True] * 2


def result(check_id, *, passed):
    return CheckResult(level="Semantic", check_id=check_id, passed=passed)


@pytest.mark.parametrize(
    ("ids", "last"),
    [
        (["a", "a"], 1),
        (["a@2", "a@10"], 1),
        (["a@10", "a@2"], 0),
        (["a@1", "a"], 0),
        (["a", "a@1"], 1),
        (["a@007", "a@7"], 1),
        (["a@1", "a@x"], 0),
        (["a@\u0663", "a@1"], 1),
        (["a@" + "9" * 5000, "a@1"], 0),
    ],
)
def test_the_attempt_with_the_highest_number_counts(ids, last):
    results = [result(check_id, passed=True) for check_id in ids]
    assert last_attempts(results) == {"a": results[last]}
