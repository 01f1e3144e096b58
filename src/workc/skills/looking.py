"""Looks at one item of a lens through the ports, and reads what they give as what was seen.

An address gives an item only by a status of 2xx; what a status of 400 or more means is what it means
for ``http_call``.
"""

from __future__ import annotations

from workc.kernel.failure import Failure, refuse
from workc.runtime.ports import Ports
from workc.skills.http_status import FIRST_FAILURE, code_of, date_of, is_success
from workc.stages.effects import FileRead, HttpRequest, HttpResponse, PortResult
from workc.stages.exception import failure_of_port
from workc.stages.observation import GivenText, Observation, Observed


async def look_at(request: Observation, ports: Ports) -> Observed | Failure:
    """Returns what was seen, or why nothing was, whatever happens in a port."""
    try:
        return await _looked(request, ports)
    except Exception as error:  # noqa: BLE001 - a port's bug must become an answer, or the run hangs
        return failure_of_port(error)


async def _looked(request: Observation, ports: Ports) -> Observed:
    match request:
        case GivenText():
            return Observed(data=request.text.encode())
        case HttpRequest():
            return observed_of(await ports.http().send(request))
        case FileRead():
            return observed_of(await ports.files().send(request))
        case _:
            return await ports.lens().look(request)


def observed_of(answer: HttpResponse | PortResult) -> Observed:
    """Returns what was seen by the answer of a port.

    Raises:
        Refusal: the status of the answer says that there is nothing.
    """
    if isinstance(answer, PortResult):
        return Observed(
            data=answer.data or b"", dated_ms=answer.dated_ms, redactions=answer.redactions
        )
    status = answer.status
    if not is_success(status):
        code = code_of(status) if status >= FIRST_FAILURE else "HTTP_4XX"
        raise refuse(code, f"the server answered with the status {status}", status=status)
    return Observed(
        data=answer.body, dated_ms=date_of(answer.headers), redactions=answer.redactions
    )
