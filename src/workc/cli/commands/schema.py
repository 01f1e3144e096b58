"""``workc schema``: prints the JSON Schema of the workflow file or of a command's output."""

from __future__ import annotations

from difflib import get_close_matches

import click

from workc.api.published import schema_names, schema_of
from workc.cli import exits, options
from workc.cli.errors import stop
from workc.cli.state import State
from workc.cli.text import printable
from workc.kernel.values import Json, JsonObject


@click.command("schema", epilog="Example: workc schema workflow > workflow.schema.json")
@click.argument("name", required=False)
@options.common
@click.pass_obj
def command(state: State, name: str | None) -> int:
    """Print a JSON Schema (2020-12) by name; without a name, list them."""
    if name is None:
        _list(state)
        return exits.OK
    found = schema_of(name)
    if found is None:
        near = get_close_matches(name[:60], schema_names(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        message = f"there is no schema {printable(name, 60)!r}{hint}"
        raise stop("INVALID_INPUT", message, "workc schema")
    state.document(found)
    return exits.OK


def _list(state: State) -> None:
    found = [(name, schema_of(name) or {}) for name in schema_names()]
    if state.json:
        listed: list[Json] = [_entry(name, schema) for name, schema in found]
        state.document({"schema": "workc.schemas/1", "schemas": listed})
        return
    rows = [(name, str(schema.get("description"))) for name, schema in found]
    state.table([("name", "what it describes"), *rows])


def _entry(name: str, schema: JsonObject) -> JsonObject:
    title = schema.get("title")
    return {"name": name, "title": title, "description": schema.get("description")}
