"""Whole numbers as the types of the testing specification bound them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

Permille: TypeAlias = Annotated[int, Meta(ge=0, le=1000)]
U32: TypeAlias = Annotated[int, Meta(ge=0, le=2**32 - 1)]
#: ``u64`` and ``usize``, as far as any JSON reader holds them.
U64: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
