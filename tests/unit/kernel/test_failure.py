"""A refusal carries all that is said of it."""

from workc.kernel.failure import Failure, Refusal, refuse


def test_a_refusal_carries_its_failure_and_is_read_as_code_and_message():
    failure = Failure(code="TIMEOUT", message="no answer within 5 s")
    refusal = Refusal(failure)
    assert refusal.failure is failure
    assert str(refusal) == "TIMEOUT: no answer within 5 s"


def test_what_is_said_beside_the_message_are_its_details():
    refusal = refuse("TIMEOUT", "no answer within 5 s", limit_ms=5000)
    assert refusal.failure == Failure(
        code="TIMEOUT", message="no answer within 5 s", details={"limit_ms": 5000}
    )
    assert refuse("TIMEOUT", "m").failure == Failure(code="TIMEOUT", message="m")
