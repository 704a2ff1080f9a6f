"""Does the demo account for every invoice, whatever happened to the one before?"""

import os
import re
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from sandbox.child import wait_until
from sandbox.processes import marked

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
STARTED = timedelta(seconds=60)
SERVERS = 8  # of a demo that is up


def demo(folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "sandbox.demo", "--count", "100", "--folder", str(folder), *more]


def test_a_killed_demo_leaves_nothing_that_breaks_the_next_one(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with subprocess.Popen(demo(folder), cwd=ROOT, stdout=subprocess.DEVNULL) as killed:
        assert wait_until((folder / "flower.log").exists, STARTED)
        killed.kill()
    assert marked(folder), "the kill came after servers had started"
    done = subprocess.run(demo(folder), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reconciled: 100 accepted, 0 unexplained" in done.stdout
    assert not marked(folder)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demo_asked_to_stop_and_asked_again_leaves_nothing_running(tmp_path: Path, asked: signal.Signals) -> None:
    folder = tmp_path / "demo"
    with subprocess.Popen(demo(folder), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as stopped:
        assert wait_until((folder / "flower.log").exists, STARTED)
        os.kill(stopped.pid, asked)
        assert wait_until(lambda: len(marked(folder)) < SERVERS or stopped.poll() is not None, STARTED)
        os.kill(stopped.pid, asked)  # an impatient user asks again
        assert stopped.wait() != 0
    assert not marked(folder)


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            demo(tmp_path / "demo", "--flower-port", str(port)), cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert re.search(rf"FLOWER_PORT.*{port}|{port}.*FLOWER_PORT", done.stdout), done.stdout
    assert "Traceback" not in done.stdout + done.stderr
