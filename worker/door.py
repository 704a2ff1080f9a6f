"""The Celery door: `python -m celery -A worker.door worker -P threads -c 4 -Q enqueue`.

Any Celery app hands a send in by name: `app.send_task("duepost.enqueue", args=[{"Channel": "Email", …}],
queue="enqueue")`. Here alone the broker is trusted with something: a message stays there until its send is committed,
and one that comes twice meets the business key.
"""

import logging
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from celery.exceptions import InvalidTaskError, Reject
from celery.signals import worker_shutting_down
from celery.worker.request import Request
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from config.app import app_from_environment
from config.names import ENQUEUE
from duepost import crash
from duepost.doors import door_of, enqueue
from duepost.errors import InvalidSend, TryLater
from duepost.intake import Door
from duepost.ledger.engine import AWAY, open_ledger
from duepost.rows import RowReader
from duepost.sends import NewSend, Receipt
from worker.stop import STOPPING

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0  # between tries while a send cannot be kept

# What a wrong send cannot cause; its own faults are InvalidSend. A ledger without tables is a ProgrammingError, a store
# of documents that is full or not mounted an OSError. A try too many costs a second, a message let go costs a send.
NOT_KEPT = (TryLater, *AWAY, SQLAlchemyError, psycopg.Error, OSError)

app = app_from_environment(acknowledge=True)


class DiscreetRequest(Request):  # type: ignore[misc]
    """A request whose arguments Flower and the log never see: they hold an address."""

    def __init__(self, message: Any, **given: Any) -> None:
        given["headers"] = {**(given.get("headers") or message.headers), "argsrepr": "(1 send)", "kwargsrepr": ""}
        try:
            super().__init__(message, **given)
        except (TypeError, ValueError):  # would end the worker, and the next one, as the message comes back
            raise InvalidTaskError("the body is not [args, kwargs, options]") from None

    def info(self, safe: bool = False) -> dict[str, Any]:  # noqa: ARG002, FBT001, FBT002 - as Celery calls it
        """What `celery inspect active` and Flower's page of a worker are told."""
        told: dict[str, Any] = super().info(safe=True)
        return told


@app.task(name=ENQUEUE, Request=DiscreetRequest)
def enqueue_send(*given: object, **named: object) -> str:
    """Take in one send, a row as in an import file; returns its id and status, or those of each receiver.

    Raises: InvalidSend naming the field and the mend (nothing is stored). Whatever else is wrong is ours: it waits.
    """
    asked = _confined(RowReader(app.settings.door_documents or Path()).send_of(_row(*given, *named.values())))
    said = ""
    while True:
        try:
            with _engine().begin() as connection:
                receipt = enqueue(connection, asked, door=_door(), source="celery")
            crash.reached("accepted", asked.invoice)
            return "; ".join(_told(one) for one in (receipt, *receipt.also))
        except NOT_KEPT as trouble:
            why = _why(trouble)
        if why != said:
            log.warning("an enqueue waits: %s", why)
            said = why
        _engine().dispose()  # old connections may still lead to a former primary
        if STOPPING.wait(PAUSE_SECONDS):
            raise Reject(f"stopping: {why}", requeue=True)


def _told(receipt: Receipt) -> str:
    return f"{receipt.id} {int(receipt.status)} {receipt.status.label}" + " known already" * receipt.duplicate


def _row(*given: object) -> dict[str, Any]:
    """The message's one argument, which must be a row."""
    if len(given) == 1 and isinstance(given[0], dict):
        return given[0]
    raise InvalidSend("Send", "is not one object", 'give args=[{"Channel": "email", …}]')


def _confined(send: NewSend) -> NewSend:
    """The send, when its document lies where the operator said; a message must not name any file of ours."""
    given = [send.document, *(one.source for one in send.attachments)]
    named = [one for one in given if isinstance(one, Path)]
    folder = app.settings.door_documents
    if named and folder is None:
        raise InvalidSend("Document", "cannot be taken here", "set DUEPOST_DOOR_DOCUMENTS to the folder they lie in")
    for path in named if folder else ():
        try:
            inside = path.resolve().is_relative_to(folder.resolve())
        except (OSError, RuntimeError, ValueError):  # links in a ring; a NUL or half a character in the path
            raise InvalidSend("Document", "cannot be read", "check the path", path) from None
        if not inside:
            raise InvalidSend("Document", "lies outside the folder for documents", "put it in there", path)
    return send


def _why(trouble: BaseException) -> str:
    """In words that hold nothing of the send."""
    trouble = trouble.__cause__ if isinstance(trouble, TryLater) and trouble.__cause__ else trouble
    if isinstance(trouble, OSError):
        return f"the document store, DUEPOST_DOCUMENTS, cannot be written ({trouble.strerror})"
    return f"the ledger cannot take it ({type(getattr(trouble, 'orig', None) or trouble).__name__})"


@cache
def _engine() -> Engine:
    """This process's engine, made on first use."""
    return open_ledger(app.settings.database_url, name="door")


@cache
def _door() -> Door:
    return door_of(app.settings)


@worker_shutting_down.connect
def _stop(**_: object) -> None:
    STOPPING.set()
