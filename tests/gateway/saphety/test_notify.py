"""Does a call for notifications mail the document to each address, again when wanted, once when repeated?"""

import json
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from duepost.features import Feature
from duepost.ledger.lanes import DeclaredLane, declare
from duepost.sends import Channel
from gateway.saphety.plain import plain
from tests.gateway.conftest import MakeKey, Serve, Served
from tests.gateway.dialects import aged, hold, on_the_wire, register, sends
from tests.gateway.saphety.conftest import DOCUMENT, NOTIFY, PREFIX, Notify, faults
from tests.gateway.test_sends import count

TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYW1laWQiOiJzaW5fYXBpX2RvY3VtZW50YXRpb25fdXNlckBzYXBoZXR5LmNvbSIsInVua"
    "XF1ZV9uYW1lIjoic2luX2FwaV9kb2N1bWVudGF0aW9uX3VzZXJAc2FwaGV0eS5jb20iLCJpYXQiOjE3OTUyMjU3OTIsIm5iZiI6MTc5NTIyNTc5"
    "MiwiZXhwIjoxNzk1MjU0NTkyfQ.c3R1Yg"
)
BODY = (
    '{"OutboundFinancialDocumentId": "fc5e547d-8537-4e05-97d5-1159c62efd6f", "DestinationEmails": [{"Email": '
    '"sin_api_documentation_user@saphety.com", "SendAttachment": true, "LanguageCode": "PT"}]}'
)
SAMPLE = f"""POST /Dcn.Sandbox.WebApi/api/OutboundFinancialDocumentMaintenance/sendAditionalNotifications HTTP/1.1\r
Host: localhost:18443\r
User-Agent: python-requests/2.34.2\r
Accept-Encoding: gzip, deflate\r
Accept: */*\r
Connection: keep-alive\r
Content-Type: application/json\r
Authorization: bearer {TOKEN}\r
Content-Length: 193\r
\r
{BODY}"""
AT = "outboundfinancialdocument"


@pytest.mark.usefixtures("held")
def test_the_sample_is_answered_to_the_byte(gateway: Served, engine: Engine) -> None:
    register(engine, "saphety", "", TOKEN)
    status, media_type, body = on_the_wire(gateway, SAMPLE.encode())
    said = json.loads(body)
    assert (status, media_type) == (200, "application/json; charset=utf-8")
    assert (
        body
        == (
            f'{{"CorrelationId":"{said["CorrelationId"]}","IsValid":true,"Errors":[],'
            '"Data":["sin_api_documentation_user@saphety.com"]}'
        ).encode()
    )
    [(address, attach, language, filename)] = sends(
        engine, "to_address, options ->> 'attach', options ->> 'language', filename"
    )
    assert (address, attach, language) == ("sin_api_documentation_user@saphety.com", None, "pt")
    assert filename == "FT-1.pdf"


@pytest.mark.usefixtures("held")
def test_the_sample_goes_with_a_token_of_ours_too(gateway: Served, engine: Engine, token: str) -> None:
    status, _, body = on_the_wire(gateway, SAMPLE.replace(TOKEN, token).encode())
    assert (status, json.loads(body)["IsValid"], count(engine, "send")) == (200, True, 1)


@pytest.mark.parametrize(
    "call",
    [
        "OutboundFinancialDocumentMaintnance/sendNotifications",
        "OutboundFinancialDocumentMaintnance/sendAditionalNotifications",
        "OutboundFinancialDocumentMaintenance/sendAditionalNotifications",
        "OutboundFinancialDocumentMaintenance/sendAdditionalNotifications",
        "OUTBOUNDFINANCIALDOCUMENTMAINTENANCE/sendadditionalnotifications",
    ],
)
@pytest.mark.parametrize("prefix", ["/api", PREFIX, "/x/y/Api"])
def test_every_name_of_the_call_is_answered(notify: Notify, prefix: str, call: str) -> None:
    assert notify("a@b.dk", path=f"{prefix}/{call}").json()["Data"] == ["a@b.dk"]


