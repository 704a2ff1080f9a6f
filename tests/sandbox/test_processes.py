"""Does nothing that the sandbox starts outlive it, and is no stranger ever touched?"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from duepost.errors import Refused
from sandbox.child import Child, Identity, NotReady, wait_until
from sandbox.processes import RECORD, Processes, clear_leftovers

SOON = timedelta(seconds=20)
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
# Ignores SIGTERM, and so does its own child; the parent prints the child's pid, the child 0.
STUBBORN = [
    sys.executable,
    "-c",
    "import os, signal, time; signal.signal(15, signal.SIG_IGN); print(os.fork(), flush=True); time.sleep(600)",
]
# A sandbox that starts a sleeper and a Valkey in the folder named, and then only waits.
SANDBOX = """
import sys, time
from pathlib import Path
from sandbox.processes import Processes
from sandbox.valkey import ValkeyServer
with Processes(Path(sys.argv[1])) as processes, ValkeyServer(processes=processes):
    processes.start("sleeper", ["sleep", "600"])
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """A record of the test's own."""
    with Processes(tmp_path / "state") as opened:
        yield opened


@pytest.fixture
def killed_sandbox(tmp_path: Path) -> Path:
    """The folder of a sandbox that was killed with SIGKILL while its children ran."""
    folder = tmp_path / "killed"
    command = [sys.executable, "-c", SANDBOX, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as sandbox:
        assert sandbox.stdout
        assert sandbox.stdout.readline() == b"up\n"
        sandbox.kill()
    return folder


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that the sandbox did not start."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def children_in(folder: Path) -> list[Child]:
    return [Child(**child) for child in json.loads((folder / RECORD).read_text())["children"]]


def test_a_child_is_in_the_record_as_soon_as_it_is_started(processes: Processes) -> None:
    child = processes.start("sleeper", SLEEPER)
    assert children_in(processes.folder) == [child]


def test_a_stopped_child_has_ended_and_left_the_record(processes: Processes) -> None:
    child = processes.start("sleeper", SLEEPER)
    processes.stop(child)
    assert (child.running, children_in(processes.folder)) == (False, [])


def test_a_child_writes_both_outputs_to_its_log(processes: Processes) -> None:
    child = processes.start("talker", ["sh", "-c", "echo out; echo err >&2"])
    assert processes.collect(child) == 0
    assert (processes.folder / "talker.log").read_text() == "out\nerr\n"


def test_a_child_gets_the_environment_it_is_given(processes: Processes) -> None:
    child = processes.start("talker", ["/bin/sh", "-c", "echo $LANE"], env={"LANE": "email"})
    processes.collect(child)
    assert Path(child.log).read_text() == "email\n"


def test_ctrl_c_does_not_reach_a_child(processes: Processes) -> None:
    child = processes.start("sleeper", SLEEPER)
    assert os.getpgid(child.pid) != os.getpgid(0)


def test_leaving_ends_the_children_the_last_started_first(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    with Processes(tmp_path / "state") as processes:
        for name in ("first", "second"):
            script = f"trap 'echo {name} >> {ends}; exit' TERM; echo up; while :; do sleep 0.01; done"
            child = processes.start(name, ["sh", "-c", script])
            child.wait_ready(lambda log=Path(child.log): log.read_text() == "up\n", SOON)  # type: ignore[misc]
    assert ends.read_text().split() == ["second", "first"]


def test_a_child_that_ignores_the_request_to_stop_is_killed_with_its_own_children(processes: Processes) -> None:
    child = processes.start("stubborn", STUBBORN, grace=timedelta(seconds=0.1))
    log = Path(child.log)
    child.wait_ready(lambda: log.read_text().count("\n") == 2, SOON)
    grandchild = Identity.of(max(int(line) for line in log.read_text().split()))
    processes.stop(child)
    assert not child.running
    assert wait_until(lambda: not grandchild.running, SOON)


def test_a_child_that_dies_before_it_is_ready_is_reported_with_the_end_of_its_log(processes: Processes) -> None:
    child = processes.start("broken", ["sh", "-c", "echo no such setting; exit 3"])
    with pytest.raises(NotReady, match=r"(?s)broken died; .*no such setting"):
        child.wait_ready(lambda: False, SOON)


def test_a_child_that_is_never_ready_is_reported_after_the_limit(processes: Processes) -> None:
    child = processes.start("sleeper", SLEEPER)
    with pytest.raises(NotReady, match="sleeper was not ready after 0 s"):
        child.wait_ready(lambda: False, timedelta(seconds=0.1))


def test_the_leftovers_of_a_killed_sandbox_are_ended_by_the_next_one(killed_sandbox: Path) -> None:
    left = children_in(killed_sandbox)
    assert [(child.name, child.running) for child in left] == [("valkey", True), ("sleeper", True)]
    with Processes(killed_sandbox):
        assert not any(child.running for child in left)


def test_the_socket_folders_of_a_killed_sandbox_are_removed(killed_sandbox: Path) -> None:
    folders = [Path(child.folder) for child in children_in(killed_sandbox) if child.folder]
    assert [folder.exists() for folder in folders] == [True]
    clear_leftovers(killed_sandbox)
    assert [folder.exists() for folder in folders] == [False]


def test_a_stranger_who_has_the_pid_by_now_is_not_touched(
    stranger: subprocess.Popen[bytes], killed_sandbox: Path
) -> None:
    record = killed_sandbox / RECORD
    found = json.loads(record.read_text())
    left = children_in(killed_sandbox)
    found["children"][1]["pid"] = stranger.pid
    record.write_text(json.dumps(found))
    ended = clear_leftovers(killed_sandbox)
    left[1].kill()  # the sleeper, which the record no longer knows
    assert [child.name for child in ended] == ["valkey"]
    assert stranger.poll() is None


def test_a_process_that_has_ended_meanwhile_is_no_leftover(killed_sandbox: Path) -> None:
    for child in children_in(killed_sandbox):
        child.kill()
    assert clear_leftovers(killed_sandbox) == []


def test_a_folder_in_use_by_a_living_sandbox_is_refused(processes: Processes) -> None:
    child = processes.start("sleeper", SLEEPER)
    with pytest.raises(Refused, match=f"in use by another sandbox, process {os.getpid()}"):
        clear_leftovers(processes.folder)
    assert child.running


def test_a_folder_is_free_again_when_its_sandbox_has_left(tmp_path: Path) -> None:
    with Processes(tmp_path) as processes:
        processes.start("sleeper", SLEEPER)
    with Processes(tmp_path) as processes:
        assert children_in(tmp_path) == []
