"""Do the snippets of docs/api.md do what the page says?"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.native.acts import ACTS
from tests.gateway.conftest import Served
from tests.papers import PDF

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
SNIPPETS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
ANSWERS = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in it, one after another."""
    decoder, at = json.JSONDecoder(), 0
    while (at := text.find("{", at)) >= 0:
        said, at = decoder.raw_decode(text, at)
        yield said


@pytest.fixture
def said(gateway: Served, key: str, tmp_path: Path) -> str:
    """What the page's snippets print, run as one script."""
    if shutil.which("curl") is None:
        missing = "curl is not installed: apt-get install curl"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    env = {"PATH": os.environ["PATH"], "DUEPOST_URL": gateway.url, "DUEPOST_API_KEY": key, "NO_PROXY": "*"}
    (tmp_path / "1002.pdf").write_bytes(PDF)
    script = "\necho\n".join(SNIPPETS)
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr
    return ran.stdout


def test_the_snippets_do_what_the_page_says(said: str) -> None:
    answers = list(objects(said))
    shapes = {frozenset(one) for one in answers}
    promised = [one for block in ANSWERS for one in objects(block)]
    for one in promised:
        assert frozenset(one) in shapes or "error" in one or one.get("code") == 422, one
    assert {"accepted": 3, "duplicates": 0, "refused": 0} in answers
    [first] = [one for one in answers if one.get("due_at") == "2027-06-01T06:00:00+00:00" and "also" in one]
    assert [one["status"] for one in answers if one.get("id") == first["id"]] == [100, 100, 110, 100, 9999]
    [why] = [one for one in answers if "sentence" in one]
    assert why["sentence"] == "scheduled for 2027-06-01 08:00 Europe/Copenhagen"


def test_every_act_is_told() -> None:
    rows = set(re.findall(r"^\| `([a-z]+)` \|", PAGE, re.MULTILINE))
    assert rows == {act.name for act in ACTS} | {"resend"}


@pytest.mark.parametrize("page", sorted((Path(__file__).parents[2] / "docs").glob("*.md")), ids=lambda page: page.name)
def test_a_key_is_made_with_options_alone(page: Path) -> None:
    assert not re.findall(r"duepost keys create +[A-Za-z][^`\n]*", page.read_text())
