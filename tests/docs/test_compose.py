"""Do the container files run what there is to run, and open nothing?

Read line by line: a YAML reader would be a dependency for this page alone. So lists stand on one line, in JSON.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path

import pytest

from config.names import CONTROL_QUEUE, DOOR_QUEUE
from config.settings import Settings, load_settings
from worker.accounts import adapter
from worker.journal import CLOSING_SECONDS

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PARTS = re.split(r"^services:\n|^volumes:\n", COMPOSE, flags=re.MULTILINE)
SERVICES = dict(re.findall(r"^  ([a-z-]+):\n((?:    .*\n|\n|  #.*\n)+)", PARTS[1], re.MULTILINE))
PAGE = (ROOT / "docs" / "operations.md").read_text()
ENVIRONMENT = {
    "DUEPOST_DATABASE_URL": "postgresql+psycopg://postgres/duepost",
    "DUEPOST_BROKER_URL": "redis://valkey:6379/0",
    "DUEPOST_PROVIDERS__SMTP__HOST": "smtp.example.com",
    "DUEPOST_PROVIDERS__SMTP__SENDER": "invoices@example.com",
}
UNITS = {"s": "seconds", "m": "minutes"}


def described() -> Settings:
    """The settings of the page's .env examples, all profiles together, and of what the compose file says itself."""
    containers = PAGE.split("\n## Containers\n")[1].split("\n## ")[0]
    given = re.findall(r"^(DUEPOST_\w+)=(.*)$", "".join(re.findall(r"```text\n(.*?)```", containers, re.DOTALL)), re.M)
    said = re.findall(r"^  (DUEPOST_LANES__\w+): (\S+)$", COMPOSE, re.MULTILINE)
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("DUEPOST_")]:
            environment.delenv(name)
        for name, value in [*ENVIRONMENT.items(), *given, *said]:
            environment.setenv(name, value.replace("…", "secret"))
        return load_settings()


def commands() -> dict[str, list[str]]:
    """Service -> the command it runs."""
    found = {name: re.search(r"^    command: (\[.*\])$", body, re.MULTILINE) for name, body in SERVICES.items()}
    return {name: json.loads(command[1]) for name, command in found.items() if command}


def after(command: list[str], option: str) -> str | None:
    """What follows an option of a command."""
    return command[command.index(option) + 1] if option in command else None


WORKERS = {name: command for name, command in commands().items() if "worker" in command}


def test_every_process_is_there() -> None:
    processes = {"postgres", "valkey", "migrate", "beat", "scheduler", "door", "gateway", "flower"}
    lanes = {"worker-email", "worker-sms", "worker-check", "worker-xml", "worker-print", "worker-print-run"}
    assert set(SERVICES) == processes | lanes


@pytest.mark.parametrize("queue", [CONTROL_QUEUE, DOOR_QUEUE, *described().lanes])
def test_every_queue_is_served_by_one_worker_of_its_own(queue: str) -> None:
    assert [after(command, "-Q") for command in WORKERS.values()].count(queue) == 1


@pytest.mark.parametrize("service", WORKERS)
def test_every_queue_that_is_served_is_a_lane_in_the_docs_or_our_own(service: str) -> None:
    queue = after(WORKERS[service], "-Q")
    assert queue in {CONTROL_QUEUE, DOOR_QUEUE, *described().lanes}
    assert f"`{queue}`" in PAGE or f"-Q {queue}`" in PAGE


@pytest.mark.parametrize("service", SERVICES)
def test_every_profile_has_its_row_with_its_services(service: str) -> None:
    for profile in re.findall(r"^    profiles: \[(.*)\]$", SERVICES[service], re.MULTILINE):
        [row] = re.findall(rf"^\| `{profile}` \|.*$", PAGE, re.MULTILINE)
        assert f"`{service}`" in row


