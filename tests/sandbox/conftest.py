"""What do several tests of the sandbox need?"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """For Unix sockets, whose paths may have about 100 bytes."""
    with tempfile.TemporaryDirectory(prefix="duepost-", dir="/tmp") as made:
        yield Path(made)
