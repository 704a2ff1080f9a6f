"""Is every wrong setting one clear sentence, before anything starts?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.account_smtp import SmtpAccount
from config.app import make_app
from config.settings import load_settings
from duepost.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DUEPOST_DATABASE_URL": "postgresql+psycopg://duepost:dbsecret@db/duepost",
    "DUEPOST_BROKER_URL": "redis://:brokersecret@broker/0",
    "DUEPOST_PROVIDERS__SMTP__HOST": "mail.example.com",
    "DUEPOST_PROVIDERS__SMTP__SENDER": "invoices@example.com",
    "DUEPOST_PROVIDERS__SMTP__USER": "invoices",
    "DUEPOST_PROVIDERS__SMTP__PASSWORD": "mailsecret",
}


@pytest.fixture(autouse=True)
def _complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the settings of this file."""
    for name in list(os.environ):
        if name.startswith("DUEPOST_"):
            monkeypatch.delenv(name)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)


def test_five_variables_are_enough_to_send_mail() -> None:
    settings = load_settings()
    account = settings.providers["smtp"]
    assert isinstance(account, SmtpAccount)
    assert (account.host, account.tls, account.port) == ("mail.example.com", "starttls", 587)


@pytest.mark.parametrize("name", ["DUEPOST_DATABASE_URL", "DUEPOST_BROKER_URL", "DUEPOST_PROVIDERS__SMTP__HOST"])
def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match="is not set") as wrong:
        load_settings()
    assert wrong.value.setting == name


def test_no_provider_at_all_names_the_first_thing_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in COMPLETE:
        if "PROVIDERS" in name:
            monkeypatch.delenv(name)
    with pytest.raises(ConfigError) as wrong:
        load_settings()
    assert wrong.value.setting == "DUEPOST_PROVIDERS__SMTP__HOST"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DUEPOST_PROVIDERS__SMTP__PORT", "mailport"),
        ("DUEPOST_PROVIDERS__SMTP__TLS", "maybe"),
        ("DUEPOST_PROVIDERS__SMTP__HOTS", "misspelt"),
        ("DUEPOST_PROVIDERS__SMTP__WIDTH", "0"),
        ("DUEPOST_RELEASE_LEASE_SECONDS", "-1"),
        ("DUEPOST_RETRY__WAITS_SECONDS", "[]"),
        ("DUEPOST_RETRY__WAITS_SECONDS", "soon"),
        ("DUEPOST_LANES", '{"email": {"channel": "pigeon", "provider": "smtp"}}'),
        ("DUEPOST_LANES", '{"control": {"channel": "email", "provider": "smtp"}}'),
        ("DUEPOST_LANES", '{"email": {"channel": "email", "provider": "nobody"}}'),
        ("DUEPOST_BROKER_URL", "rediss://broker/0"),
        ("DUEPOST_CONFIG", "/nowhere/duepost.toml"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as wrong:
        load_settings()
    assert wrong.value.setting.startswith("DUEPOST_")
    assert "secret" not in str(wrong.value)


def test_a_file_that_is_no_toml_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "duepost.toml"
    file.write_text("[lanes\n")
    monkeypatch.setenv("DUEPOST_CONFIG", str(file))
    with pytest.raises(ConfigError, match="no TOML"):
        load_settings()


def test_no_secret_is_in_the_repr() -> None:
    shown = repr(load_settings())
    assert [word for word in ("dbsecret", "brokersecret", "mailsecret") if word in shown] == []


def test_a_file_says_what_the_environment_leaves_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "duepost.toml"
    file.write_text(
        "[lanes.bulk]\nchannel = 'email'\nprovider = 'smtp'\norder_size = 50\n"
        "[providers.smtp]\nhost = 'other.example.com'\nwidth = 3\n"
    )
    monkeypatch.setenv("DUEPOST_CONFIG", str(file))
    settings = load_settings()
    assert settings.lanes["bulk"].order_size == 50
    assert (settings.providers["smtp"].width, settings.providers["smtp"].host) == (3, "mail.example.com")  # type: ignore[union-attr]


@pytest.mark.parametrize("module", ["worker.app", "scheduler.app", "worker.door"])
def test_a_process_with_a_missing_setting_ends_at_once_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.delenv("DUEPOST_BROKER_URL")
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", module, "worker"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "duepost cannot start: DUEPOST_BROKER_URL is not set" in done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_kept_in_the_broker_but_messages() -> None:
    app = make_app(load_settings())
    assert app.conf.result_backend is None
    assert app.conf.task_ignore_result is True
    assert app.conf.broker_transport_options["ack_emulation"] is False
    assert app.conf.timezone == "UTC"


def test_only_the_door_keeps_messages_until_they_are_worked_off() -> None:
    assert make_app(load_settings(), acknowledge=True).conf.broker_transport_options["ack_emulation"] is True


def test_every_lane_has_a_queue_of_its_own() -> None:
    settings = load_settings()
    queues = {queue.name for queue in make_app(settings).conf.task_queues}
    assert queues == {"control", "enqueue", *settings.lanes}


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DUEPOST_PROVIDERS__SMTP__SENDER", "Invoices", "duepost cannot start: DUEPOST_PROVIDERS__SMTP__SENDER"),
        ("DUEPOST_PROVIDERS__SMTP__CA_FILE", "/nowhere.pem", "duepost cannot start: DUEPOST_PROVIDERS__SMTP__CA_FILE"),
    ],
)
def test_what_only_the_adapter_can_judge_is_found_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "worker.app", "worker"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_resolve_needs_a_provider_that_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEPOST_PROVIDERS__SMTP__ON_UNKNOWN", "resolve")
    with pytest.raises(ConfigError, match="is resolve, and this provider cannot be asked") as wrong:
        load_settings()
    assert wrong.value.setting == "DUEPOST_PROVIDERS__SMTP__ON_UNKNOWN"


