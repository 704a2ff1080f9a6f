"""What may a send ask for that only an invoice system can do?"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from duepost.errors import InvalidSend
from duepost.features import EVERYTHING, OF_INVOICE_SYSTEMS, Feature
from duepost.fitting import unfit
from duepost.ledger.lanes import DeclaredLane
from duepost.options import Options
from duepost.rows import RowReader
from duepost.rules import Rules
from duepost.sends import Channel, CheckedSend
from duepost.validation import check

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ROW = {"Channel": "email", "InvoiceNumber": "1001", "ToAddress": "a@firma.test"}


def checked(**columns: str) -> CheckedSend:
    new = RowReader(Path()).send_of({**ROW, **columns})
    return check(new, zone="Europe/Copenhagen", now=NOW, rules=Rules(test_domains=True))


def lane(features: frozenset[Feature]) -> dict[str, DeclaredLane]:
    return {"email": DeclaredLane("email", Channel.EMAIL, "books", "some-kind", features, None)}


def test_a_note_and_documents_are_options_and_come_back_as_they_were() -> None:
    options = checked(InternalNote="one\ntwo", ProviderDocuments="11, 12,,11").options
    assert (options.internal_note, options.provider_documents) == ("one\ntwo", ("11", "12"))
    assert Options.from_json(options.to_json()) == options


@pytest.mark.parametrize(
    ("column", "value"), [("InternalNote", "a\0b"), ("InternalNote", "x" * 10_001), ("ProviderDocuments", "1\n2")]
)
def test_what_cannot_be_kept_is_refused_by_its_own_name(column: str, value: str) -> None:
    with pytest.raises(InvalidSend) as wrong:
        checked(**{column: value})
    assert wrong.value.field == column


@pytest.mark.parametrize("column", ["InternalNote", "ProviderDocuments"])
def test_a_lane_that_has_no_invoices_of_its_own_cannot_take_it(column: str) -> None:
    send = checked(**{column: "11"})
    refused = unfit(send, lane(EVERYTHING - OF_INVOICE_SYSTEMS), Rules())
    assert refused is not None
    assert refused.field == column
    assert unfit(send, lane(EVERYTHING), Rules()) is None
