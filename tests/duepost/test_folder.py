"""Is a document that is being written never there by half, and there for good once it is written?"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from duepost.shelf import Folder

NAME, CONTENT = "ab/abcd", bytes(5000)
FULL_AT_1000_BYTES = """
import resource, signal, sys
from pathlib import Path
from duepost.shelf import Folder

folder, name, ending = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # the kernel ends a write there
if ending == "killed":
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
try:
    Folder(Path(folder)).put(name, bytes(5000))
except OSError:
    sys.exit(7)
"""


def put_by_half(folder: Path, ending: str) -> int:
    """How the process ended that was stopped in the middle of the write."""
    told = (str(folder), NAME, ending)
    return subprocess.run([sys.executable, "-c", FULL_AT_1000_BYTES, *told], timeout=30, check=False).returncode


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_process_killed_in_the_middle_of_a_write_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert put_by_half(tmp_path, "killed") == -signal.SIGXFSZ
    (leftover,) = files_in(tmp_path)
    assert leftover.stat().st_size == 1000, "it was in the middle of it"
    assert folder.mark(NAME) is None
    with pytest.raises(FileNotFoundError):
        folder.read(NAME)
    folder.put(NAME, CONTENT)
    assert folder.read(NAME) == CONTENT


def test_a_write_that_fails_leaves_nothing_at_all(tmp_path: Path) -> None:
    assert put_by_half(tmp_path, "failed") == 7
    assert files_in(tmp_path) == []


def test_a_write_over_a_damaged_file_that_fails_leaves_that_as_it_was(tmp_path: Path) -> None:
    (tmp_path / NAME).parent.mkdir()
    (tmp_path / NAME).write_bytes(b"damaged")
    assert put_by_half(tmp_path, "failed") == 7
    assert Folder(tmp_path).read(NAME) == b"damaged"


def test_content_is_synced_before_it_gets_its_name_and_the_names_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, done = Folder(tmp_path), list[tuple[str, int]]()
    folder.put("ab/first", b"makes the folders")
    fsync, replace = os.fsync, os.replace

    def synced(file: int) -> None:
        fsync(file)
        done.append(("synced", os.fstat(file).st_ino))

    def renamed(old: str, new: str) -> None:
        replace(old, new)
        done.append(("renamed", Path(new).stat().st_ino))

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", renamed)
    folder.put(NAME, CONTENT)
    file, names, names_above = ((tmp_path / one).stat().st_ino for one in (NAME, "ab", "."))
    assert done == [("synced", file), ("renamed", file), ("synced", names), ("synced", names_above)]
