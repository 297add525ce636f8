"""The newsroom's remote control, plain JSON on its own port.

GET /world, /mails, /alerts, /refusals, /requests; POST /round/{n}, /faults (see `Fault`), /reset.
What is wrong is answered with 400 and a sentence.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from aggregator.newsroom.ledger import Fault, Ledger


class _Recorded(Protocol):
    def as_json(self) -> Mapping[str, object]: ...


def control(ledger: Ledger, describe: Callable[[], Mapping[str, object]]) -> Starlette:
    """Make the remote control; `describe` gives what GET /world answers."""

    async def world(request: Request) -> Response:
        return JSONResponse(dict(describe()))

    async def turn(request: Request) -> Response:
        try:
            ledger.turn_to(request.path_params["number"])
        except ValueError as error:
            return _complain(str(error))
        return JSONResponse({"round": ledger.round})

    async def order(request: Request) -> Response:
        try:
            fault = Fault.model_validate_json(await request.body())
        except ValidationError as error:
            return _complain("; ".join(f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg']}" for each in error.errors()))
        ledger.order(fault)
        return JSONResponse(fault.model_dump())

    async def reset(request: Request) -> Response:
        ledger.reset()
        return JSONResponse({"round": ledger.round})

    return Starlette(
        routes=[
            Route("/world", world),
            Route("/mails", _listing(lambda: ledger.mails)),
            Route("/alerts", _listing(lambda: ledger.alerts)),
            Route("/refusals", _listing(lambda: ledger.refusals)),
            Route("/requests", _listing(lambda: ledger.requests)),
            Route("/round/{number:int}", turn, methods=["POST"]),
            Route("/faults", order, methods=["POST"]),
            Route("/reset", reset, methods=["POST"]),
        ]
    )


def _listing(records: Callable[[], Sequence[_Recorded]]) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        return JSONResponse([record.as_json() for record in records()])

    return answer


def _complain(sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status_code=400)
