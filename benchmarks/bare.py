"""What does taking a send in cost at the least? A bare FastAPI with one INSERT: `uvicorn benchmarks.bare:app`."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Request
from psycopg import AsyncConnection
from pydantic import BaseModel

ADDRESS = "BARE_DATABASE_URL"
CONNECTIONS = 8
TABLE = "CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, channel text NOT NULL,"
TABLE += " invoice text NOT NULL, to_address text NOT NULL, note text, due_at timestamptz NOT NULL DEFAULT now())"
INSERT = "INSERT INTO bare (channel, invoice, to_address, note) VALUES (%s, %s, %s, %s) RETURNING id, due_at"


class Send(BaseModel):
    """A send, with nothing checked but that it is text."""

    Channel: str
    InvoiceNumber: str
    ToAddress: str
    Note: str | None = None


class Taken(BaseModel):
    """What the caller is told."""

    id: int
    due_at: datetime


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Connections that lie ready while it runs."""
    app.state.spare = asyncio.Queue()
    opened = [await AsyncConnection.connect(os.environ[ADDRESS], autocommit=True) for _ in range(CONNECTIONS)]
    await opened[0].execute(TABLE)
    for connection in opened:
        app.state.spare.put_nowait(connection)
    yield
    for connection in opened:
        await connection.close()


app = FastAPI(lifespan=lifespan)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """It runs."""
    return {"status": "ok"}


@app.post("/v1/sends", status_code=202)
async def take(send: Send, request: Request) -> Taken:
    """One INSERT, committed by itself."""
    spare = request.app.state.spare
    connection = await spare.get()
    try:
        cursor = await connection.execute(INSERT, (send.Channel, send.InvoiceNumber, send.ToAddress, send.Note))
        send_id, due_at = await cursor.fetchone()
    finally:
        spare.put_nowait(connection)
    return Taken(id=send_id, due_at=due_at)
