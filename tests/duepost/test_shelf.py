"""Do documents lie as safely in a bucket as in a folder?"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from moto.server import ThreadedMotoServer

from duepost.bucket import Bucket
from duepost.documents import DocumentDamaged, DocumentStore
from duepost.settings import DoorSettings, load
from duepost.shelf_at import shelf_at
from tests.papers import PDF

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
from duepost.shelf_at import shelf_at

url, endpoint, key, secret = sys.argv[1:]
store = DocumentStore(shelf_at(url, endpoint_url=endpoint, key=key, secret=secret))
digest = store.put(b"<Invoice/>").sha256
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


def test_what_was_damaged_in_a_bucket_is_mended_by_putting_it_anew(bucket: Bucket) -> None:
    store = DocumentStore(bucket)
    stored = store.put(PDF)
    bucket._files.pipe_file(bucket._place(f"{stored.sha256.hex()[:2]}/{stored.sha256.hex()}"), PDF[:-1])
    with pytest.raises(DocumentDamaged):
        store.read(stored.sha256)
    store.put(PDF)
    assert store.read(stored.sha256) == PDF


def test_threads_that_use_a_bucket_first_at_the_same_time_all_reach_it(bucket: Bucket) -> None:
    stored = DocumentStore(bucket).put(PDF)
    fresh = DocumentStore(Bucket(bucket.url, bucket.options))
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(fresh.read, [stored.sha256] * 16)) == [PDF] * 16


@pytest.fixture
def silent() -> Iterator[str]:
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_bucket_that_stays_silent_ends_at_the_total_deadline(silent: str) -> None:
    shelf = Bucket("s3://nowhere", {"endpoint_url": silent, **KEYS}, total_seconds=0.5)
    with pytest.raises(OSError, match=r"^the bucket has not answered within 0\.5 s"):
        DocumentStore(shelf).read(bytes(32))


def test_an_address_that_is_none_is_the_operators_trouble() -> None:
    shelf = Bucket("s3://nowhere", {"endpoint_url": "http://a b:c", **KEYS})
    with pytest.raises(OSError, match=r"^the bucket cannot be reached"):
        DocumentStore(shelf).put(PDF)
