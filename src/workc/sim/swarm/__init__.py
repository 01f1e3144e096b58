"""Swarms: random scenarios with faults, told by choices that are on record, and made smaller."""