def test_each_address_is_a_send_of_its_own(notify: Notify, engine: Engine) -> None:
    answer = notify(
        {"Email": " a@b.dk "},
        {"email": "c@D.dk", "SENDATTACHMENT": "true", "languagecode": "Pt"},
        {"Email": "e@f.dk", "SendAttachment": None, "LanguageCode": None, "CC": None, "BCC": []},
    )
    assert answer.json()["Data"] == ["a@b.dk", "c@D.dk", "e@f.dk"]
    assert sends(engine, "to_address, options -> 'attach', options ->> 'language', sequence, invoice") == [
        ("a@b.dk", [], "en", 0, "FT-1"),
        ("c@d.dk", None, "pt", 0, "FT-1"),
        ("e@f.dk", [], "en", 0, "FT-1"),
    ]


def test_a_mail_may_have_words_a_sender_and_copies_of_its_own(notify: Notify, engine: Engine) -> None:
    html = "<html><head><title>x</title></head><body><p>Olá &amp; bom dia</p>1<br>2 <a href='https://x.pt/1'>aqui</a></body></html>"
    mail = {
        "Email": "a@b.dk",
        "From": "billing@acme.dk",
        "FromDisplayName": "Acme Billing",
        "Subject": "Fatura",
        "Body": b64encode(html.encode()).decode(),
        "BodyContentType": "application/html",
        "CC": ["c@b.dk"],
        "BCC": ["d@b.dk"],
    }
    assert notify(mail).json()["Data"] == ["a@b.dk"]
    told = sends(
        engine, "to_address, subject, note, options ->> 'sender', options ->> 'sender_name', options ->> 'copy'"
    )
    words = ("Fatura", "Olá & bom dia\n\n1\n2 aqui (https://x.pt/1)", "billing@acme.dk", "Acme Billing")
    assert told == [("a@b.dk", *words, None), ("c@b.dk", *words, None), ("d@b.dk", *words, "true")]
    assert {shown for (shown,) in sends(engine, "options ->> 'shown_to'")} == {"a@b.dk, c@b.dk"}


@pytest.mark.parametrize(
    ("kind", "body", "note"),
    [
        ("text/plain", "<b>1</b>\n2", "<b>1</b>\n2"),
        ("TEXT/HTML; charset=utf-8", "<b>1</b>\n2", "1 2"),
        ("application/html", "1\n2", "1 2"),
        (None, "<p>1</p>\n2", "1\n\n2"),
        (None, "1 < 2\n3 > 2", "1 < 2\n3 > 2"),
    ],
)
def test_a_body_is_read_by_its_type(notify: Notify, engine: Engine, kind: str | None, body: str, note: str) -> None:
    mail = {"Email": "a@b.dk", "Body": b64encode(body.encode()).decode(), "BodyContentType": kind}
    assert notify(mail).json()["IsValid"]
    assert sends(engine, "note") == [(note,)]


def test_a_later_call_sends_again(notify: Notify, engine: Engine) -> None:
    for _ in range(3):
        assert "Idempotent-Replayed" not in notify("a@b.dk", "c@d.dk").headers
        aged(engine, 61)
    assert sends(engine, "to_address, sequence") == [
        (address, number) for number in range(3) for address in ("a@b.dk", "c@d.dk")
    ]


def test_another_call_sends_at_once(notify: Notify, engine: Engine) -> None:
    notify("a@b.dk")
    assert "Idempotent-Replayed" not in notify("a@b.dk", "c@d.dk").headers
    assert sends(engine, "to_address, sequence") == [("a@b.dk", 0), ("a@b.dk", 1), ("c@d.dk", 0)]


def test_the_same_call_within_a_minute_is_a_repeat_and_says_so(notify: Notify, engine: Engine) -> None:
    first = notify("a@b.dk")
    aged(engine, 50)
    again = notify("a@b.dk")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert count(engine, "send") == 1


def test_that_may_be_switched_off(
    serve: Serve, database_url: str, engine: Engine, key: str, held: dict[str, Any]
) -> None:
    assert held
    gateway = serve(database_url, gateway={"saphety_repeat_seconds": 0})
    for _ in range(2):
        assert gateway.call("POST", NOTIFY, key, data=BODY.encode()).json()["IsValid"]
    assert [number for (number,) in sends(engine, "sequence")] == [0, 1]


