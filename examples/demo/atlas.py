"""The demo's own step functions: plain Python, made known to the workflow by ``skills: [atlas.py]``."""

from __future__ import annotations

import re
from typing import TypedDict

import workc

#: A place in ISO 6709, as the table has it: degrees and minutes, or those and seconds.
_PLACE = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")


class Zone(TypedDict):
    """A time zone; ``latitude_s`` and ``longitude_s`` are arc seconds, north and east positive."""

    zone: str
    country: str
    latitude_s: int
    longitude_s: int


class Atlas(TypedDict):
    """What the two tables say together."""

    zones: list[Zone]
    countries: int
    unknown_codes: list[str]


class Place(TypedDict):
    """A zone as the model is told of it."""

    zone: str
    country: str


class Cited(TypedDict):
    """Which zones a text names: those that it was given, and those that it was not."""

    named: list[str]
    invented: list[str]


@workc.skill(pure=True)
def read_atlas(countries: str, zones: str) -> Atlas:
    """Joins the table of countries with the table of time zones."""
    names = dict(_rows(countries, 2))
    rows = _rows(zones, 3)
    found = [_zone(codes, place, name, names) for codes, place, name in rows]
    used = {code for codes, _, _ in rows for code in codes.split(",")}
    return {
        "zones": found,
        "countries": len(names),
        "unknown_codes": sorted(used - names.keys()),
    }


@workc.skill(pure=True)
def check_names(text: str, places: list[Place]) -> Cited:
    """Holds the zone names in a model's text against the ones it was given."""
    zones = {place["zone"] for place in places}
    named = sorted(set(re.findall(r"\b[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+)+", text)))
    return {
        "named": [name for name in named if name in zones],
        "invented": [name for name in named if name not in zones],
    }


def _rows(table: str, columns: int) -> list[list[str]]:
    lines = [line for line in table.splitlines() if line and not line.startswith("#")]
    return [line.split("\t")[:columns] for line in lines]


def _zone(codes: str, place: str, name: str, names: dict[str, str]) -> Zone:
    match = _PLACE.fullmatch(place)
    if match is None:
        raise ValueError(f"{name} has no readable place: {place!r}")
    sign_n, *north, sign_e, east_d, east_m, east_s = match.groups()
    return {
        "zone": name,
        "country": names.get(codes.split(",")[0], "?"),
        "latitude_s": _seconds(sign_n, *north),
        "longitude_s": _seconds(sign_e, east_d, east_m, east_s),
    }


def _seconds(sign: str, degrees: str, minutes: str, seconds: str | None) -> int:
    size = int(degrees) * 3600 + int(minutes) * 60 + int(seconds or 0)
    return -size if sign == "-" else size
