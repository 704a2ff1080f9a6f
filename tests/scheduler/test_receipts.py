"""Does the tick read receipts again that came while a provider had the send?"""

import pytest
from sqlalchemy import Engine

from duepost.errors import Refused
from duepost.ledger import look
from duepost.ledger.receipts import take_receipt
from duepost.ledger.record import record
from duepost.receipts import NewReceipt, Source, Word
from duepost.statuses import Status
from scheduler.receipts import read_early_receipts
from tests.duepost.ledger.conftest import ENVIRONMENT, begun, outcome_of


def bounced(engine: Engine) -> NewReceipt:
    """Two sends, each in a provider's hands, with a bounce; then the provider has answered for the first."""
    with engine.begin() as connection:
        first, second = begun(connection, 2)
        for send in (first, second):
            told = NewReceipt(send_id=send.id, source=Source.DSN, word=Word.FAILED, status=Status.EMAIL_BOUNCED)
            take_receipt(connection, told)
        record(connection, [outcome_of(first)])
    return told


def test_what_the_provider_has_answered_follows_its_receipts(engine: Engine) -> None:
    bounced(engine)
    assert read_early_receipts(engine, ENVIRONMENT) == 1
    with engine.connect() as connection:
        assert look.counts(connection) == {Status.QUEUE: 1, Status.EMAIL_BOUNCED: 1}
    assert read_early_receipts(engine, ENVIRONMENT) == 0


def test_in_another_environments_ledger_nothing_is_changed(engine: Engine) -> None:
    bounced(engine)
    with pytest.raises(Refused):
        read_early_receipts(engine, "staging")