@pytest.mark.parametrize("service", WORKERS)
def test_every_worker_has_threads_and_no_chatter(service: str) -> None:
    rules = after(WORKERS[service], "-Q") == "check"  # the engine of the rules has no room for two in one process
    assert after(WORKERS[service], "-P") == ("prefork" if rules else "threads")
    assert {"--without-mingle", "--without-gossip"} <= set(WORKERS[service])


@pytest.mark.parametrize("module", sorted({after(one, "-A") for one in commands().values()} - {None}, key=str))
def test_every_app_can_be_imported(module: str) -> None:
    # In a process of its own: an app is made once, from the environment of its first import.
    subprocess.run([sys.executable, "-c", f"from {module} import app"], cwd=ROOT, env=ENVIRONMENT, check=True)


@pytest.mark.parametrize("secret", re.findall(r"\$\{([A-Z_]+)([^}]*)\}", COMPOSE), ids=lambda part: part[:40])
def test_nothing_asked_of_the_environment_has_a_default(secret: tuple[str, str]) -> None:
    assert secret[1].startswith(":?")


@pytest.mark.parametrize("line", re.findall(r"^ *(\w*(?:PASSWORD|AUTH)\w*: .*)$", COMPOSE, re.MULTILINE))
def test_no_password_stands_in_the_file(line: str) -> None:
    assert re.search(r': "\$\{\w+:\?', line)


def test_flower_and_the_gateway_are_published_and_only_on_this_machine() -> None:
    published = {name: re.findall(r"^    ports: (.*)$", body, re.MULTILINE) for name, body in SERVICES.items()}
    assert {name: ports for name, ports in published.items() if ports} == {
        "flower": ['["127.0.0.1:5555:5555"]'],
        "gateway": ['["127.0.0.1:8087:8087"]'],
    }
    assert "DUEPOST_FLOWER_PASSWORD" in SERVICES["flower"]
    assert "network_mode" not in COMPOSE


@pytest.mark.parametrize("service", [name for name in WORKERS if name.startswith("worker-")])
def test_a_worker_may_finish_what_a_provider_has_in_hand(service: str) -> None:
    number, unit = re.findall(r"^    stop_grace_period: (\d+)([sm])$", SERVICES[service], re.MULTILINE)[0]
    settings = described()
    name = settings.lanes[str(after(WORKERS[service], "-Q"))].provider
    provider = adapter(name, settings.providers[name], settings.reports_key)
    longest = provider.total_deadline + timedelta(seconds=CLOSING_SECONDS)
    provider.close()
    assert timedelta(**{UNITS[unit]: int(number)}) > longest


@pytest.mark.parametrize("extra", ["server", "gateway", "einvoice", "print", "sftp"])
def test_the_image_has_what_the_services_need(extra: str) -> None:
    assert '".[channels]"' in DOCKERFILE
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extra in re.split(r"[\[\],]", extras["channels"][0])


@pytest.mark.parametrize("service", SERVICES)
def test_every_service_says_what_happens_when_it_ends_and_whether_it_is_well(service: str) -> None:
    inherited = "<<: *process" in SERVICES[service] or "<<: *worker" in SERVICES[service]
    assert inherited or {"restart", "healthcheck"} <= set(re.findall(r"^    (\w+):", SERVICES[service], re.MULTILINE))


def test_no_health_check_asks_celery() -> None:
    assert "inspect" not in COMPOSE


def test_the_image_is_not_roots_and_runs_no_shell() -> None:
    stages = DOCKERFILE.split("FROM ")
    assert "\nUSER duepost\n" in next(stage for stage in stages if stage.startswith("python") and "AS rooms" in stage)
    for command in re.findall(r"^(?:CMD|ENTRYPOINT) (.*)$", DOCKERFILE, re.MULTILINE):
        assert json.loads(command)
    assert "USER root" not in DOCKERFILE


def test_everything_that_is_copied_is_there_and_not_ignored() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for sources in re.findall(r"^COPY (?!--)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists()
            assert any(fnmatch(source, one) for one in kept)
