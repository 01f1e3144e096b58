"""Writes what is generated: the catalog module and the pages drawn from tables.

``make generate`` runs it; a test runs it too and fails if a file would change.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from pathlib import Path

from workc.api import published
from workc.kernel import lanes, phases

ROOT = Path(__file__).resolve().parent.parent
CATALOG = ROOT / "src/workc/kernel/catalog.toml"
NO_RETRY = {
    "strategy": "none",
    "max_attempts": 1,
    "base_delay_ms": 0,
    "max_delay_ms": 0,
    "multiplier_permille": 1000,
    "jitter_permille": 0,
}


def entries() -> dict[str, dict[str, object]]:
    """Returns every code with its category's defaults filled in, sorted by code."""
    data = tomllib.loads(CATALOG.read_text("utf-8"))
    blank = {"http_status": None, "retry": NO_RETRY, "since": "0.1.0"}
    return {
        code: {**blank, **data["defaults"][entry["category"]], **entry}
        for code, entry in sorted(data["codes"].items())
    }


def catalog_module() -> str:
    """Returns the text of ``workc/kernel/catalog.py``."""
    found = entries()
    canonical = json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    lines = [
        '"""The failure catalog. Generated from catalog.toml by ``make generate``: do not edit."""',
        "",
        "from __future__ import annotations",
        "",
        "from workc.kernel.failure import CatalogEntry, Retry",
        "",
        "#: SHA-256 of the catalog as canonical JSON; a bundle records it.",
        f'CATALOG_SHA256 = "{digest}"',
        "",
        "CATALOG: dict[str, CatalogEntry] = {",
    ]
    for code, entry in found.items():
        retry = entry.pop("retry")
        lines += [f'    "{code}": CatalogEntry(', f'        code="{code}",']
        lines += [f"        {key}={_literal(entry[key])}," for key in sorted(entry)]
        lines += ["        retry=Retry(", *_fields(retry), "        ),", "    ),"]
    return "\n".join([*lines, "}", ""])


def _fields(retry: dict[str, object]) -> list[str]:
    return [f"            {key}={_literal(value)}," for key, value in sorted(retry.items())]


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


def failures_page() -> str:
    """Returns the text of ``docs/reference/failures.md``."""
    lines = [
        "# Failure codes",
        "",
        "Generated from `src/workc/kernel/catalog.toml` by `make generate`.",
        "`workc failures` prints this list, `workc explain CODE` one entry.",
        "",
        "The exit code is that of a command which ends with the code. Where it is 2, nothing was run; a",
        "run that began and failed with such a code, because a step did, ends with 1.",
        "",
    ]
    for code, entry in entries().items():
        retry = entry["retry"]
        lines += [
            f"## {code}",
            "",
            f"{entry['summary']} {entry['hint']}",
            "",
            f"Category {entry['category']}, exit code {entry['exit']}, "
            + ("retryable" if entry["retryable"] else "not retryable")
            + f", attempts by default {retry['max_attempts']}, since {entry['since']}.",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def phases_page() -> str:
    """Returns the text of ``docs/reference/phases.md``, drawn from the tables."""
    arrows = [
        f"    {before} --> {after}"
        for before, targets in phases.TABLE.items()
        for after in targets
        if before != after
    ]
    drawn = {(before, "Lock") for before in phases.PHASES if "Lock" not in phases.TABLE[before]}
    arrows += [f"    {before} --> Lock: failed, Draft" for before, _ in sorted(drawn)]
    return "\n".join(
        [
            "# Phases and lanes",
            "",
            "Drawn by `make generate` from `workc/kernel/phases.py` and `workc/kernel/lanes.py`, the",
            "tables that recorder, replay and verifier read. Every phase may repeat.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {phases.FIRST}",
            *arrows,
            f"    {phases.LAST} --> [*]",
            "```",
            "",
            "## Lane of a step",
            "",
            *_lane(lanes.STEP_LANE),
            "",
            "## Root lane",
            "",
            *_lane(lanes.ROOT_LANE),
            "",
        ]
    )


def _lane(table: dict[str, tuple[str, ...]]) -> list[str]:
    rows = [f"| {kind} | {' '.join(after)} |" for kind, after in table.items()]
    return ["| after | may come |", "|---|---|", *rows]


def outputs() -> dict[Path, str]:
    """Returns every generated file with the text it must have."""
    return {
        ROOT / "src/workc/kernel/catalog.py": catalog_module(),
        ROOT / "docs/reference/failures.md": failures_page(),
        ROOT / "docs/reference/phases.md": phases_page(),
        **{ROOT / f"docs/schemas/{name}.json": schema(name) for name in published.schema_names()},
    }


def schema(name: str) -> str:
    """Returns the text of a published JSON Schema."""
    return json.dumps(published.schema_of(name), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Writes the generated files, or with ``--check`` says which of them are stale."""
    stale = [path for path, text in outputs().items() if not _is(path, text)]
    for path in stale:
        print(f"{'stale' if '--check' in arguments else 'written'}: {path.relative_to(ROOT)}")
        if "--check" not in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(outputs()[path], "utf-8")
    return 1 if stale and "--check" in arguments else 0


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
