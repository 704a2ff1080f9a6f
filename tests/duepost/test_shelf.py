"""Do documents lie as safely in a bucket as in a folder?"""

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from duepost.documents import DocumentStore
from duepost.errors import ConfigError
from duepost.settings import DoorSettings, load
from duepost.shelf import Bucket, shelf_at

PDF = b"%PDF-1.7\n%%EOF\n"
KEYS = {"key": "sandbox", "secret": "s3cret-of-the-bucket"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A server that speaks S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Bucket:
    """An empty one."""
    name = f"duepost-{uuid4().hex}"
    shelf = shelf_at(f"s3://{name}/documents", endpoint_url=endpoint, **KEYS)
    assert isinstance(shelf, Bucket)
    shelf._files.mkdir(name)
    return shelf


def test_what_is_put_into_a_bucket_is_read_from_it(bucket: Bucket) -> None:
    store = DocumentStore(bucket)
    stored = store.put(PDF)
    assert (store.read(stored.sha256), store.put(PDF)) == (PDF, stored)


def test_what_a_bucket_does_not_hold_is_not_found(bucket: Bucket) -> None:
    with pytest.raises(FileNotFoundError):
        DocumentStore(bucket).read(bytes(32))


PARENT_AND_CHILD = """
import os, sys
from duepost.documents import DocumentStore
from duepost.shelf import shelf_at

url, endpoint, key, secret = sys.argv[1:]
store = DocumentStore(shelf_at(url, endpoint_url=endpoint, key=key, secret=secret))
digest = store.put(b"%PDF-1.7 of the parent %%EOF").sha256
child = os.fork()
if not child:
    os._exit(0 if store.read(digest) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_reads_what_its_parent_put_through_the_same_store(bucket: Bucket) -> None:
    told = (bucket.url, bucket.options["endpoint_url"], KEYS["key"], KEYS["secret"])
    assert subprocess.run([sys.executable, "-c", PARENT_AND_CHILD, *told], timeout=30, check=False).returncode == 0


def test_a_bucket_that_cannot_be_reached_is_the_operators_trouble() -> None:
    shelf = shelf_at("s3://nowhere/documents", endpoint_url="http://127.0.0.1:9", **KEYS)
    with pytest.raises(OSError, match=r"."):
        DocumentStore(shelf).put(PDF)


def test_the_secret_is_in_no_repr(bucket: Bucket) -> None:
    assert KEYS["secret"] not in repr(DocumentStore(bucket))


def test_the_settings_name_the_bucket(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("", bucket.url),
        ("_KEY", KEYS["key"]),
        ("_SECRET", KEYS["secret"]),
        ("_ENDPOINT", bucket.options["endpoint_url"]),
    ):
        monkeypatch.setenv(f"DUEPOST_DOCUMENTS{name}", value)
    settings = load(DoorSettings, database_url="postgresql+psycopg://unused")
    assert settings.store.put(PDF) == DocumentStore(bucket).put(PDF)
    assert KEYS["secret"] not in repr(settings)


@pytest.mark.parametrize("place", ["memory://documents", "https://example.com/documents", "ftp://example.com"])
def test_another_kind_of_place_is_refused(place: str) -> None:
    with pytest.raises(ConfigError, match=r"^DUEPOST_DOCUMENTS is neither a folder nor an s3:// address"):
        shelf_at(place)
