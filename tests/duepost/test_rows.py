"""Which send does a row of a file ask for?"""

from pathlib import Path
from typing import Any

import pytest

from duepost.errors import InvalidSend
from duepost.rows import COLUMNS, RowReader
from duepost.sends import Attachment, NewSend, Reference

FOLDER = Path("/in/may")


def send_of(row: dict[str, Any]) -> NewSend:
    return RowReader(FOLDER).send_of(row)


def test_a_row_with_every_column_becomes_a_send_with_every_field() -> None:
    row = {
        "Channel": "Email",
        "Status": "Queue",
        "ToAddress": "anna@company.dk ",
        "ScheduleSendDate": "2026-05-31 15:55",
        "Note": "Cheers!",
        "InvoiceNumber": "INV-1",
        "CustomerNumber": "12345",
        "Reference": "PO 7",
        "Subject": "Invoice",
        "Kind": "reminder",
        "Document": "pdf/INV-1.pdf",
        "Filename": "Invoice.pdf",
        "Account": "acme",
        "Lane": "email-2",
        "Priority": "urgent",
        "Sequence": "2",
    }
    send = send_of(row)
    assert send.document == FOLDER / "pdf/INV-1.pdf"
    fields = {COLUMNS[column]: value for column, value in row.items() if column != "Document"}
    assert {field: getattr(send, field) for field in fields} == fields


@pytest.mark.parametrize("name", ["invoicenumber", "INVOICE_NUMBER", "Invoice Number", " invoice", "Invoice"])
def test_a_column_may_differ_in_case_blanks_and_underscores(name: str) -> None:
    assert send_of({name: "INV-1"}).invoice == "INV-1"


def test_farpays_type_code_is_the_kind() -> None:
    assert send_of({"InvoiceTypeCode": "PCM"}).kind == "PCM"


def test_numbers_are_taken_as_the_text_they_are() -> None:
    send = send_of({"InvoiceNumber": 1001, "ToAddress": 5790000123452, "Sequence": 1})
    found: tuple[object, ...] = (send.invoice, send.to_address, send.sequence)
    assert found == ("1001", "5790000123452", "1")


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_cell_is_as_good_as_none(nothing: str | None) -> None:
    assert send_of(dict.fromkeys(COLUMNS.keys() - {"Invoice", "Customer", "InvoiceTypeCode"}, nothing)) == NewSend(
        channel="", invoice=""
    )


@pytest.mark.parametrize("value", [True, ["a"], {"a": "b"}, b"a"])
def test_a_value_that_is_neither_text_nor_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidSend, match=r"^Note is neither text nor a number"):
        send_of({"Note": value})


@pytest.mark.parametrize(
    ("name", "nearest"), [("InvocieNumber", "InvoiceNumber"), ("to_adress", "ToAddress"), ("Chanel", "Channel")]
)
def test_an_unknown_column_names_the_nearest_known_one(name: str, nearest: str) -> None:
    with pytest.raises(InvalidSend, match=f"^{name} is not known: did you mean {nearest}\\?$"):
        send_of({"Channel": "email", name: "x"})


def test_an_unknown_column_near_nothing_names_them_all() -> None:
    with pytest.raises(InvalidSend, match=r"use Channel, .*, ProviderDocuments$"):
        send_of({"Xyz": "1"})


@pytest.mark.parametrize("name", ["anna@company.dk", "+4533445566", "5790000123452", "Anna Larsen", "Hanne"])
def test_data_in_the_place_of_a_columns_name_is_not_repeated(name: str) -> None:
    with pytest.raises(InvalidSend) as refused:
        send_of({name: "x"})
    assert name not in str(refused.value)
    assert refused.value.value == name


def test_two_spellings_of_one_column_are_refused() -> None:
    with pytest.raises(InvalidSend, match=r"^InvoiceNumber is given twice"):
        send_of({"invoice": "1", "InvoiceNumber": "2"})


def test_farpays_nested_form_is_read_and_the_rest_of_the_invoice_left_alone() -> None:
    row = {
        "CustomerNumber": "12345",
        "InvoiceNumber": "INV-001",
        "Amount": 125.50,
        "Recepient": {"Name": "Anna"},
        "Send": {"Channel": "SMS", "Status": "Queue", "ToAddress": "+4533445566"},
    }
    assert send_of(row) == NewSend(channel="SMS", invoice="INV-001", to_address="+4533445566", customer="12345")


def test_inside_send_a_name_must_be_known() -> None:
    with pytest.raises(InvalidSend, match=r"^Chanel is not known"):
        send_of({"InvoiceNumber": "1", "Send": {"Chanel": "SMS"}})


@pytest.mark.parametrize("node", ["email", None, ["email"]])
def test_send_must_be_an_object(node: object) -> None:
    with pytest.raises(InvalidSend, match=r"^Send is no object"):
        send_of({"InvoiceNumber": "1", "Send": node})


def test_rows_of_one_file_may_differ_in_their_columns() -> None:
    reader = RowReader(FOLDER)
    assert reader.send_of({"invoice": "1"}).invoice == "1"
    assert reader.send_of({"Invoice": "2", "Send": {"channel": "sms"}}).channel == "sms"
    assert reader.send_of({"INVOICE": "3", "note": "x"}).note == "x"


def test_a_second_send_node_is_refused_and_not_dropped() -> None:
    row = {"InvoiceNumber": "1", "Send": {"Channel": "email"}, "SEND": {"Channel": "sms"}}
    with pytest.raises(InvalidSend, match="Send is given twice"):
        RowReader(Path()).send_of(row)


@pytest.mark.parametrize(
    "written",
    [
        ["1001.xml", "sha256:" + "ab" * 32, "", " /srv/terms.pdf "],
        f"1001.xml; SHA256:{'ab' * 32};; /srv/terms.pdf ;",
    ],
)
def test_attachments_are_a_list_or_stand_between_semicolons(written: object) -> None:
    assert send_of({"Attachments": written}).attachments == (
        Attachment(FOLDER / "1001.xml"),
        Attachment(Reference("ab" * 32)),
        Attachment(Path("/srv/terms.pdf")),
    )


@pytest.mark.parametrize("written", [["1001.xml", 7], [None], [["1001.xml"]]])
def test_a_list_of_attachments_holds_paths(written: object) -> None:
    with pytest.raises(InvalidSend, match=r"^Attachments holds something that is no path"):
        send_of({"Attachments": written})
