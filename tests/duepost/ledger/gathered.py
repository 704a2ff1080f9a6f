"""How does a test get sends that wait for their print run?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from duepost.document_kinds import StoredDocument
from duepost.ledger.accept import copy_in
from duepost.ledger.history_tables import transition
from duepost.ledger.identifiers import new_id
from duepost.ledger.schema import document
from duepost.options import NONE, Options
from duepost.sends import Channel
from duepost.statuses import Status
from tests.duepost.ledger.conftest import accepted, set_state

LANE = "letters"
ADDRESS = "Anna Ægir; Vej 1, 8000 Aarhus"
SOME = (StoredDocument(b"\1" * 32, "application/pdf", 1), StoredDocument(b"\2" * 32, "application/pdf", 1))


def gather(
    connection: Connection,
    documents: Sequence[StoredDocument] = SOME,
    *,
    ago: timedelta = timedelta(0),
    account: str = "default",
    run_id: int | None = None,
    options: Options = NONE,
) -> list[UUID]:
    """One send for each document, gathered so long ago."""
    at: datetime = connection.execute(select(func.now() - ago)).scalar_one()
    usual = accepted(connection, lane=LANE, account=account, run_id=run_id)
    letter = replace(usual.send, channel=Channel.PRINT, to_address=ADDRESS, units=2, options=options)
    sends = [
        replace(usual, id=new_id(), business_key=uuid4(), document=one, send=replace(letter, filename=f"{number}.pdf"))
        for number, one in enumerate(documents, 1)
    ]
    facts = [{"sha256": one.sha256, "media_type": one.media_type, "size": one.size} for one in documents]
    connection.execute(insert(document).on_conflict_do_nothing(), facts)
    copy_in(connection, sends)
    for one in sends:
        set_state(connection, one.id, status=int(Status.READY_TO_PRINT), due_at=None, attempts=1)
        told = {"from_status": 100, "to_status": 150, "reason_code": "GATHERED", "actor": "worker@test", "attempt": 1}
        connection.execute(insert(transition).values(send_id=one.id, at=at, **told))
    return [one.id for one in sends]
