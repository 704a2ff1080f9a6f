"""Does personal data stay in the ledger and the mail?"""

import base64
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import redis
import requests
from celery import Celery
from sqlalchemy import text

from duepost import Attachment, NewSend, Status
from duepost.ledger import look
from sandbox.child import wait_until
from sandbox.stack import ROOT
from tests.papers import pdf_with
from tests.stack.conftest import Running

pytestmark = pytest.mark.stack

SOON = timedelta(seconds=30)
SECRETS = ("gudrun", "hemmelig.test", "Streng fortrolig", "Kære Gudrun", "faktura-gudrun")
BASE64 = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}")


@contextmanager
def everything_said_to(socket: str) -> Iterator[list[str]]:
    """Every command the broker gets meanwhile, message bodies decoded."""
    said: list[str] = []
    client = redis.Redis(unix_socket_path=socket)
    watching, done = threading.Event(), threading.Event()

    def listen() -> None:
        with client.monitor() as monitor:
            watching.set()
            while not done.is_set():
                said.append(monitor.next_command()["command"])

    thread = threading.Thread(target=listen)
    thread.start()
    watching.wait()
    yield said
    done.set()
    client.ping()  # wakes the monitor
    thread.join()
    client.close()


def plain(said: list[str]) -> str:
    """What was said, with what base64 hides."""
    text = "\n".join(said)
    hidden = [base64.b64decode(found + "=" * (-len(found) % 4)) for found in BASE64.findall(text)]
    return text + "\n".join(one.decode(errors="replace") for one in hidden)


def test_no_address_subject_or_name_reaches_broker_flower_or_logs(running: Running) -> None:
    people = ["gudrun", "defer-1.gudrun", "unknown.gudrun", "full.gudrun"]
    with everything_said_to(str(running.stack.valkey.socket_path)) as said:
        receipts = running.enqueue(
            *(
                NewSend(
                    channel="email",
                    invoice=f"PRIV-{number}",
                    to_address=f"{person}@hemmelig.test",
                    subject="Streng fortrolig",
                    note="Kære Gudrun",
                    filename="faktura-gudrun.pdf",
                )
                for number, person in enumerate(people)
            )
        )
        running.settled(*receipts)
        assert wait_until(lambda: "PRIV-3" in running.look_at("/api/tasks"), SOON)
    pages = ["/api/tasks", "/tasks", "/workers", "/metrics", *(f"/task/{receipt.id}" for receipt in receipts)]
    shown = "\n".join(running.look_at(page) for page in pages)
    logs = "\n".join(log.read_text() for log in running.stack.folder.glob("*.log"))
    spoken = plain(said)
    assert "PRIV-3" in spoken, "the broker was listened to"
    for secret in SECRETS:
        assert secret not in spoken
        assert secret not in shown
        assert secret not in logs


def traces(secret: str) -> set[str]:
    """The secret as it may stand in a text: plain, in hexadecimal, in base64 at each of its three places."""
    raw = secret.encode()
    shifted = [base64.b64encode(bytes(place) + raw)[4 if place else 0 :].decode() for place in range(3)]
    return {secret, raw.hex(), *(text.rstrip("=")[:-1] for text in shifted)}


DOCUMENT_SAYS = "whatever the document of Gudrun says"


def test_no_document_travels_through_the_broker(running: Running) -> None:
    document = pdf_with(DOCUMENT_SAYS.encode())
    further = f"<Invoice>{DOCUMENT_SAYS}</Invoice>".encode()
    with everything_said_to(str(running.stack.valkey.socket_path)) as said:
        mail = NewSend(channel="email", invoice="PRIV-PDF", to_address="gudrun@hemmelig.test", document=document)
        (receipt,) = running.enqueue(replace(mail, attachments=(Attachment(further, "1001.xml"),)))
        (ended,) = running.settled(receipt)
    assert ended.status is Status.SENT
    (delivered,) = running.taken(receipt)
    assert delivered.bytes > len(base64.b64encode(document)), "the mail has it"
    spoken = plain(said)
    assert "PRIV-PDF" in spoken, "the broker was listened to"
    assert [trace for trace in traces(DOCUMENT_SAYS) if trace in spoken] == []


@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_a_document_in_a_message_would_be_found(before: str) -> None:
    encoded = base64.b64encode(f"{before}{DOCUMENT_SAYS} and more".encode()).decode()
    message = base64.b64encode(json.dumps([[encoded], {}]).encode()).decode()
    assert any(trace in plain([f"LPUSH email {message}"]) for trace in traces(DOCUMENT_SAYS))


