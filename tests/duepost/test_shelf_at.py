"""Which places may the setting of the document store name?"""

import subprocess
import sys
from pathlib import Path

import pytest

from duepost.bucket import Bucket
from duepost.errors import ConfigError
from duepost.shelf import Folder
from duepost.shelf_at import shelf_at


@pytest.mark.parametrize(
    ("place", "folder"),
    [
        ("/srv/documents", "/srv/documents"),
        (".duepost/documents", ".duepost/documents"),
        ("file:///srv/documents", "/srv/documents"),
        ("file://localhost/srv/documents", "/srv/documents"),
        ("FILE:///srv/my%20documents", "/srv/my documents"),
    ],
)
def test_a_path_and_its_file_address_are_a_folder(place: str, folder: str) -> None:
    assert shelf_at(place) == Folder(Path(folder))


def test_the_scheme_may_be_in_any_case() -> None:
    assert shelf_at("S3://bucket/prefix") == Bucket("s3://bucket/prefix")


@pytest.mark.parametrize(
    "place",
    [
        "file://",
        "file:///",
        "file://elsewhere/srv/documents",
        "file:///srv/documents?mode=0600",
        "file:///srv/%00",
        "s3://",
        "s3:///prefix",
        "s3://key:secret@bucket/prefix",
        "s3://bucket/prefix?versioned",
        "memory://documents",
        "sftp://host/documents",
        "https://example.com/documents",
        "://",
    ],
)
def test_any_other_place_is_refused_without_repeating_it(place: str) -> None:
    with pytest.raises(ConfigError, match=r"^DUEPOST_DOCUMENTS (is|names)") as refused:
        shelf_at(place)
    assert "secret@" not in str(refused.value)


def test_without_s3fs_the_extra_is_named() -> None:
    asked = (
        "import sys; sys.modules['s3fs'] = None\n"
        "from duepost.shelf_at import shelf_at, ConfigError\n"
        "try: shelf_at('s3://bucket')\n"
        "except ConfigError as told: print(told)\n"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True).stdout
    assert "duepost[s3]" in said
