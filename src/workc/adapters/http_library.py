"""Imports the HTTP library, and says what to do when it is not there.

Everything that sends imports it from here, so a missing library is one clear error and never a
made-up answer. Nothing else of workc needs it.
"""

from __future__ import annotations

from workc.kernel.failure import Misuse

try:
    import httpx2
except ImportError as missing:
    raise Misuse(
        "HTTP needs the package httpx2, which is not installed; run: pip install httpx2"
    ) from missing

__all__ = ["httpx2"]