def test_an_idempotency_key_says_what_is_a_repeat(notify: Notify, engine: Engine) -> None:
    first = notify("a@b.dk", key="k1")
    aged(engine, 3600)
    assert notify("a@b.dk", key="k1").content == first.content
    assert notify("a@b.dk", key="k2").content != first.content
    assert faults(notify("c@d.dk", key="k1"))[0][0] == "IDEMPOTENCY_KEY_REUSED"
    assert notify("a@b.dk", key="x" * 256).status_code == 400
    assert sends(engine, "to_address, sequence") == [("a@b.dk", 0), ("a@b.dk", 1)]


def test_of_the_same_calls_at_once_one_mails(notify: Notify, engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: notify("a@b.dk", "c@d.dk"), range(16)))
    assert len({one.content for one in answers}) == 1
    assert count(engine, "send") == 2


def test_of_wanted_calls_at_once_each_mails(notify: Notify, engine: Engine) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: notify("a@b.dk", "c@d.dk", key=f"k{n}"), range(16)))
    assert all(one.json()["IsValid"] for one in answers)
    for address in ("a@b.dk", "c@d.dk"):
        assert sorted(n for to, n in sends(engine, "to_address, sequence") if to == address) == list(range(16))


def test_an_address_that_stands_twice_is_mailed_once_unless_its_mails_differ(notify: Notify, engine: Engine) -> None:
    told = notify("a@b.dk", "a@b.dk", {"Email": "a@b.dk", "LanguageCode": "pt"}).json()["Data"]
    assert told == ["a@b.dk"]
    assert sends(engine, "sequence, options ->> 'language'") == [(0, "en"), (1, "pt")]


EMPTY = "REQUIRED_FILED_IS_EMPTY"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, [(EMPTY, "OutboundFinancialDocumentId", []), (EMPTY, "DestinationEmails", [])]),
        (
            {"Username": "u", "Password": "p"},
            [(EMPTY, "OutboundFinancialDocumentId", []), (EMPTY, "DestinationEmails", [])],
        ),
        ({AT + "id": DOCUMENT, "destinationemails": []}, [(EMPTY, "DestinationEmails", [])]),
        ({AT + "id": DOCUMENT, "destinationemails": "a@b.dk"}, [(EMPTY, "DestinationEmails", [])]),
        ({AT + "id": DOCUMENT, "destinationemails": [{}, "x"]}, [(EMPTY, "Email", []), (EMPTY, "Email", [])]),
    ],
)
def test_what_is_missing_is_named(notify: Notify, engine: Engine, body: Any, wrong: list[Any]) -> None:
    assert faults(notify(json=body)) == wrong
    assert count(engine, "send") == 0


@pytest.mark.parametrize(
    ("mail", "wrong"),
    [
        ({"Email": "nobody"}, ("INVALID_EMAIL", "Email", ["nobody"])),
        ({"Email": "a@b.dk,c@d.dk"}, ("INVALID_EMAIL", "Email", ["a@b.dk,c@d.dk"])),
        ({"Email": "a@b.dk\r\nBcc: x@y.dk"}, ("INVALID_EMAIL", "Email", ["a@b.dk\r\nBcc: x@y.dk"])),
        ({"CC": ["x"]}, ("INVALID_EMAIL", "CC", ["x"])),
        ({"BCC": [1]}, ("INVALID_EMAIL", "BCC", [])),
        ({"From": "x"}, ("INVALID_EMAIL", "From", ["x"])),
        ({"LanguageCode": "da"}, ("INVALID_ENUM", "LanguageCode", ["da"])),
        ({"LanguageCode": 1}, ("INVALID_VALUE", "LanguageCode", ["is not text"])),
        ({"SendAttachment": "maybe"}, ("INVALID_ENUM", "SendAttachment", ["maybe"])),
        ({"BodyContentType": "image/png"}, ("INVALID_ENUM", "BodyContentType", ["image/png"])),
        ({"Body": "!"}, ("INVALID_VALUE", "Body", ["is no base64"])),
    ],
)
def test_every_wrong_value_is_named(notify: Notify, engine: Engine, mail: Any, wrong: Any) -> None:
    assert faults(notify({"Email": "c@d.dk"}, {"Email": "a@b.dk", **mail})) == [wrong]
    assert count(engine, "send") == 0


