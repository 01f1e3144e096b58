"""The ladder: how much of what follows from an edit is computed again.

Each rung holds all before it. What they are in a version of the format, its draft says:

0. nothing; 1. sizes and hashes in the manifest; 2. the hash that the receipt holds; 3. numbers, times
and chain of the events; 4. the roots; 5. the proof digest; 6. every other field of the receipt.
"""

from __future__ import annotations

CHANGED, LISTED, RECEIPTED, CHAINED, ROOTED, DIGESTED, PROJECTED = range(7)
RUNGS = range(7)