def test_the_door_repeats_nothing_of_a_send_to_events_logs_inspectors_or_flower(running: Running) -> None:
    row = {
        "Channel": "email",
        "InvoiceNumber": "PRIV-DOOR",
        "ToAddress": "gudrun@hemmelig.test",
        "Subject": "Streng fortrolig",
        "Note": "Kære Gudrun",
    }
    replies: list[str] = []
    pages: list[str] = []

    with (
        Celery("billing", broker=running.stack.valkey.url, set_as_current=False) as app,
        everything_said_to(str(running.stack.valkey.socket_path)) as said,
    ):
        with running.engine.begin() as connection:
            connection.execute(text("LOCK TABLE send IN SHARE MODE"))  # the door stops at its INSERT
            task = app.send_task("duepost.enqueue", args=[row], queue="enqueue")

            def door_at_work() -> str:
                active = app.control.inspect(timeout=1).active() or {}
                replies.append(json.dumps(active, ensure_ascii=False))
                return next((name for name, held in active.items() if task.id in [one["id"] for one in held]), "")

            assert wait_until(lambda: bool(door_at_work()), SOON), replies
            door = door_at_work()
            replies.append(json.dumps(app.control.inspect(timeout=1).query_task(task.id), ensure_ascii=False))

            def shown_by_flower() -> bool:
                running.look_at("/workers?refresh=1")
                pages.append(running.look_at(f"/worker/{door}"))
                return task.id in pages[-1]

            assert wait_until(shown_by_flower, SOON), pages[-1]

        def accepted() -> list[look.Standing]:
            with running.engine.connect() as connection:
                return look.sends_of_invoice(connection, "PRIV-DOOR")

        assert wait_until(lambda: [one.status for one in accepted()] == [Status.SENT], SOON), accepted()
        assert wait_until(lambda: "SUCCESS" in running.look_at(f"/task/{task.id}"), SOON)
    pages += [running.look_at(page) for page in ("/api/tasks", "/tasks", "/workers", f"/task/{task.id}")]
    events = plain([one for one in said if "celeryev" in one])
    assert task.id in events, "the events were listened to"
    assert all(task.id in one for one in replies[-2:])
    logs = "\n".join(log.read_text() for log in running.stack.folder.glob("*.log"))
    for place in (events, logs, *replies, *pages):
        assert [secret for secret in SECRETS if secret in place] == []


def test_each_invoice_has_its_own_row_in_flower_although_it_travels_in_an_order(running: Running) -> None:
    sends = [
        NewSend(channel="email", invoice=f"ROW-{number}", to_address=f"{word}a{number}@firma.test")
        for number, word in enumerate(["", "", "unknown."])
    ]
    receipts = running.enqueue(*sends)
    running.settled(*receipts)

    def rows() -> list[dict[str, str]]:
        tasks = json.loads(running.look_at("/api/tasks"))
        return [tasks[str(receipt.id)] for receipt in receipts if str(receipt.id) in tasks]

    assert wait_until(lambda: [row["state"] for row in rows()] == ["SUCCESS", "SUCCESS", "FAILURE"], SOON), rows()
    assert {row["name"] for row in rows()} == {"deliver.email"}
    assert "invoice=ROW-0" in rows()[0]["kwargs"]
    assert rows()[0]["result"].startswith(f"{int(Status.SENT)} Sent")
    assert rows()[2]["exception"].startswith("320 WrongEmailAddress")


def test_the_order_of_many_sends_ends_with_a_line_for_people(running: Running) -> None:
    sends = [
        NewSend(channel="email", invoice=f"LINE-{number}", to_address=f"line{number}@firma.test") for number in range(3)
    ]
    running.settled(*running.enqueue(*sends))

    def orders() -> list[str]:
        tasks = json.loads(running.look_at("/api/tasks")).values()
        return [task["result"] or "" for task in tasks if "LINE-" in (task["args"] or "")]

    assert wait_until(lambda: any("sent" in line for line in orders()), SOON), orders()


def test_flower_shows_nothing_without_the_password(running: Running) -> None:
    assert requests.get(f"{running.flower}/tasks", timeout=10).status_code == 401


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "5555.0"])
def test_flower_says_in_one_sentence_that_its_port_is_none(port: str) -> None:
    settings = {"DUEPOST_FLOWER_USER": "demo", "DUEPOST_FLOWER_PASSWORD": "demo", "DUEPOST_FLOWER_PORT": port}
    ended = subprocess.run(
        [sys.executable, "config/flowerconfig.py"],
        env={**os.environ, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    sentence = "DUEPOST_FLOWER_PORT is no port: give a number from 1 to 65535, see docs/settings.md"
    assert (ended.returncode, ended.stderr.strip()) == (1, sentence)
