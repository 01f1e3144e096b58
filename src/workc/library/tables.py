"""Tables: CSV as a list of objects, and back (RFC 4180)."""

from __future__ import annotations

import csv
import io

from workc.kernel.failure import refuse
from workc.stages.skill import skill


@skill(
    pure=True,
    examples=[
        {
            "input": {"text": 'name,n\r\nAda,1\r\n"x, ""y""",\r\n'},
            "output": [{"name": "Ada", "n": "1"}, {"name": 'x, "y"', "n": ""}],
        },
        {"input": {"text": "a;b\n1;2\n", "delimiter": ";"}, "output": [{"a": "1", "b": "2"}]},
        {"input": {"text": "a\n"}, "output": []},
        {"input": {"text": ""}, "output": []},
        {"input": {"text": "a,b\n1\n"}, "error_code": "INVALID_INPUT"},
        {"input": {"text": "a,a\n1,2\n"}, "error_code": "INVALID_INPUT"},
        {"input": {"text": "a\n1\n", "delimiter": ""}, "error_code": "INVALID_INPUT"},
        {"input": {"text": 'a\n"1'}, "error_code": "INVALID_INPUT"},
    ],
)
def csv_rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """Returns the rows of a CSV text whose first line names the columns; all are texts."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, TypeError, ValueError) as error:
        raise refuse("INVALID_INPUT", f"it is no CSV: {error}") from None
    names = lines[0] if lines else []
    if len(set(names)) < len(names) or any(len(line) != len(names) for line in lines):
        raise refuse("INVALID_INPUT", "each column has a name of its own, and every row as many")
    return [{name: line[index] for index, name in enumerate(names)} for line in lines[1:]]


@skill(
    pure=True,
    examples=[
        {
            "input": {"rows": [{"n": "1", "name": "Ada"}, {"name": 'x, "y"'}]},
            "output": 'n,name\r\n1,Ada\r\n,"x, ""y"""\r\n',
        },
        {
            "input": {"rows": [{"b": "1", "a": "2"}], "columns": ["b", "a"]},
            "output": "b,a\r\n1,2\r\n",
        },
        {"input": {"rows": []}, "output": "\r\n"},
        {
            "input": {"rows": [{"b": "1"}], "columns": ["a"]},
            "error_code": "INVALID_INPUT",
        },
    ],
)
def csv_text(rows: list[dict[str, str]], columns: list[str] | None = None) -> str:
    """Returns rows as CSV; the columns are in order of their names unless they are given."""
    names = sorted({name for row in rows for name in row}) if columns is None else columns
    if any(name not in names for row in rows for name in row):
        raise refuse("INVALID_INPUT", "a row has a column that is not among the columns")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([row.get(name, "") for name in names] for row in rows)
    return out.getvalue()
