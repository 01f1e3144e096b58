"""Scenarios: what a simulated run is told by everyone it asks, and what is expected of it."""
