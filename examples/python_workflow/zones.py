"""A workflow as a Python function: which time zones do some countries have?

workc run zones.py:zones_by_country --input base=http://127.0.0.1:8000 --input 'countries=["NZ","CL"]'
"""

from __future__ import annotations

import workc


@workc.skill(pure=True)
def zones_of(table: str, country: str) -> list[str]:
    """Returns the zones of one country, out of the text of ``zone1970.tab``."""
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    found = [row[2] for row in rows if country in row[0].split(",")]
    if not found:
        message = f"the table has no zone for {country!r}"
        raise workc.Refusal(workc.Failure(code="NOT_FOUND", message=message))
    return found


@workc.skill(pure=True)
def names_in(table: str) -> dict[str, str]:
    """Returns the name of each country by its code, out of the text of ``iso3166.tab``."""
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    return {row[0]: row[1] for row in rows}


@workc.workflow(
    verify=[
        {
            "id": "every-country-answered",
            "level": "Acceptance",
            "that": "length(output) == length(inputs.countries)",
        }
    ]
)
async def zones_by_country(
    ctx: workc.WorkflowContext, base: str, countries: list[str]
) -> dict[str, list[str]]:
    """Fetches the table of zones and looks every country up in it, all at once."""
    answer = await ctx.call("http_call", step="table", url=f"{base}/zone1970.tab")
    calls = [
        ctx.call(zones_of, step=f"zones-{code}", table=answer["body"], country=code)
        for code in countries
    ]
    zones = await ctx.gather(*calls)
    names = await names_or_codes(ctx, base)
    return {names.get(code, code): found for code, found in zip(countries, zones, strict=True)}


async def names_or_codes(ctx: workc.WorkflowContext, base: str) -> dict[str, str]:
    """Returns the names of the countries; without them the codes will do."""
    try:
        answer = await ctx.call("http_call", step="names", url=f"{base}/iso3166.tab")
    except workc.StepFailed:
        return {}
    return await ctx.call(names_in, step="read-names", table=answer["body"])
