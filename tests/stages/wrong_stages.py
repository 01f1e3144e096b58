"""Stages that are not what they declare, each with the word that says so."""

from planted import ANY, NUMBER, NUMBERS, TEXT, TEXTS, Planted, record

WRONG = {
    "wrong_output": Planted("return x + 1", [(1, 3)], "WRONG_OUTPUT"),
    "wrong_in_one_of_many": Planted("return x * x", [(1, 1), (2, 4), (3, 6)], "WRONG_OUTPUT"),
    "wrong_deep_inside": Planted(
        "return {'a': {'b': [1, x]}}", [(2, {"a": {"b": [1, 3]}})], "WRONG_OUTPUT"
    ),
    "true_is_not_one": Planted("return x == x", [(1, 1)], "WRONG_OUTPUT"),
    "accents_are_not_the_same": Planted(
        "return 'e\\u0301'", [("x", "\u00e9")], "WRONG_OUTPUT", gives=TEXT
    ),
    "beyond_its_tolerance": Planted(
        "return {'r': x / 3}",
        [{"input": 1, "output": {"r": 0.3}, "tolerance": {"/r": 0.01}}],
        "WRONG_OUTPUT",
    ),
    "not_of_its_type": Planted("return str(x)", [(1, 1)], "WRONG_TYPE", gives=NUMBER),
    "a_set_is_no_json": Planted("return set(x)", [([1], [1])], "WRONG_TYPE"),
    "a_number_beyond_json": Planted("return 2 ** 60 + x", [(1, 1)], "WRONG_TYPE"),
    "a_member_too_many": Planted(
        "return {'a': 1, 'b': 2}", [(1, {"a": 1})], "WRONG_TYPE", gives=record(a=NUMBER)
    ),
    "nan": Planted("return float('nan')", [(1, 1)], "WRONG_TYPE", gives=NUMBER),
    "generated_input_of_wrong_type": Planted(
        "return x[0] if x else None",
        [([1], 1)],
        "WRONG_TYPE",
        takes=NUMBERS,
        gives=NUMBER,
        properties=({"kind": "range", "field": "output", "min": -10000},),
    ),
    "hidden_clock": Planted(
        "time.time()\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import time",
        effect="NonDeterministic",
    ),
    "hidden_date": Planted(
        "return datetime.date.today().year > 2000",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="import datetime",
        effect="NonDeterministic",
    ),
    "hidden_chance": Planted(
        "return random.random() < 2",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="import random",
        effect="NonDeterministic",
    ),
    "hidden_uuid": Planted(
        "return len(str(uuid.uuid4()))",
        [(1, 36)],
        "UNDECLARED_EFFECT",
        head="import uuid",
        effect="NonDeterministic",
    ),
    "hidden_environment": Planted(
        "return os.environ.get('WORKC_NO_SUCH', 'none')",
        [(1, "none")],
        "UNDECLARED_EFFECT",
        head="import os",
        effect="NonDeterministic",
    ),
    "hidden_socket": Planted(
        "socket.socket().close()\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import socket",
        effect="Network",
    ),
    "hidden_address": Planted(
        "try:\n    socket.create_connection(('127.0.0.1', 9))\nexcept Exception:\n    pass\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import socket",
        effect="Network",
    ),
    "hidden_process": Planted(
        "subprocess.run(['true'])\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import subprocess",
        effect="Process",
    ),
    "hidden_signal": Planted(
        "os.kill(os.getppid(), 0)\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import os",
        effect="Process",
    ),
    "hidden_read": Planted(
        "return len(open('/etc/passwd').read()) > 0",
        [(1, True)],
        "UNDECLARED_EFFECT",
        effect="FsRead",
    ),
    "hidden_write": Planted(
        "open('left-behind', 'w').write('x')\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        effect="FsWrite",
    ),
    "hidden_thread": Planted(
        "threading.Thread(target=len, args=('x',)).start()\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import threading",
        effect="NonDeterministic",
    ),
    "clock_while_it_is_loaded": Planted(
        "return x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import time\nBEGAN = time.time()",
        effect="NonDeterministic",
    ),
    "socket_while_it_is_loaded": Planted(
        "return x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        head="import socket\nsocket.socket()",
        effect="Network",
    ),
    "input_appended_to": Planted("x.append(1)\nreturn x", [([], [1])], "INPUT_MUTATED", takes=ANY),
    "input_sorted_in_place": Planted(
        "x['items'].sort()\nreturn x['items'][0]", [({"items": [2, 1]}, 1)], "INPUT_MUTATED"
    ),
    "order_of_a_set": Planted(
        "return list({'alpha', 'beta', 'gamma', 'delta', 'omega', x})",
        [("a", ["alpha", "beta", "gamma", "delta", "omega", "a"])],
        "NONDETERMINISTIC",
    ),
    "hash_of_the_process": Planted("return hash(x) % 1000", [("a", 1)], "NONDETERMINISTIC"),
    "zone_of_the_machine": Planted(
        "return datetime.datetime.fromtimestamp(x).hour",
        [(0, 0)],
        "NONDETERMINISTIC",
        head="import datetime",
    ),
    "counts_its_calls": Planted(
        "CALLS.append(x)\nreturn len(CALLS)",
        [(5, 1), (6, 2)],
        "NONDETERMINISTIC",
        head="CALLS = []",
    ),
    "raises": Planted("return 1 / x", [(1, 1), (0, 0)], "RAISED"),
    "ends_python": Planted("sys.exit(0)", [(1, 1)], "RAISED", head="import sys"),
    "no_failure_where_one_is_declared": Planted(
        "return x", [(1, 1), {"input": "x", "error_code": "INVALID_INPUT"}], "WRONG_ERROR"
    ),
    "another_failure": Planted(
        "raise ValueError(x)", [{"input": "x", "error_code": "INVALID_INPUT"}], "WRONG_ERROR"
    ),
    "hangs": Planted("while True:\n    pass", [(1, 1)], "TIMEOUT"),
    "eats_memory": Planted(
        "kept = []\nwhile True:\n    kept.append(bytearray(50_000_000))", [(1, 1)], "MEMORY"
    ),
    "dies": Planted("os._exit(3)", [(1, 1)], "DIED", head="import os"),
    "is_killed": Planted("ctypes.string_at(0)", [(1, 1)], "DIED", head="import ctypes"),
    "property_of_an_example": Planted(
        "return x",
        [([2, 1], [2, 1])],
        "PROPERTY_BROKEN",
        takes=NUMBERS,
        gives=NUMBERS,
        properties=({"kind": "sorted", "field": "output"},),
    ),
    "property_of_what_no_example_shows": Planted(
        "return sorted(set(x))",
        [([2, 1], [1, 2])],
        "PROPERTY_BROKEN",
        takes=NUMBERS,
        gives=NUMBERS,
        properties=({"kind": "field_length_eq", "left_field": "output", "right_field": "input"},),
    ),
    "not_idempotent": Planted(
        "return x + [0]",
        [([], [0])],
        "PROPERTY_BROKEN",
        takes=NUMBERS,
        gives=NUMBERS,
        properties=({"kind": "idempotent"},),
    ),
    "typo_in_a_path": Planted(
        "return {'items': x}",
        [([1], {"items": [1]})],
        "INVALID_DECLARATION",
        takes=NUMBERS,
        gives=record(items=NUMBERS),
        properties=({"kind": "unique", "field": "output.itmes"},),
    ),
    "typo_in_a_kind": Planted(
        "return x",
        [([1], [1])],
        "INVALID_DECLARATION",
        properties=({"kind": "unqiue", "field": "output"},),
    ),
    "property_of_the_wrong_kind": Planted(
        "return x",
        [("a", "a")],
        "INVALID_DECLARATION",
        takes=TEXT,
        gives=TEXT,
        properties=({"kind": "range", "field": "output", "min": 0},),
    ),
    "typo_in_an_effect": Planted(
        "return x",
        [(1, 1)],
        "INVALID_DECLARATION",
        forge={
            "signature": {
                "effects": {"effects": [{"effect": "Netwrok"}]},
                "implementation_hash": "0" * 64,
                "input": ANY,
                "output": ANY,
            }
        },
    ),
    "example_of_another_type": Planted(
        "return x", [("a", "a")], "INVALID_DECLARATION", takes=NUMBER, gives=TEXT
    ),
    "output_of_another_type": Planted(
        "return x", [(["a"], ["a"])], "INVALID_DECLARATION", takes=TEXTS, gives=NUMBERS
    ),
    "no_such_failure": Planted(
        "return x", [{"input": 1, "error_code": "INVALID_INPT"}], "INVALID_DECLARATION"
    ),
    "pure_and_more": Planted(
        "return x", [(1, 1)], "INVALID_DECLARATION", effects=("Pure", "Network")
    ),
    "round_trip_by_nobody": Planted(
        "return x",
        [(1, 1)],
        "INVALID_DECLARATION",
        properties=({"kind": "round_trip", "by": "nobody"},),
    ),
    "forged_id": Planted("return x", [(1, 1)], "FORGED_ID", forge={"id": "0" * 64}),
    "forged_signature_id": Planted(
        "return x", [(1, 1)], "FORGED_ID", forge={"signature_id": "0" * 64}
    ),
    "code_of_another": Planted(
        "return x",
        [(1, 1)],
        "FORGED_ID",
        forge={"implementation_code": "def code_of_another(x):\n    return x\n#"},
    ),
    "asks_whether_a_file_is_there": Planted(
        "return os.path.exists('/etc/passwd')",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="import os",
        effect="FsRead",
    ),
    "looks_at_a_file_by_another_name": Planted(
        "return look('/etc/passwd').st_size > 0",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="from os import stat as look",
        effect="FsRead",
    ),
    "asks_a_path_for_its_kind": Planted(
        "return pathlib.Path('/etc').is_dir()",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="import pathlib",
        effect="FsRead",
    ),
    "reads_beside_its_path": Planted(
        "return len(open('/etc/passwd').read()) > 0",
        [(1, True)],
        "UNDECLARED_EFFECT",
        effects=({"effect": "FsRead", "path": "/etc/pass"},),
        effect="FsRead",
    ),
    "knows_its_process": Planted(
        "return os.getpid() > 0",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="import os",
        effect="NonDeterministic",
    ),
    "knows_its_machine": Planted(
        "return len(socket.gethostname()) > 0",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="import socket",
        effect="NonDeterministic",
    ),
    "counts_the_environment": Planted(
        "return len(os.environ) > 0",
        [(1, True)],
        "UNDECLARED_EFFECT",
        head="import os",
        effect="NonDeterministic",
    ),
    "hides_that_it_was_refused": Planted(
        "try:\n    open('/tmp/workc-planted', 'w').close()\nexcept Exception:\n    pass\nreturn x",
        [(1, 1)],
        "UNDECLARED_EFFECT",
        effect="FsWrite",
    ),
    "tolerance_of_nothing": Planted(
        "return {'r': x}",
        [{"input": 1, "output": {"r": 1}, "tolerance": {"/s": 0.1}}],
        "INVALID_DECLARATION",
    ),
    "read_of_no_path": Planted(
        "return x",
        [(1, 1)],
        "INVALID_DECLARATION",
        forge={
            "signature": {
                "effects": {"effects": [{"effect": "FsRead"}]},
                "implementation_hash": "0" * 64,
                "input": ANY,
                "output": ANY,
            }
        },
    ),
    "typo_within_implies": Planted(
        "return x",
        [(1, 1)],
        "INVALID_DECLARATION",
        properties=(
            {
                "kind": "implies",
                "if": {"kind": "equals", "left_field": "input", "right_feld": "output"},
                "then": {"kind": "idempotent"},
            },
        ),
    ),
    "changes_what_is_deep_inside": Planted(
        "x['a'][0]['n'] += 1\nreturn 1", [({"a": [{"n": 1}]}, 1)], "INPUT_MUTATED"
    ),
    "changes_its_input_and_fails_as_it_says": Planted(
        "x.clear()\nraise ValueError",
        [{"input": [1], "error_code": "SKILL_FAILED"}],
        "INPUT_MUTATED",
    ),
    "remembers_its_first_input": Planted(
        "_seen.append(x)\nreturn _seen[0]",
        [(1, 1), (2, 1)],
        "NONDETERMINISTIC",
        head="_seen = []",
    ),
    "one_input_and_two_outputs": Planted("return x", [(1, 1), (1, 2)], "WRONG_OUTPUT"),
    "of_the_hash_seed": Planted("return hash('a' + x) % 2**50", [("b", 1)], "NONDETERMINISTIC"),
    "of_the_zone": Planted(
        "return datetime.datetime.fromtimestamp(x).isoformat()",
        [(0, "1970-01-01T00:00:00")],
        "NONDETERMINISTIC",
        head="import datetime",
    ),
    "members_that_are_no_texts": Planted("return {1: x}", [(2, {"1": 2})], "WRONG_TYPE"),
    "bytes_are_no_json": Planted("return x.encode()", [("a", "a")], "WRONG_TYPE"),
    "a_generator_is_no_output": Planted("yield x", [(1, [1])], "WRONG_TYPE"),
    "out_of_its_range": Planted(
        "return x * 2",
        [(1, 1)],
        "WRONG_TYPE",
        gives={
            "kind": "Refined",
            "value": {"base": NUMBER, "refinement": {"kind": "Range", "min": 0, "max": 1}},
        },
    ),
    "ends_its_process_quietly": Planted(
        "os._exit(0)", [(1, 1)], "DIED", head="import os", gives=NUMBER
    ),
    "no_function": Planted(
        "return x",
        [(1, 1)],
        "UNLOADABLE",
        head="import nothing_of_this_name",
    ),
}
#: Stages that are what they say, with examples that would not show it.
WEAK = {
    "one_example_is_weak": Planted("return x if x > 0 else 0", [(5, 5)]),
    "an_edge_is_missing": Planted(
        "return 'many' if x >= 10 else 'few'", [(50, "many"), (1, "few")]
    ),
    "a_branch_is_missing": Planted(
        "if x is None:\n    return ''\nreturn x.strip()", [(" a ", "a")]
    ),
}
