"""Stages that are what they declare; none may be blamed."""

from planted import NUMBER, NUMBERS, TEXT, TEXTS, Planted, record

_PAIR = record(name=TEXT, n=NUMBER)

GOOD = {
    "identity": Planted("return x", [(1, 1), (None, None), ({"a": []}, {"a": []})]),
    "add_one": Planted("return x + 1", [(1, 2), (-1, 0), (0.5, 1.5)], takes=NUMBER, gives=NUMBER),
    "a_number_however_spelt": Planted("return float(x)", [(1, 1.0), (2, 2)]),
    "members_in_any_order": Planted("return {'b': 1, 'a': x}", [(2, {"a": 2, "b": 1})]),
    "within_its_tolerance": Planted(
        "return {'r': x / 3}", [{"input": 1, "output": {"r": 0.3}, "tolerance": {"/r": 0.04}}]
    ),
    "upper": Planted("return x.upper()", [("a", "A"), ("ß", "SS")], takes=TEXT, gives=TEXT),
    "sorts": Planted(
        "return sorted(x)",
        [([2, 1], [1, 2]), ([], [])],
        takes=NUMBERS,
        gives=NUMBERS,
        properties=(
            {"kind": "sorted", "field": "output"},
            {"kind": "field_length_eq", "left_field": "output", "right_field": "input"},
            {"kind": "subset_of", "subject_field": "output", "super_field": "input"},
            {"kind": "idempotent"},
        ),
    ),
    "sorts_down": Planted(
        "return sorted(x, reverse=True)",
        [([1, 2], [2, 1])],
        takes=NUMBERS,
        gives=NUMBERS,
        properties=({"kind": "sorted", "field": "output", "descending": True},),
    ),
    "a_set_in_order": Planted(
        "return sorted(set(x))",
        [(["b", "a", "b"], ["a", "b"])],
        takes=TEXTS,
        gives=TEXTS,
        properties=(
            {"kind": "unique", "field": "output"},
            {"kind": "field_length_max", "subject_field": "output", "bound_field": "input"},
        ),
    ),
    "clamps": Planted(
        "return max(0, min(9, x))",
        [(5, 5), (-1, 0), (10, 9)],
        takes=NUMBER,
        gives=NUMBER,
        properties=({"kind": "range", "field": "output", "min": 0, "max": 9},),
    ),
    "sign": Planted(
        "return (x > 0) - (x < 0)",
        [(5, 1), (0, 0), (-2, -1)],
        takes=NUMBER,
        gives=NUMBER,
        properties=({"kind": "set_member", "field": "output", "set": [-1, 0, 1]},),
    ),
    "echo": Planted(
        "return {'said': x}",
        [("a", {"said": "a"})],
        takes=TEXT,
        gives=record(said=TEXT),
        properties=({"kind": "equals", "left_field": "input", "right_field": "output.said"},),
    ),
    "kinds": Planted(
        "return x or None",
        [("", None), ("a", "a")],
        takes=TEXT,
        properties=(
            {"kind": "field_type_in", "field": "output", "allowed": ["null", "string"]},
            {
                "kind": "implies",
                "if": {"kind": "set_member", "field": "input", "set": [""]},
                "then": {"kind": "set_member", "field": "output", "set": [None]},
            },
            {"kind": "not", "property": {"kind": "set_member", "field": "output", "set": [""]}},
        ),
    ),
    "hexes": Planted(
        "return x.encode('utf-8').hex()",
        [("a", "61")],
        takes=TEXT,
        gives=TEXT,
        properties=({"kind": "round_trip", "by": "unhexes"},),
    ),
    "unhexes": Planted(
        "return bytes.fromhex(x).decode('utf-8')",
        [("61", "a")],
        takes=TEXT,
        gives=TEXT,
        effects=("Fallible", "Pure"),
    ),
    "copies_before_it_changes": Planted(
        "kept = list(x)\nkept.append(1)\nreturn kept", [([], [1])], takes=NUMBERS, gives=NUMBERS
    ),
    "sorts_a_copy": Planted("return sorted(x['items'])[0]", [({"items": [2, 1]}, 1)]),
    "seeded_chance": Planted(
        "return random.Random(x).randint(1, 6)", [(1, 2), (2, 1)], head="import random"
    ),
    "a_date_that_is_given": Planted(
        "return datetime.date.fromisoformat(x).isoweekday()",
        [("2024-02-29", 4)],
        head="import datetime",
        takes=TEXT,
    ),
    "a_time_in_a_zone": Planted(
        "return datetime.datetime.fromtimestamp(x, datetime.timezone.utc).hour",
        [(0, 0), (3600, 1)],
        head="import datetime",
    ),
    "digest": Planted(
        "return hashlib.sha256(x.encode()).hexdigest()[:8]",
        [("", "e3b0c442")],
        head="import hashlib",
        takes=TEXT,
        gives=TEXT,
    ),
    "reads_json": Planted("return json.loads(x)", [("[1]", [1])], head="import json"),
    "an_import_at_its_first_call": Planted(
        "import colorsys\nreturn colorsys.rgb_to_hsv(x, 0, 0)[0]", [(1, 0)]
    ),
    "matches": Planted(
        "return re.findall('[a-z]+', x)",
        [("a1b", ["a", "b"])],
        head="import re",
        takes=TEXT,
        gives=TEXTS,
    ),
    "a_helper": Planted(
        "return _double(x) + 1", [(2, 5)], head="def _double(n):\n    return n * 2\n"
    ),
    "a_class_of_its_own": Planted(
        "return Point(x, 1).sum()",
        [(2, 3)],
        head="""
        import dataclasses
        @dataclasses.dataclass
        class Point:
            a: int
            b: int
            def sum(self):
                return self.a + self.b
        """,
    ),
    "recursion": Planted("return 1 if x < 2 else x * recursion(x - 1)", [(5, 120), (0, 1)]),
    "memory_of_its_own": Planted(
        "return _square(x)",
        [(3, 9), (3, 9)],
        head="""
        import functools
        @functools.lru_cache
        def _square(n):
            return n * n
        """,
    ),
    "generator_inside": Planted("return sum(n * n for n in x)", [([1, 2], 5)], takes=NUMBERS),
    "a_failure_that_is_declared": Planted(
        "if not x:\n    raise refuse('INVALID_INPUT', 'nothing')\nreturn x",
        [(1, 1), {"input": 0, "error_code": "INVALID_INPUT"}],
        head="from workc.kernel.failure import refuse",
    ),
    "any_failure_of_its_code": Planted(
        "return 1 / x", [(1, 1), {"input": 0, "error_code": "SKILL_FAILED"}]
    ),
    "prints": Planted("print('noise', x)\nreturn x", [(1, 1)]),
    "writes_to_stderr": Planted("sys.stderr.write('x')\nreturn x", [(1, 1)], head="import sys"),
    "not_ascii": Planted("return x + 'ä€'", [("ö", "öä€")], takes=TEXT, gives=TEXT),
    "unknown_may_read_clocks": Planted(
        "return time.time() > 0", [(1, True)], effects=("Unknown",), head="import time"
    ),
    "declared_read": Planted(
        "return len(open('/etc/passwd').read()) > 0",
        [(1, True)],
        effects=({"effect": "FsRead", "path": "/etc/passwd"},),
    ),
    "fallible_over_all_inputs": Planted(
        "return x[0]",
        [([1], 1)],
        effects=("Fallible", "Pure"),
        takes=NUMBERS,
        gives=NUMBER,
        properties=({"kind": "range", "field": "output", "min": -100000},),
    ),
    "optional_members": Planted(
        "return f\"{x['name']}:{x.get('n', 0)}\"",
        [({"name": "a"}, "a:0"), ({"name": "b", "n": 2}, "b:2")],
        takes=record(("n",), name=TEXT, n=NUMBER),
        gives=TEXT,
        properties=({"kind": "subset_of", "subject_field": "input.name", "super_field": "output"},),
    ),
    "a_list_of_records": Planted(
        "return {each['name']: each['n'] for each in x}",
        [([{"name": "a", "n": 1}], {"a": 1})],
        takes={"kind": "List", "value": _PAIR},
        gives={"kind": "Map", "value": {"key": TEXT, "value": NUMBER}},
        properties=(
            {"kind": "field_length_max", "subject_field": "output", "bound_field": "input"},
        ),
    ),
    "within_a_range": Planted(
        "return 100 / x",
        [(1, 100), (50, 2)],
        takes={
            "kind": "Refined",
            "value": {"base": NUMBER, "refinement": {"kind": "Range", "min": 1, "max": 100}},
        },
        gives=NUMBER,
        properties=({"kind": "range", "field": "output", "min": 1, "max": 100},),
    ),
    "not_empty": Planted(
        "return x[0]",
        [("ab", "a")],
        takes={"kind": "Refined", "value": {"base": TEXT, "refinement": {"kind": "NonEmpty"}}},
        gives=TEXT,
        properties=({"kind": "subset_of", "subject_field": "output", "super_field": "input"},),
    ),
    "one_of_a_few": Planted(
        "return {'a': 1, 'b': 2}[x]",
        [("a", 1), ("b", 2)],
        takes={
            "kind": "Refined",
            "value": {"base": TEXT, "refinement": {"kind": "OneOf", "options": ["a", "b"]}},
        },
        gives=NUMBER,
        properties=({"kind": "set_member", "field": "output", "set": [1, 2]},),
    ),
    "zero_of_any_sign": Planted("return -0.0 * x", [(1, 0)]),
    "a_date_that_is_parsed": Planted(
        "return datetime.datetime.strptime(x, '%d %b %Y').date().isoformat()",
        [("29 Feb 2024", "2024-02-29")],
        head="import datetime",
        takes=TEXT,
    ),
    "a_date_that_is_written": Planted(
        "return datetime.date.fromisoformat(x).strftime('%d.%m.%Y')",
        [("2024-02-29", "29.02.2024")],
        head="import datetime",
        takes=TEXT,
    ),
    "a_name_from_a_name": Planted(
        "return str(uuid.uuid5(uuid.NAMESPACE_DNS, x))",
        [("a", "4f3f2898-69e3-5a0d-820a-c4e87987dbce")],
        head="import uuid",
    ),
    "paths_as_text": Planted(
        "return str(pathlib.PurePosixPath(x).parent / 'b')",
        [("/a/c", "/a/b")],
        head="import pathlib",
        takes=TEXT,
    ),
    "parts_of_an_address": Planted(
        "return urllib.parse.urlsplit(x).hostname",
        [("http://a/b", "a")],
        head="import urllib.parse",
        takes=TEXT,
    ),
    "says_what_it_does": Planted(
        "_LOG.debug('at %s', x)\nreturn x",
        [(1, 1)],
        head="import logging\n_LOG = logging.getLogger(__name__)",
    ),
    "a_deep_copy": Planted(
        "made = copy.deepcopy(x)\nmade['a'].append(1)\nreturn made",
        [({"a": []}, {"a": [1]})],
        head="import copy",
    ),
    "decimals": Planted(
        "return str(decimal.Decimal(x).quantize(decimal.Decimal('0.01')))",
        [("1.005", "1.00"), ("2", "2.00")],
        head="import decimal",
        takes=TEXT,
        gives=TEXT,
    ),
    "counts_and_ranks": Planted(
        "return collections.Counter(x).most_common(1)[0][0]",
        [("abb", "b")],
        head="import collections",
        takes=TEXT,
        gives=TEXT,
    ),
    "packs_and_unpacks": Planted(
        "return zlib.decompress(zlib.compress(base64.b64decode(x))).decode()",
        [("YQ==", "a")],
        head="import base64, zlib",
        takes=TEXT,
        gives=TEXT,
    ),
    "an_enum_and_a_tuple": Planted(
        "return Colour[x].value",
        [("RED", 1)],
        head="import enum\nclass Colour(enum.Enum):\n    RED = 1\n    BLUE = 2\n",
    ),
    "what_it_catches": Planted(
        "try:\n    return int(x)\nexcept ValueError:\n    return None", [("1", 1), ("a", None)]
    ),
    "a_folder_that_is_declared": Planted(
        "return os.path.isfile('/etc/passwd') and len(open('/etc/passwd').read()) > 0",
        [(1, True)],
        effects=({"effect": "FsRead", "path": "/etc"},),
        head="import os",
    ),
    "a_list_in_place_of_its_own": Planted(
        "made = [each for each in x]\nmade.sort()\nreturn made", [([2, 1], [1, 2])], takes=NUMBERS
    ),
    "many_digits": Planted("return x * 0.1", [(3, 0.30000000000000004)]),
    "nothing_at_all": Planted("return None", [(None, None)], takes={"kind": "Null"}),
}
