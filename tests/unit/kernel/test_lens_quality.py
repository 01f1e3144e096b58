"""The quality of a lens is its worst component."""

import pytest

from workc.kernel.failure import Misuse
from workc.kernel.lens_quality import aggregate

FULL = {"coverage": 1000, "freshness": 1000, "conflict": 1000, "provenance": 1000}


@pytest.mark.parametrize("name", sorted(FULL))
def test_any_component_can_be_the_worst(name):
    assert aggregate(**FULL | {name: 3}) == 3
    assert aggregate(**FULL | {name: 0}) == 0


@pytest.mark.parametrize("name", sorted(FULL))
@pytest.mark.parametrize("value", [-1, 1001])
def test_a_component_that_is_no_permille_is_misuse(name, value):
    with pytest.raises(Misuse, match=f"{name} is a permille, 0 to 1000, not {value}"):
        aggregate(**FULL | {name: value})
