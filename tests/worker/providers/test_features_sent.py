"""Is each feature that an adapter declares found in what it hands over?

A door takes a send for what is declared; what then stayed behind would be lost with a 200.
"""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from duepost.features import EVERYTHING, Feature
from duepost.options import Options
from sandbox.http_counterpart import HttpCounterpart
from sandbox.mail_counterpart import MailCounterpart
from tests.worker.providers.adapters import ADAPTERS, JOBS, OVER_HTTP
from tests.worker.providers.contract import MakeJob
from worker.drop_folder import FolderDrop
from worker.providers.folder import Folder
from worker.providers.port import Document, Job
from worker.providers.smtp import Smtp

PDF, SECOND = b"%PDF-1.7 the-document", b"%PDF-1.7 the-second-one"
# feature -> what a send asks for by it, and the mark by which that is known; CONFIRM_READ has none of its own
ASKED: dict[Feature, tuple[dict[str, object], bytes]] = {
    Feature.DOCUMENT: ({"document": Document("1.pdf", "application/pdf", PDF)}, PDF),
    Feature.ATTACHMENTS: (
        {
            "document": Document("1.pdf", "application/pdf", PDF),
            "attachments": (Document("2.pdf", "application/pdf", SECOND),),
        },
        SECOND,
    ),
    Feature.SUBJECT: ({"subject": "the-subject"}, b"the-subject"),
    Feature.NOTE: ({"note": "the-note"}, b"the-note"),
    Feature.SENDER: ({"options": Options(sender="from@own.test")}, b"from@own.test"),
    Feature.SENDER_NAME: ({"options": Options(sender_name="the-name")}, b"the-name"),
    Feature.CONFIRM_READ: ({"options": Options(confirm_read=True)}, b""),
    Feature.COPY: (
        {"to_address": "copy@customer.test", "options": Options(copy=True, shown_to="anna@customer.test")},
        b"copy@customer.test",
    ),
    Feature.INTERNAL_NOTE: ({"options": Options(internal_note="the-inner-note")}, b"the-inner-note"),
    Feature.PROVIDER_DOCUMENTS: ({"options": Options(provider_documents=("4711",))}, b"4711"),
    Feature.PARTICIPANT: ({"channel": "xml", "to_address": "0184:DK12345674"}, b"0184:DK12345674"),
}
# adapter -> how it asks for a read confirmation
CONFIRMED = {
    "smtp": b"Disposition-Notification-To",
    "http": b'"confirm_read": true',
    "acumulus": b"<confirmreading>1<",
}
# (adapter, feature) -> why it is not in what is handed over
ELSEWHERE = {
    ("saphety", Feature.DOCUMENT): "SIN has the document, and mails its own copy",
    ("saphety", Feature.PARTICIPANT): "SIN knows the receiver of what lies there",
    ("folder", Feature.PARTICIPANT): "the document names its receiver",
}
LIMIT = timedelta(seconds=20)


def folder(host: str, port: int) -> Folder:  # noqa: ARG001 - as every adapter is made
    return Folder(drop=FolderDrop(Path()))


MAKERS = {"smtp": ADAPTERS["smtp"], "folder": folder, **{name: ADAPTERS[name] for name in OVER_HTTP}}
DECLARED = [
    (name, feature)
    for name, make in MAKERS.items()
    for feature in sorted(make("127.0.0.1", 1).features)
    if (name, feature) not in ELSEWHERE
]


def over_http(at: Path, name: str, job: Job) -> bytes:
    with HttpCounterpart(at) as server:
        for one in OVER_HTTP[name]:
            server.answer(one.status, one.body, one.headers)
        provider = ADAPTERS[name](server.host, server.port, LIMIT)
        provider.send(job)
        provider.close()
        return b"\n".join(one.path.encode() + b"\n" + one.body for one in server.requests)


def by_mail(at: Path, job: Job) -> bytes:
    with MailCounterpart(at) as server:
        provider = Smtp(host=server.host, port=server.port, tls="none", sender="billing@shop.test")
        provider.send(job)
        provider.close()
        [taken] = server.taken()
        return taken.recipient.encode() + b"\n" + (at / str(taken.file)).read_bytes()


def by_folder(at: Path, job: Job) -> bytes:
    at.mkdir()
    Folder(drop=FolderDrop(at)).send(job)
    [file] = at.iterdir()
    return file.read_bytes()


def readable(heard: bytes) -> Iterator[bytes]:
    """As it is, as a form or an address says it, and whatever is in base64 in it."""
    yield heard
    yield unquote_plus(heard.decode("latin-1")).encode("latin-1", "replace")
    for word in re.findall(rb"[A-Za-z0-9+/]{8,}={0,2}", heard.replace(b"\r\n", b"")):
        with suppress(Error):
            yield b64decode(word)


@pytest.mark.parametrize(("name", "feature"), DECLARED)
def test_what_is_declared_is_handed_over(tmp_path: Path, job: MakeJob, name: str, feature: Feature) -> None:
    changes, mark = ASKED[feature]
    own = JOBS.get(name, {})
    if isinstance(document := own.get("document"), Document) and feature is Feature.DOCUMENT:
        changes, mark = {}, document.content
    send = job(**{"document": None} | own | changes)
    at = tmp_path / "there"
    heard = {"smtp": by_mail, "folder": by_folder}.get(name, lambda at, send: over_http(at, name, send))(at, send)
    mark = mark or CONFIRMED[name]
    assert any(mark in words for words in readable(heard))


def test_every_feature_is_asked_for() -> None:
    assert ASKED.keys() == EVERYTHING


def test_nothing_is_excused_that_nobody_declares() -> None:
    assert [pair for pair in ELSEWHERE if pair[1] not in MAKERS[pair[0]]("127.0.0.1", 1).features] == []
