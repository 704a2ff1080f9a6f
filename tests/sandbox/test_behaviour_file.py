"""Is what a counterpart is told what it reads, and nonsense refused?"""

from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.behaviour_file import NAME
from sandbox.http_behaviour import Act, Answer, Fault, Huge, Trickle
from sandbox.http_counterpart import HttpCounterpart
from sandbox.http_standing import HttpStanding, standing_of

GARBAGE = bytes(range(256))
SLOW = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "said", ["", "{}", '{"act": "dance"}', '{"act": "answer"}', '{"act": "hang", "asks": "never"}', "[]"]
)
def test_a_folder_that_says_nonsense_is_refused(tmp_path: Path, said: str) -> None:
    (tmp_path / NAME).write_text(said)
    with pytest.raises(RuntimeError, match=NAME):
        HttpCounterpart(tmp_path)


@pytest.mark.parametrize(
    "act", [Answer(302, GARBAGE, {"Location": "/x"}, taken=True), Trickle("headers", SLOW), Huge(7)]
)
def test_what_is_told_is_what_is_read(act: Act) -> None:
    told = HttpStanding(act, share=0.25, asks="same")
    assert standing_of(told.told) == told


def test_the_plainest_file_is_enough() -> None:
    plainest = [standing_of({"act": act}) for act in ("trickle", "huge", "cut")]
    assert plainest == [HttpStanding(act) for act in (Trickle(), Huge(), Fault.CUT)]
