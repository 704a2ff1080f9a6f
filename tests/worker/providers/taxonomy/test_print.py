"""Does every word of a printer mean what the taxonomy of failures says?"""

import re

import pytest

from tests.worker.providers.taxonomy.rows import agrees, rows, said
from worker.providers.ipp_message import JobState, PrinterJob, Reply
from worker.providers.ipp_verdicts import STOPPED_SECONDS, of_code, of_job


@pytest.mark.parametrize(("row", "name", "meaning"), rows("ipp"))
def test_a_printer(row: str, name: str, meaning: str) -> None:
    codes = re.findall(r"0x[0-9A-F]{4}", name)
    if codes:
        ours = {said(of_code(Reply(int(code, 16)))) for code in codes}
    else:
        number, _, *reasons = name.split()
        stopped = STOPPED_SECONDS + 1 if name.endswith("for half an hour") else 0
        ours = {said(of_job(PrinterJob(7, "name", JobState(int(number)), tuple(reasons), stopped_seconds=stopped)))}
    agrees(row, ours, meaning)
