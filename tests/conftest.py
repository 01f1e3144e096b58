"""What holds for all tests: nobody judges by a clock how long an example of Hypothesis takes.

How long one takes depends on what else the machine does. What must not take long has a test of its
own, in which time that grows too fast would be minutes.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "without a clock", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("without a clock")
