"""Tests of stages: where they are found, how they are tried, what is kept of it."""
