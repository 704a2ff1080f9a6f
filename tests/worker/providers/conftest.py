"""What do the adapters' tests share?"""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sandbox.http_counterpart import HttpCounterpart
from sandbox.mail_counterpart import MailCounterpart
from worker.providers.port import Document, Job

ID = UUID("019a9f3e-5c1d-7a3b-8d42-0123456789ab")
PDF = bytes(range(256)) * 200


@dataclass(frozen=True)
class Certificate:
    """Self-signed for localhost and 127.0.0.1."""

    certificate: Path
    key: Path


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    made = Certificate(folder / "cert.pem", folder / "key.pem")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *names, *files], check=True)
    return made


@pytest.fixture
def job() -> Callable[..., Job]:
    """A send as an adapter sees it; each argument changes one field."""

    def make(**changes: Any) -> Job:
        usual: dict[str, Any] = {
            "id": ID,
            "token": str(ID),
            "channel": "email",
            "kind": "invoice",
            "invoice": "1001",
            "account": "default",
            "to_address": "anna@customer.test",
            "subject": None,
            "note": None,
            "document": Document("Faktura-1001-æøå.pdf", "application/pdf", PDF),
        }
        return Job(**usual | changes)

    return make


@pytest.fixture
def mail_counterpart(tmp_path: Path) -> Iterator[MailCounterpart]:
    with MailCounterpart(tmp_path / "mail") as server:
        yield server


@pytest.fixture
def http_counterpart(tmp_path: Path) -> Iterator[HttpCounterpart]:
    with HttpCounterpart(tmp_path / "http") as server:
        yield server
