"""Is a run's PDF its letters as they are, each with a mark that a machine can read?"""

import os
import shutil
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import segno

from tests.worker.print_run.conftest import pdf_of
from worker.print_run.mark import LONGEST, MASK, MODULE, QUIET, VERSION, Mark
from worker.print_run.merge import Letter, merge

DOTS = 288  # an inch: four to the point
ROOT = Path(__file__).parents[3]
# A letter merged in a process of its own; prints the SHA-256.
ELSEWHERE = """
import sys, hashlib
from worker.print_run.mark import Mark
from worker.print_run.merge import Letter, merge
content = bytes.fromhex(sys.stdin.read())
print(hashlib.sha256(merge("P000001", [Letter(1, (content,))], Mark(), duplex=True).content).hexdigest())
"""


def letters(*pages: int) -> list[Letter]:
    return [Letter(number, (pdf_of(count, f"letter {number}"),)) for number, count in enumerate(pages, 1)]


def opened(content: bytes) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(content))


def sizes(content: bytes) -> list[tuple[float, float]]:
    with opened(content) as pdf:
        boxes: list[Any] = [page.mediabox for page in pdf.pages]
        return [(float(box[2]), float(box[3])) for box in boxes]


def test_pages_come_in_order_and_keep_their_boxes() -> None:
    made = merge("P000001", letters(2, 1), None, duplex=False)
    assert made.pages == {1: 2, 2: 1}
    assert sizes(made.content) == [(595, 842), (596, 842), (595, 842)]


def test_for_duplex_an_odd_letter_gets_a_blank_page_of_its_last_ones_size() -> None:
    made = merge("P000001", letters(3, 2), None, duplex=True)
    assert made.pages == {1: 4, 2: 2}
    assert sizes(made.content)[2:4] == [(597, 842), (597, 842)]


def test_every_stream_goes_as_it_came_for_packing_them_anew_is_most_of_the_work() -> None:
    plain, packed = BytesIO(), BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.pages[0].Contents = made.make_stream(b"0 0 m 9 9 l S\n" * 200)
        made.save(plain, compress_streams=False)
        made.pages[0].Contents.write(zlib.compress(b"0 0 m 9 9 l S\n" * 200, 1), filter=pikepdf.Name.FlateDecode)
        made.save(packed)
    came = [plain.getvalue(), packed.getvalue()]
    run = merge("P000001", [Letter(number, (one,)) for number, one in enumerate(came, 1)], None, duplex=False)
    raw = []
    for content in (*came, run.content):
        with opened(content) as pdf:
            raw += [page.obj.Contents.read_raw_bytes() for page in pdf.pages]
    assert raw[2:] == raw[:2]


def test_two_processes_make_the_same_bytes() -> None:
    content = pdf_of(1, "letter")
    command = [sys.executable, "-c", ELSEWHERE]
    said = {
        subprocess.run(command, input=content.hex(), capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for _ in range(2)
    }
    assert len(said) == 1


def test_a_broken_letter_is_told() -> None:
    with pytest.raises(pikepdf.PdfError):
        merge("P000001", [Letter(1, (b"no PDF",))], None, duplex=False)


def test_a_mark_that_no_code_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="53 bytes"):
        Mark().content("x" * (LONGEST + 1), 0, 0)


def test_the_largest_run_fits_into_its_mark() -> None:
    assert Mark().content("P999999999;5000;5000", 0, 0)


def test_on_paper_the_mark_is_the_qr_code_of_run_sequence_and_pages(tmp_path: Path) -> None:
    """Module by module: the rendered page beside segno's own drawing."""
    if shutil.which("pdftoppm") is None:
        absent = "pdftoppm is not installed: apt-get install poppler-utils"
        pytest.fail(absent) if os.environ.get("CI") else pytest.skip(absent)
    file = tmp_path / "run.pdf"
    file.write_bytes(merge("P000001", letters(2), Mark(), duplex=False).content)
    shown = subprocess.run(
        ["pdftoppm", "-r", str(DOTS), "-gray", "-f", "1", "-l", "1", file], capture_output=True, check=True
    ).stdout
    _, width, height, _, pixels = shown.split(maxsplit=4)
    rows = int(height)
    expected = segno.make("P000001;1;2", micro=False, version=VERSION, error="l", mask=MASK, boost_error=False).matrix
    left = Mark().left_mm * 72 / 25.4 + QUIET * MODULE
    top = Mark().bottom_mm * 72 / 25.4 + (len(expected) + QUIET) * MODULE

    def dark(row: int, place: int) -> bool:
        x = int((left + (place + 0.5) * MODULE) * DOTS / 72)
        y = rows - int((top - (row + 0.5) * MODULE) * DOTS / 72)
        return pixels[y * int(width) + x] < 128

    assert [[dark(row, place) for place in range(len(expected))] for row in range(len(expected))] == [
        [bool(module) for module in row] for row in expected
    ]
