"""Suites that every implementation of a port must pass: the real adapter and the simulated one.

A suite is a table from a sentence to a case. A test runs each case with a factory of the port and
the base URL of a server that serves the suite's script:

    with LoopbackServer(HTTP_SCRIPT) as server:
        asyncio.run(HTTP_CASES[sentence](make_port, server.base_url))
"""
