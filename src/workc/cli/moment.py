"""A time in an option: RFC 3339 in UTC, such as ``2026-12-31T23:59:59Z``."""

from __future__ import annotations

import click

from workc.verify.signatures.timestamps import to_ms


class Moment(click.ParamType[int]):
    """Takes a time from 1970 on and gives it in ms since then."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Returns the milliseconds; what is no such time is refused."""
        moment = to_ms(str(value))
        if moment is None:
            self.fail("a time is written as 2026-12-31T23:59:59Z, from 1970 on", param, ctx)
        return moment
