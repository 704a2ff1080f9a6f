"""Does the printing house of the sandbox take whole runs alone, and count what it prints?"""

import io
from pathlib import Path

import pikepdf
import pytest

from sandbox.printing_house import fetch

HEAD = "run,sequence,send,sha256,pages,address,filename\r\n"


def put(shared: Path, pages: int, *, done: bool = True) -> None:
    shared.mkdir(exist_ok=True)
    paper = io.BytesIO()
    with pikepdf.new() as made:
        for _ in range(pages):
            made.add_blank_page()
        made.save(paper)
    (shared / "P000001.pdf").write_bytes(paper.getvalue())
    rows = 'P000001,1,a,11,2,"Nørregade 1, Odense",a.pdf\r\nP000001,2,b,22,1,,b.pdf\r\n'
    (shared / "P000001.csv").write_text(HEAD + rows, newline="")
    if done:
        (shared / "P000001.done").touch()


def test_a_run_is_taken_away_with_its_letters(tmp_path: Path) -> None:
    put(tmp_path / "shared", 3)
    [(run, letters)] = fetch(tmp_path / "shared", tmp_path)
    assert run == "P000001"
    assert [(one.send, one.sha256, one.pages, one.address) for one in letters] == [
        ("a", "11", 2, "Nørregade 1, Odense"),
        ("b", "22", 1, ""),
    ]
    assert not list((tmp_path / "shared").iterdir())
    assert (tmp_path / "P000001.pdf").exists()


def test_a_run_without_its_mark_is_left(tmp_path: Path) -> None:
    put(tmp_path / "shared", 3, done=False)
    assert not list(fetch(tmp_path / "shared", tmp_path))


def test_a_page_too_many_is_no_run(tmp_path: Path) -> None:
    put(tmp_path / "shared", 4)
    with pytest.raises(ValueError, match="4 pages, the manifest 3"):
        list(fetch(tmp_path / "shared", tmp_path))
