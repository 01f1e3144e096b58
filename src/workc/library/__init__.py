"""Stages that come with workc: small pure functions on texts, lists, JSON and tables, verified.

``workc stage test builtin`` holds each to its examples and properties. A workflow uses one by its
module: ``functions: [workc.library.texts]``.
"""

from __future__ import annotations

#: Where they are, by module.
MODULES = (
    "workc.library.texts",
    "workc.library.lists",
    "workc.library.documents",
    "workc.library.tables",
    "workc.library.built_in",
)
