"""An item was read from where it says: both verifiers say the same, and never no to what a run records."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reseal import second

from workc.kernel.lens import ItemObserved
from workc.runtime.workflow.lens import ItemSpec
from workc.stages.root_path import segment_problem
from workc.verify.v02.item_source import is_read_from_source

LABELS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=4)
HOSTS = st.one_of(
    st.lists(LABELS, min_size=1, max_size=3).map(".".join),
    st.lists(st.integers(0, 255).map(str), min_size=4, max_size=4).map(".".join),
)
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":080"])
PATHS = st.lists(st.sampled_from(["a", "B%7e", ".", "", "c.d", "\u00e4"]), max_size=3).map("/".join)
URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    HOSTS,
    PORTS,
    PATHS.map(lambda path: f"/{path}" if path else ""),
    st.sampled_from(["", "/", "?a=/b/../c"]),
)


def judged(how, source, selector):
    item = ItemObserved(how=how, item="n", round=1, source=source, weight=1)
    found = is_read_from_source(item, selector)
    assert second.comes_from(how, source, selector) == found
    return found


@pytest.mark.parametrize(
    ("how", "source", "selector", "expected"),
    [
        ("file", "repo/a.txt", "fs:repo/a.txt", True),
        ("file", "repo/a.txt", "fs:repo/b.txt", False),
        ("file", "repo/a.txt", "fs:repo/", False),
        ("bundle", "repo/proof", "fs:repo/proof/", True),
        ("bundle", "repo/proof", "fs:repo/proof", False),
        ("files", "repo/src/**/a?.py", "fs:repo/src/", True),
        ("files", "repo/s*", "fs:repo/", True),
        ("files", "repo/src/*.py", "fs:repo/", False),
        ("files", "repo/src/a.py", "fs:repo/src/", False),
        ("url", "https://a.example/b?c=d", "net:https://a.example/b", True),
        ("url", "https://a.example/b/", "net:https://a.example/b", True),
        ("url", "https://a.example", "net:https://a.example/", True),
        ("url", "https://a.example/", "net:https://a.example/", True),
        ("url", "https://a.example/b", "net:https://a.example/c", False),
        ("url", "https://a.example/b", "net:http://a.example/b", False),
        ("url", "http://127.0.0.1:8000/b", "net:http://127.0.0.1:8001/b", False),
        ("url", "http://a:80/b", "net:http://c/d", True),
        ("url", "http://a/./b", "net:http://c/d", True),
        ("url", "http://127.1/b", "net:http://127.0.0.1/b", True),
        ("url", "HTTP://a/b", "net:http://c/d", True),
    ],
)
def test_a_source_is_compared_with_what_was_read(how, source, selector, expected):
    assert judged(how, source, selector) == expected


@given(URLS)
def test_no_address_is_refused_that_a_run_can_look_at(url):
    try:
        effect = ItemSpec(name="n", how="url", source=url).effect()
    except Exception:  # noqa: BLE001 - whatever it is, no run looks at it
        return
    assert judged("url", url, effect.selector)


NAMES = st.text(string.ascii_letters + string.digits + "._-é", min_size=1, max_size=4).filter(
    lambda name: segment_problem(name) is None
)


@given(
    st.sampled_from(["bundle", "file", "files"]),
    st.lists(NAMES, min_size=1, max_size=3).map("/".join),
    st.sampled_from(["*", "**/?", "a*/b"]),
)
def test_no_path_is_refused_that_a_run_can_look_at(how, path, pattern):
    source = f"repo/{path}/{pattern}" if how == "files" else f"repo/{path}"
    effect = ItemSpec(name="n", how=how, source=source).effect()
    assert judged(how, source, effect.selector)