def test_a_mail_server_gets_no_repeat_of_what_it_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEPOST_PROVIDERS__SMTP__ON_UNKNOWN", "resend")
    with pytest.raises(ConfigError, match="is resend, and a mail server recognises no repeat") as wrong:
        load_settings()
    assert wrong.value.setting == "DUEPOST_PROVIDERS__SMTP__ON_UNKNOWN"


@pytest.mark.parametrize("asks", [False, True])
def test_an_http_endpoint_can_be_asked_where_it_says_so(monkeypatch: pytest.MonkeyPatch, *, asks: bool) -> None:
    monkeypatch.setenv("DUEPOST_PROVIDERS__OWN__KIND", "http")
    monkeypatch.setenv("DUEPOST_PROVIDERS__OWN__URL", "https://own.example.com/sends")
    monkeypatch.setenv("DUEPOST_PROVIDERS__OWN__ON_UNKNOWN", "resolve")
    if asks:
        monkeypatch.setenv("DUEPOST_PROVIDERS__OWN__STATUS_URL", "https://own.example.com/sends")
        assert load_settings().providers["own"].on_unknown == "resolve"
    else:
        with pytest.raises(ConfigError, match="use hold, or for kind http name STATUS_URL"):
            load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DUEPOST_ENVIRONMENT", "Pro duction"),
        ("DUEPOST_CRASH_AT", "somewhere"),
        ("DUEPOST_CRASH_AT", "begun"),
        ("DUEPOST_DEFAULT_REGION", "XX"),
        ("DUEPOST_DEFAULT_REGION", "dk"),
        ("DUEPOST_DEFAULT_REGION", "+45"),
        ("DUEPOST_LATE_HOURS", '{"email": 0}'),
        ("DUEPOST_LATE_HOURS", '{"fax": 1}'),
        ("DUEPOST_RETRY__MAX_ATTEMPTS", "0"),
        ("DUEPOST_PROVIDERS__SMTP__CIRCUIT_FAILURES", "0"),
        ("DUEPOST_PROVIDERS__SMTP__CIRCUIT_PROBE_SECONDS", "0"),
    ],
)
def test_a_guard_that_is_set_wrongly_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as wrong:
        load_settings()
    assert wrong.value.setting.startswith(name)


def test_a_region_is_a_country_whose_numbers_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEPOST_DEFAULT_REGION", "DK")
    assert load_settings().rules.default_region == "DK"
    monkeypatch.setenv("DUEPOST_DEFAULT_REGION", "XX")
    with pytest.raises(ConfigError, match="write the two capital letters of a country, such as DK"):
        load_settings()


def test_in_the_sandbox_a_process_can_be_told_where_to_die(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUEPOST_ENVIRONMENT", "sandbox")
    monkeypatch.setenv("DUEPOST_CRASH_AT", "begun:INV-1")
    assert load_settings().crash_at == "begun:INV-1"
