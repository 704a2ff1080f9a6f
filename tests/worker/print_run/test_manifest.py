"""Does the manifest say where each letter goes?"""

import csv
from io import StringIO

from sqlalchemy import Engine

from duepost.documents import DocumentStore
from duepost.ledger.accounts import account_named
from duepost.ledger.print_runs import close, envelopes
from duepost.options import Options
from tests.duepost.ledger.gathered import ADDRESS, LANE, gather
from tests.worker.print_run.conftest import pdf_of
from worker.print_run.manifest import manifest

POSTAL = "Søren Ø, Vej 2\n9000 Aalborg"


def test_the_address_is_the_postal_one_where_the_send_has_it(engine: Engine, documents: DocumentStore) -> None:
    document = documents.put(pdf_of(1, "letter"))
    with engine.begin() as connection:
        gather(connection, [document], options=Options(postal=POSTAL))
        gather(connection, [document])
        found = account_named(connection, "default")
        number = close(connection, found.id, LANE, found.now)
        assert number is not None
        letters = envelopes(connection, number)
    told = manifest("P000001", letters, {1: 1, 2: 1}).decode()
    assert [row["address"] for row in csv.DictReader(StringIO(told, newline=""))] == [POSTAL, ADDRESS]
