"""When a human must be asked, with every number worked out by hand."""

import msgspec
import pytest

from workc.kernel.failure import Misuse
from workc.kernel.human_approval import (
    COST_MS,
    LEVELS,
    Risk,
    chance,
    is_required,
    loss_ms,
    strain,
    worth_ms,
)
from workc.kernel.selectors import normalise

CALM = Risk(
    lock_level="Draft",
    publishes=False,
    uses_network=False,
    lens_aggregate=1000,
    check_failed=False,
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, -3000),
        ({"lock_level": "Staged"}, -2200),
        ({"lock_level": "Committed"}, -600),
        ({"lock_level": "Published"}, 400),
        ({"lock_level": "Immutable"}, 1000),
        ({"publishes": True}, -500),
        ({"uses_network": True}, -1200),
        ({"lens_aggregate": 700}, -2400),
        ({"lens_aggregate": 0}, -1000),
        ({"check_failed": True}, -800),
        ({"lock_level": "Committed", "lens_aggregate": 900}, -400),
        (
            {
                "lock_level": "Immutable",
                "publishes": True,
                "uses_network": True,
                "lens_aggregate": 0,
                "check_failed": True,
            },
            9500,
        ),
    ],
)
def test_every_part_of_the_risk_adds_its_strain(change, expected):
    found = strain(msgspec.structs.replace(CALM, **change))
    assert (found, type(found)) == (expected, int)


def test_the_levels_bind_more_and_more():
    assert LEVELS == {
        "Draft": 0,
        "Staged": 200,
        "Committed": 600,
        "Published": 850,
        "Immutable": 1000,
    }


@pytest.mark.parametrize(
    ("z", "p"),
    [
        (-3000, 71),
        (-400, 409),
        (-1, 499),
        (0, 500),
        (1, 500),
        (400, 590),
        (4000, 1000),
        (9500, 1000),
        (-4000, 0),
        (-10_000, 0),
    ],
)
def test_the_chance_rounds_down_and_stays_a_permille(z, p):
    assert (chance(z), type(chance(z))) == (p, int)


def test_asking_is_required_only_past_its_cost():
    assert worth_ms(900, loss_ms=50_000) == 0
    assert not is_required(900, loss_ms=50_000)
    assert is_required(901, loss_ms=50_000)
    assert not is_required(1000, loss_ms=COST_MS)
    assert is_required(409, loss_ms=900_000)
    assert worth_ms(0, loss_ms=900_000) == -COST_MS


def test_what_costs_nothing_and_loses_nothing_is_worth_nothing():
    assert worth_ms(900, loss_ms=0, cost_ms=0) == 0
    assert not is_required(900, loss_ms=0, cost_ms=0)
    assert is_required(1, loss_ms=1, cost_ms=0)


def test_what_asking_is_worth_can_round_to_nothing_where_it_is_required():
    assert is_required(1, loss_ms=1001, cost_ms=1)
    assert worth_ms(1, loss_ms=1001, cost_ms=1) == 0


@pytest.mark.parametrize("function", [is_required, worth_ms])
def test_a_chance_or_a_time_out_of_bounds_is_misuse(function):
    with pytest.raises(Misuse, match="the chance is a permille, 0 to 1000, not 1001"):
        function(1001, loss_ms=1)
    with pytest.raises(Misuse, match="never below 0 ms"):
        function(1, loss_ms=-1)
    with pytest.raises(Misuse, match="never below 0 ms"):
        function(1, loss_ms=1, cost_ms=-1)


def test_a_lens_that_is_no_permille_is_misuse():
    with pytest.raises(Misuse, match="the lens aggregate is a permille"):
        strain(msgspec.structs.replace(CALM, lens_aggregate=1001))


@pytest.mark.parametrize(
    ("op", "selector", "expected"),
    [
        ("Publish", "pub:staging/site", 900_000),
        ("WriteFS", "fs:prod/config.toml", 900_000),
        ("WriteFS", "fs:/prod/config.toml", 900_000),
        ("WriteFS", "fs:prod/", 900_000),
        ("WriteFS", "fs:/", 900_000),
        ("Exec", "exec:prod/deploy", 900_000),
        ("Network", "net:https://example.com/prod/switch", 900_000),
        ("WriteFS", "fs:product/a", 50_000),
        ("WriteFS", "fs:Xprod/a", 50_000),
        ("WriteFS", "fs:prod", 50_000),
        ("WriteFS", "fs:a/prod/b", 50_000),
        ("Network", "net:https://prod/a", 50_000),
        ("Network", "net:https://example.com/", 50_000),
    ],
)
def test_a_wrong_lock_loses_more_where_production_is_touched(op, selector, expected):
    harmless = normalise("ReadFS", "fs:docs/a")
    assert loss_ms([harmless, normalise(op, selector)]) == expected
    assert loss_ms([]) == loss_ms([harmless]) == 50_000
