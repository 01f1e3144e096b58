"""What code reaches around ``ctx`` is found by reading it, through aliases and helpers."""

import ast
import datetime
import os
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workc.adapters.isolation import CLOCKS, DATE_METHODS, FILE_CALLS, MACHINE_CALLS
from workc.stages.code_reading import read_function
from workc.stages.reaches import CHANCE, CLOCK, MACHINE, NAMES, PACKAGES, READ, reach_of


def names(source, function="skill"):
    tree = ast.parse(source)
    line = next(
        min([node.lineno, *(each.lineno for each in node.decorator_list)])
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
    )
    return [found.name for found in read_function(source, line)]


@pytest.mark.parametrize(
    ("head", "use", "found"),
    [
        ("import time", "time.time()", "time.time"),
        ("import time as t", "t.monotonic_ns()", "time.monotonic_ns"),
        ("from time import time", "time()", "time.time"),
        ("from time import sleep as nap", "nap(1)", "time.sleep"),
        ("from time import *", "perf_counter()", "time.perf_counter"),
        ("from datetime import datetime", "datetime.now()", "datetime.datetime.now"),
        ("from datetime import datetime as dt", "dt.utcnow()", "datetime.datetime.utcnow"),
        ("import datetime as d", "d.date.today()", "datetime.date.today"),
        ("import random", "random.choice([1])", "random.choice"),
        ("from random import randint", "randint(1, 2)", "random.randint"),
        ("import random", "random.Random()", "random.Random"),
        ("import numpy as np", "np.random.rand()", "numpy.random.rand"),
        ("import uuid", "uuid.uuid4()", "uuid.uuid4"),
        ("from uuid import uuid4", "uuid4()", "uuid.uuid4"),
        ("import secrets", "secrets.token_hex()", "secrets.token_hex"),
        ("import os", "os.urandom(1)", "os.urandom"),
        ("import os", "os.environ['HOME']", "os.environ"),
        ("from os import environ", "environ.get('HOME')", "os.environ.get"),
        ("from os import getenv", "getenv('HOME')", "os.getenv"),
        ("import socket", "socket.create_connection(('', 1))", "socket.create_connection"),
        ("import requests", "requests.get('x')", "requests.get"),
        ("import httpx", "httpx.Client().get('x')", "httpx.Client"),
        ("from urllib.request import urlopen", "urlopen('x')", "urllib.request.urlopen"),
        ("import urllib.request", "urllib.request.urlopen('x')", "urllib.request.urlopen"),
        ("import subprocess as sp", "sp.run(['true'])", "subprocess.run"),
        ("import os", "os.system('true')", "os.system"),
        ("import threading", "threading.Thread(target=print)", "threading.Thread"),
        ("import openai", "openai.OpenAI()", "openai.OpenAI"),
        ("", "open('x', 'w')", "open"),
        ("", "open('x')", "open"),
        ("from pathlib import Path", "Path('x').write_text('y')", "Path('x').write_text"),
        ("", "hash('a')", "hash"),
        ("import time", "map(time.time, [])", "time.time"),
    ],
)
def test_each_way_around_is_found_through_its_alias(head, use, found):
    for source in (
        f"{head}\ndef skill():\n    return {use}\n",
        f"def skill():\n    {head or 'pass'}\n    return {use}\n",
    ):
        if "import *" not in source or source.startswith("from"):
            assert names(source) == [found]


@pytest.mark.parametrize(
    "source",
    [
        "import random\ndef skill(seed):\n    return random.Random(seed).random()\n",
        "import time\ndef skill(time):\n    return time.time()\n",
        "import time\ndef skill():\n    time = thing()\n    return time.time()\n",
        "import datetime\ndef skill(at: datetime.datetime.now) -> datetime.datetime.now:\n    x: datetime.datetime.now = 1\n",
        "import requests\ndef skill(r):\n    try:\n        r()\n    except requests.RequestException:\n        pass\n",
        "import requests\ndef skill():\n    raise requests.HTTPError('x')\n",
        "import datetime\ndef skill(t):\n    return datetime.datetime.fromisoformat(t)\n",
        "import time\ndef other():\n    return time.time()\ndef skill():\n    return 1\n",
        "import socket\ndef skill(x):\n    return x == socket.AF_INET\n",
        "from .time import time\ndef skill():\n    return time()\n",
        "def open(x):\n    return x\ndef skill():\n    return open('x')\n",
    ],
)
def test_what_only_looks_like_it_is_not_found(source):
    assert names(source) == []


def test_helpers_of_the_same_file_are_followed_and_named():
    source = (
        "import time\n"
        "def skill():\n    return [one(x) for x in (1,)]\n"
        "def one(x):\n    return Maker().make()\n"
        "class Maker:\n    def make(self):\n        return (lambda: time.time())()\n"
        "def two():\n    return one(skill())\n"
    )
    (found,) = read_function(source, 2)
    assert (found.name, found.line, found.function) == ("time.time", 8, "Maker")


def test_a_skill_that_is_handed_on_is_read_for_itself_alone():
    source = (
        "import time, workc\n"
        "@workc.skill\ndef inner():\n    return time.time()\n"
        "def skill(ctx):\n    return ctx.call(inner)\n"
        "def direct():\n    return inner()\n"
    )
    assert names(source) == []
    assert names(source, "direct") == names(source, "inner") == ["time.time"]


def test_a_place_where_nothing_begins_and_what_is_no_python_hold_nothing():
    assert read_function("def skill():\n    return 1\n", 2) == ()
    assert read_function("def skill(:", 1) == ()
    assert read_function(b"\xff\xfe", 1) == ()
    assert read_function("def skill():\n    return " + "+".join(["1"] * 20_000), 1) == ()


@given(st.text() | st.binary(), st.integers(0, 5))
def test_whatever_the_source_is_nothing_is_raised(source, line):
    assert isinstance(read_function(source, line), tuple)


def dotted(function):
    owner = getattr(function, "__self__", None)
    if isinstance(owner, random.Random):
        return f"random.{function.__name__}"
    module = {"posix": "os"}.get(function.__module__, function.__module__)
    return f"{module}.{function.__name__}"


def test_the_table_names_every_clock_that_a_replay_denies():
    for function in CLOCKS:
        assert reach_of(dotted(function), is_called=True) is not None, function
    for name in DATE_METHODS:
        owner = "datetime" if hasattr(datetime.datetime, name) else "date"
        assert reach_of(f"datetime.{owner}.{name}", is_called=True) is CLOCK
    for function in FILE_CALLS | MACHINE_CALLS:
        name = dotted(function).replace("_socket", "socket")
        is_rare = name in ("os.getxattr", "os.listxattr")
        assert is_rare or reach_of(name, is_called=True) in (READ, MACHINE), name
    assert time.time in CLOCKS
    assert os.urandom in CLOCKS


def test_a_longer_package_goes_before_a_shorter_one():
    assert reach_of("random.Random.random", is_called=True) is CHANCE
    assert reach_of("threading.Lock", is_called=True) is None
    assert not NAMES.keys() & PACKAGES.keys()
