"""``workc serve``: metrics of a store over HTTP, in a process of its own, until a signal."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from workc.adapters.run_folder import RunFolder
from workc.api.published import schema_of
from workc.cli.commands.serve import _not_listening
from workc.stages import schema


@contextmanager
def served(folder, *arguments):
    """Starts the command and gives the process and the first line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workc", "serve", "--port", "0", *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests may have set it to be ignored, and children keep that.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def get(url, method="GET"):
    """Returns status, headers and text of an answer."""
    host, path = re.fullmatch(r"http://([^/]+)(/.*)", url).groups()
    connection = HTTPConnection(host, timeout=20)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def samples(text):
    """Returns the value of each series, as text."""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return dict(line.rsplit(" ", 1) for line in lines)


ENDED = 'workc_runs_ended_total{mode="live",outcome="success"}'


def test_metrics_follow_the_runs_of_the_store(folder, workc):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    with served(folder) as (_, url):
        status, headers, text = get(url.strip())
        assert (status, headers["Content-Type"]) == (
            200,
            "text/plain; version=0.0.4; charset=utf-8",
        )
        assert samples(text)[ENDED] == "1"
        assert samples(text)['workc_store_runs{state="sealed"}'] == "1"
        assert workc("run", "pure.yaml", "-q").exit_code == 0
        text = get(url.strip())[2]
        assert samples(text)[ENDED] == "2"
        written = sum(p.stat().st_size for p in folder.glob(".workc/runs/*/journal.jsonl"))
        assert samples(text)['workc_journal_bytes_total{mode="live"}'] == str(written)


def test_what_was_counted_stays_and_what_cannot_be_read_is_shown(folder, workc):
    for _ in range(2):
        assert workc("run", "pure.yaml", "-q").exit_code == 0
    damaged, gone = sorted(folder.glob(".workc/runs/*"))
    (damaged / "journal.jsonl").write_bytes(b"no journal\n")
    with served(folder) as (_, url):
        text = get(url.strip())[2]
        assert samples(text)[ENDED] == "1"
        assert samples(text)['workc_store_runs{state="unreadable"}'] == "1"
        (gone / "journal.jsonl").unlink()
        text = get(url.strip())[2]
        assert samples(text)[ENDED] == "1"
        assert samples(text)['workc_store_runs{state="sealed"}'] == "0"


def test_a_run_that_is_not_sealed_is_counted_as_far_as_it_is(folder, workc):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    (run,) = folder.glob(".workc/runs/*")
    (run / "bundle").rename(folder / "elsewhere")
    lines = (run / "journal.jsonl").read_bytes().splitlines(keepends=True)
    with served(folder) as (_, url):
        (run / "journal.jsonl").write_bytes(b"".join(lines[:3]) + lines[3][:-5])
        text = get(url.strip())[2]
        assert samples(text)['workc_store_runs{state="open"}'] == "1"
        assert samples(text)['workc_runs_started_total{mode="live"}'] == "1"
        assert samples(text)[ENDED] == "0"
        (run / "journal.jsonl").write_bytes(b"".join(lines))
        (folder / "elsewhere").rename(run / "bundle")
        text = get(url.strip())[2]
        assert samples(text)[ENDED] == "1"
        assert samples(text)['workc_store_runs{state="sealed"}'] == "1"


def test_a_simulated_run_is_told_by_its_note(folder, workc):
    assert workc("run", "pure.yaml", "-q").exit_code == 0
    (run,) = folder.glob(".workc/runs/*")
    assert RunFolder(run).local()["mode"] == "live"
    (run / "local.json").write_text('{"mode":"simulated"}')
    with served(folder) as (_, url):
        text = get(url.strip())[2]
    assert samples(text)['workc_runs_started_total{mode="simulated"}'] == "1"
    assert samples(text)['workc_runs_started_total{mode="live"}'] == "0"


def test_the_other_pages_and_methods(folder):
    with served(folder) as (_, url):
        base = url.strip().removesuffix("/metrics")
        assert get(f"{base}/healthz")[::2] == (200, "ok\n")
        assert get(f"{base}/metrics?debug=1")[0] == 200
        status, _, text = get(f"{base}/")
        assert (status, text) == (404, "there are /metrics and /healthz\n")
        status, headers, text = get(f"{base}/metrics", "HEAD")
        assert (status, text) == (200, "")
        assert int(headers["Content-Length"]) > 1000
        assert get(f"{base}/metrics", "POST")[0] == 501


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_with_0_though_a_client_hangs(folder, number):
    with served(folder) as (process, url):
        host, port = re.fullmatch(r"http://(.*):(\d+)/metrics\n", url).groups()
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /met")
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said == "serving the runs of .workc; Ctrl-C ends it\nstopped\n"


def test_with_json_one_document_says_where(folder):
    with served(folder, "--json") as (process, line):
        document = json.loads(line + "".join(rest_of_document(process)))
        base = document["metrics"].removesuffix("/metrics")
        assert document == {
            "schema": "workc.serve/1",
            "metrics": f"{base}/metrics",
            "healthz": f"{base}/healthz",
        }
        published = schema_of("serve")
        published.pop("$schema")
        assert schema.problems(published, document) == []
        assert get(document["healthz"])[0] == 200


def rest_of_document(process):
    """Yields the lines up to the end of the document."""
    for line in process.stdout:
        yield line
        if line == "}\n":
            return


def test_a_port_that_is_taken_is_2_and_says_what_to_do(workc):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        shown = workc("serve", "--port", port)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert shown.stderr == (
        f"✗ INVALID_INPUT  port {port} of 127.0.0.1 is taken by another program\n"
        "  try: workc serve --port 0\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--host", "no such host", "--port", 0), "--host takes an address of this machine"),
        (("--host", "a" * 300, "--port", 0), "--host takes an address of this machine"),
        (("--host", "192.0.2.1", "--port", 0), "nothing can listen at port 0 of 192.0.2.1: "),
        (("--port", 65_536), "65536 is not in the range"),
        (("--store", "demo.yaml"), "the store demo.yaml is no folder"),
    ],
)
def test_where_nothing_can_listen_is_2(workc, arguments, said):
    shown = workc("serve", *arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert said in shown.stderr


def test_a_port_that_one_may_not_have_is_said_as_the_system_says_it():
    refused = _not_listening("127.0.0.1", 80, PermissionError(13, "Permission denied"))
    assert (
        refused.failure.message == "nothing can listen at port 80 of 127.0.0.1: Permission denied"
    )


def test_whoever_can_be_reached_from_elsewhere_is_told_so(folder):
    with served(folder, "--host", "0.0.0.0") as (process, url):
        port = re.fullmatch(r"http://0\.0\.0\.0:(\d+)/metrics\n", url)[1]
        assert get(f"http://127.0.0.1:{port}/healthz")[0] == 200
        process.terminate()
        assert (
            "note: whoever reaches this address can read the figures\n" in process.communicate()[1]
        )


@pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="this machine has no IPv6")
def test_it_listens_on_ipv6(folder):
    with served(folder, "--host", "::1") as (_, url):
        assert re.fullmatch(r"http://\[::1\]:\d+/metrics\n", url)
        assert get(url.strip())[0] == 200
