"""Delays: from the catalog, the step's own numbers, Retry-After and the seed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.kernel.catalog import CATALOG
from workc.kernel.failure import Failure
from workc.kernel.rng import SeededRng
from workc.runtime.retry import RETRY_AFTER_LIMIT_MS, delay_ms, longest_delay_ms, policy_for
from workc.runtime.workflow.model import RetrySpec


def failing(code, **more):
    return Failure(code=code, message="m", **more)


def delays(failure, own, seed=1, attempts=6):
    policy = policy_for(failure, own)
    return [delay_ms(policy, failure, n, SeededRng(seed)) for n in range(1, attempts + 1)]


def test_the_catalog_decides_and_the_step_may_say_more():
    standard = CATALOG["TIMEOUT"].retry
    assert policy_for(failing("TIMEOUT"), RetrySpec()) == standard
    own = policy_for(failing("TIMEOUT"), RetrySpec(max_attempts=1, base_delay_ms=0))
    assert (own.max_attempts, own.base_delay_ms) == (1, 0)
    assert own.max_delay_ms == standard.max_delay_ms


@pytest.mark.parametrize("code", sorted(CATALOG))
def test_only_what_the_catalog_calls_retryable_is_tried_again(code):
    own = RetrySpec(max_attempts=5)
    assert (delays(failing(code), own)[0] is not None) == CATALOG[code].retryable


def test_delays_grow_up_to_their_limit_and_end_with_the_attempts():
    own = RetrySpec(
        max_attempts=5,
        base_delay_ms=100,
        max_delay_ms=350,
        multiplier_permille=2000,
        jitter_permille=0,
    )
    assert delays(failing("TIMEOUT"), own) == [100, 200, 350, 350, None, None]


@given(st.integers(0, 2**64 - 1), st.integers(0, 1000), st.integers(0, 10_000))
def test_jitter_stays_within_its_part_and_follows_the_seed(seed, permille, base):
    own = RetrySpec(
        max_attempts=2, base_delay_ms=base, max_delay_ms=10_000, jitter_permille=permille
    )
    found = delays(failing("TIMEOUT"), own, seed)[0]
    spread = base * permille // 1000
    assert base - spread <= found <= base + spread
    assert found == delays(failing("TIMEOUT"), own, seed)[0]


def test_the_longest_delay_is_that_with_all_the_jitter():
    own = RetrySpec(
        max_attempts=4,
        base_delay_ms=1000,
        max_delay_ms=3000,
        multiplier_permille=2000,
        jitter_permille=250,
    )
    policy = policy_for(failing("TIMEOUT"), own)
    assert [longest_delay_ms(policy, attempt) for attempt in (1, 2, 3)] == [1250, 2500, 3750]
    found = {delay_ms(policy, failing("TIMEOUT"), 2, SeededRng(seed)) for seed in range(200)}
    assert max(found) <= 2500
    assert min(found) >= 1500


def test_retry_after_is_the_least_it_waits():
    own = RetrySpec(max_attempts=2, base_delay_ms=10, jitter_permille=0)
    assert delays(failing("RATE_LIMITED", retry_after_ms=5_000), own)[0] == 5_000
    assert delays(failing("RATE_LIMITED", retry_after_ms=3), own)[0] == 10


def test_a_server_that_asks_for_more_than_an_hour_is_not_waited_for():
    asked = [RETRY_AFTER_LIMIT_MS, RETRY_AFTER_LIMIT_MS + 1]
    failures = [Failure(code="RATE_LIMITED", message="m", retry_after_ms=ms) for ms in asked]
    policy = policy_for(failures[0], RetrySpec())
    delays = [delay_ms(policy, failure, 1, SeededRng(1)) for failure in failures]
    assert delays == [RETRY_AFTER_LIMIT_MS, None]
