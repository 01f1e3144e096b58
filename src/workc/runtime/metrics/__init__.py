"""Metrics: what runs did, in numbers, as a fold over their records. Nothing here measures."""
