"""How does a code sample of a vendor's page run here? As it stands there, with another address in it."""

import io
import os
import shutil
import subprocess
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest


def moved(sample: str, there: str, here: str) -> str:
    """The sample with the vendor's address changed, which it has once."""
    assert sample.count(there) == 1
    return sample.replace(there, here)


def run_python(sample: str, names: dict[str, Any]) -> str:
    """What the sample prints. names: what a reader has at this point of the page; gets what the sample names."""
    with redirect_stdout(io.StringIO()) as printed:
        exec(compile(sample, "sample", "exec"), names)  # noqa: S102 - a sample is there to be run
    return printed.getvalue()


def run_program(*command: str, needs: str, folder: Path) -> str:
    """What the command prints; where the program that it needs is missing the test is skipped, except in CI."""
    if shutil.which(needs) is None:
        missing = f"{needs} is not installed"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
