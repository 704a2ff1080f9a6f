"""How does the gateway run? `python -m gateway`; `--address ACCOUNT` prints where a provider's reports come in."""

import argparse
import os
import secrets
import signal
import sys
from types import FrameType

import uvicorn

from config.settings import Settings, load_settings
from duepost.errors import ConfigError
from gateway.app import make_app
from gateway.patience import Patience
from gateway.reports import address_of_account

TOKEN_KEY = "DUEPOST_GATEWAY__TOKEN_KEY"  # noqa: S105 - its name
IDLE_SECONDS = 30  # a connection without a further request so long is closed
STOP_SECONDS = 25  # for requests under way, at SIGTERM
MOST_CONNECTIONS = 1_000  # of one process


def main() -> None:
    """Serve until SIGTERM, or print an address."""
    asked = argparse.ArgumentParser(prog="python -m gateway", description="duepost's HTTP doors.")
    asked.add_argument("--address", metavar="ACCOUNT", help="print the path for this provider account's reports")
    account = asked.parse_args().address
    try:
        settings = load_settings()
    except ConfigError as wrong:
        sys.exit(f"duepost cannot start: {wrong}")
    if account is not None:
        sys.exit(_print_address(settings, account))
    if settings.gateway.token_key is None:
        # All processes of this start share it; after the next start a dialect's tokens are asked for anew.
        os.environ[TOKEN_KEY] = secrets.token_urlsafe(32)
    serve(settings)


def serve(settings: Settings) -> None:
    """Listen and answer until SIGTERM; what is under way is answered first."""
    listens = settings.gateway
    signal.signal(signal.SIGTERM, _stop)  # uvicorn takes it over, and raises it again when everything is answered
    uvicorn.run(
        "gateway.__main__:app",
        factory=True,
        host=listens.host,
        port=listens.port,
        workers=listens.processes,
        http=Patience,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing asks from where a request comes
        date_header=True,
    )


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def app() -> object:
    """What each of uvicorn's processes serves."""
    return make_app(load_settings())


def _print_address(settings: Settings, account: str) -> str | None:
    if account not in settings.providers:
        return f"there is no provider account {account}"
    if settings.reports_key is None:
        return "duepost cannot start: DUEPOST_REPORTS_KEY is not set: give 32 random characters or more"
    print(address_of_account(account, settings.reports_key.get_secret_value()))  # noqa: T201 - it is what was asked for
    return None


if __name__ == "__main__":
    main()
