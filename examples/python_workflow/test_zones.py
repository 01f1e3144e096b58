"""How to test a workflow: a real server on the loopback interface, the outcome, the replay."""

from __future__ import annotations

from pathlib import Path

import pytest

import workc
from workc.testkit.servers import LoopbackServer, Reply

HERE = Path(__file__).parent
WORKFLOW = f"{HERE}/zones.py:zones_by_country"
TEXT = (("content-type", "text/plain; charset=utf-8"),)
ZONES = b"# codes\tplace\tzone\nNZ,AQ\t-3652+17446\tPacific/Auckland\nNZ\t-4357-17633\tPacific/Chatham\n"
NAMES = b"NZ\tNew Zealand\nAQ\tAntarctica\n"
TABLES = {
    "/zone1970.tab": Reply(headers=TEXT, body=ZONES),
    "/iso3166.tab": Reply(headers=TEXT, body=NAMES),
}


@pytest.fixture
def serve():
    """Starts a server of the given answers and ends it with the test."""
    running = []

    def start(replies):
        running.append(LoopbackServer(replies).__enter__())
        return running[0]

    yield start
    for server in running:
        server.__exit__(None, None, None)


def run(server, countries, **more):
    inputs = {"base": server.base_url, "countries": countries}
    return workc.Runtime().run(WORKFLOW, inputs, **more)


def test_every_country_gets_its_zones(serve) -> None:
    outcome = run(serve(TABLES), ["NZ", "AQ"])
    assert outcome.ok, outcome.message
    assert outcome.result == {
        "New Zealand": ["Pacific/Auckland", "Pacific/Chatham"],
        "Antarctica": ["Pacific/Auckland"],
    }


def test_without_the_names_the_codes_stand_for_them(serve) -> None:
    server = serve({"/zone1970.tab": TABLES["/zone1970.tab"]})
    assert run(server, ["AQ"]).result == {"AQ": ["Pacific/Auckland"]}


def test_a_country_that_does_not_exist_is_a_typed_failure(serve) -> None:
    outcome = run(serve(TABLES), ["NZ", "XX"])
    assert (outcome.code, outcome.step) == ("NOT_FOUND", "zones-XX")


def test_the_run_replays_without_the_server(serve, tmp_path) -> None:
    assert run(serve(TABLES), ["NZ"], out=tmp_path / "bundle").ok
    report = workc.replay(tmp_path / "bundle", code=HERE)
    assert report.identical, report.divergences