@pytest.mark.parametrize(
    ("mail", "about"),
    [
        ({"Subject": "a\nb"}, "Subject"),
        ({"FromDisplayName": "x" * 100}, "FromDisplayName"),
        ({"Body": b64encode(b"x" * 20_000).decode()}, "Body"),
    ],
)
def test_what_no_mail_can_have_is_named_and_nobody_is_mailed(
    notify: Notify, engine: Engine, mail: Any, about: str
) -> None:
    [(code, name, _)] = faults(notify("c@d.dk", {"Email": "a@b.dk", **mail}))
    assert (code, name, count(engine, "send")) == ("INVALID_VALUE", about, 0)


def test_more_than_a_hundred_addresses_are_refused(notify: Notify) -> None:
    assert faults(notify(*(f"a{n}@b.dk" for n in range(101))))[0][:2] == ("INVALID_VALUE", "DestinationEmails")


@pytest.mark.parametrize("guid", ["00000000-0000-4000-8000-000000000000", "x", "a\0b", 7])
def test_an_unknown_document_is_not_found(notify: Notify, guid: object) -> None:
    assert faults(notify("a@b.dk", document=guid)) == [
        ("DOCUMENT_NOT_FOUND", "OutboundFinancialDocumentId", [str(guid)])
    ]


def test_another_accounts_document_is_an_unknown_one(gateway: Served, make_key: MakeKey, notify: Notify) -> None:
    theirs = hold(gateway, make_key(account="other"), "FT-1")["guid"]
    assert faults(notify("a@b.dk", document=theirs)) == [
        ("DOCUMENT_NOT_FOUND", "OutboundFinancialDocumentId", [theirs])
    ]


def test_a_halted_document_is_not_mailed(notify: Notify, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE held_invoice SET halted = true"))
    assert faults(notify("a@b.dk"))[0][0] == "DOCUMENT_HALTED"


def test_a_sender_that_the_lane_cannot_show_is_left_out(notify: Notify, engine: Engine) -> None:
    with engine.begin() as connection:
        declare(connection, [DeclaredLane("email", Channel.EMAIL, "sin", "http", frozenset({Feature.DOCUMENT}))])
    assert notify({"Email": "a@b.dk", "From": "x@acme.dk", "FromDisplayName": "Acme"}).json()["IsValid"]
    assert sends(engine, "to_address, options ->> 'sender'") == [("a@b.dk", None)]
    assert faults(notify({"Email": "a@b.dk", "Subject": "x"}))[0][:2] == ("INVALID_VALUE", "Subject")


def test_a_refused_call_is_not_remembered(notify: Notify) -> None:
    assert not notify("nobody", key="k").json()["IsValid"]
    assert notify("a@b.dk", key="k").json()["IsValid"]


def test_without_a_token_nothing_is_mailed(gateway: Served, notify: Notify, engine: Engine) -> None:
    assert notify("a@b.dk", headers={}).status_code == 401
    assert gateway.call("POST", NOTIFY, "garbage", data=b"[" * 1000).status_code == 401
    assert count(engine, "send") == 0


def test_a_fault_of_ours_is_told_in_the_envelope_and_logged_without_addresses(
    notify: Notify, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE send ADD CONSTRAINT broken CHECK (invoice = '') NOT VALID"))
    answer = notify("private.person@b.dk")
    assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (500, "SERVER_ERROR")
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "private.person" not in caplog.text


def test_what_is_hardly_html_loses_its_tags_and_takes_no_minutes() -> None:
    assert plain("<p>Dear <b>Ana</b>,</p>" + "<!--" * 45_000).startswith("Dear\nAna\n,")
