"""Does the process run, and can it take sends?"""

from fastapi import APIRouter, Request
from sqlalchemy import select, text
from starlette.responses import JSONResponse

from duepost.ledger.engine import AWAY
from gateway.service import service_of

router = APIRouter(tags=["health"])

WAIT = text("SET LOCAL statement_timeout = '2s'")


@router.get("/healthz", summary="Does the process run?")
async def healthz() -> dict[str, str]:
    """200 while it does; nothing else is looked at."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Can it take sends?",
    responses={503: {"description": "The ledger is away", "content": {"application/json": {}}}},
)
def readyz(request: Request) -> JSONResponse:
    """200 when the ledger answers, else 503."""
    try:
        with service_of(request).engine.begin() as connection:
            connection.execute(WAIT)
            connection.execute(select(1))
    except AWAY:
        return JSONResponse({"status": "the ledger is away"}, 503)
    return JSONResponse({"status": "ok"})
