"""How would one do it without duepost? One Celery task a send: `python -m celery -A benchmarks.plain worker`.

As its documentation shows it: acknowledged late, the transport's options as they are, no results; the row read and
written through SQLAlchemy.
"""

from functools import cache
from uuid import UUID

from celery import Celery
from sqlalchemy import Engine, create_engine, update

from benchmarks.jobs import documents, job_of, provider, read_one, settings
from benchmarks.plain_names import QUEUE, TASK
from duepost.ledger.schema import state

app = Celery("plain", broker=settings().broker_url.get_secret_value())
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True, task_default_queue=QUEUE)


@cache
def engine() -> Engine:
    """This process's engine, with a connection for every thread."""
    return create_engine(settings().database_url.get_secret_value(), pool_size=64)


@app.task(name=TASK, acks_late=True)
def deliver(ident: str) -> None:
    """Send one, and say so in the ledger."""
    with engine().connect() as connection:
        row = read_one(connection, UUID(ident))
    outcome = provider().send(job_of(row, documents()))
    with engine().begin() as connection:
        connection.execute(
            update(state).where(state.c.send_id == UUID(ident)).values(status=int(outcome.status), due_at=None)
        )
