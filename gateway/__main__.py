"""How does the door for reports run? `python -m gateway`; `--address ACCOUNT` prints where an access point reports."""

import argparse
import logging
import signal
import sys
from types import FrameType

from waitress.server import create_server

from config.settings import Settings, load_settings
from duepost.errors import ConfigError
from duepost.ledger.engine import open_ledger
from gateway.reports import LARGEST, ReportsDoor, address_of_account

log = logging.getLogger("gateway")

IDLE_SECONDS = 30  # a connection that says nothing so long is closed


def main() -> None:
    """Serve until SIGTERM, or print an address."""
    asked = argparse.ArgumentParser(prog="python -m gateway", description="The door for reports of providers.")
    asked.add_argument("--address", metavar="ACCOUNT", help="print the path for this provider account's reports")
    account = asked.parse_args().address
    try:
        settings = load_settings()
        key = _key(settings)
    except ConfigError as wrong:
        sys.exit(f"duepost cannot start: {wrong}")
    if account is not None:
        if account not in settings.providers:
            sys.exit(f"there is no provider account {account}")
        print(address_of_account(account, key))  # noqa: T201 - it is what was asked for
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    serve(settings, key)


def serve(settings: Settings, key: str) -> None:
    """Listen and answer until SIGTERM; a report that is cut off then comes again."""
    listens = settings.reports
    engine = open_ledger(settings.database_url, name="reports", connections=listens.threads)
    door = ReportsDoor(engine, {name: account.kind for name, account in settings.providers.items()}, key)
    server = create_server(
        door,
        host=listens.host,
        port=listens.port,
        threads=listens.threads,
        ident="",  # what we run is nobody's concern
        connection_limit=200,
        channel_timeout=IDLE_SECONDS,
        max_request_header_size=16 * 1024,
        max_request_body_size=LARGEST + 1,
    )
    signal.signal(signal.SIGTERM, _stop)
    log.info("listening for reports on %s:%s", listens.host, listens.port)
    try:
        server.run()
    finally:
        server.close()
        engine.dispose()


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _key(settings: Settings) -> str:
    if settings.reports_key is None:
        raise ConfigError("DUEPOST_REPORTS_KEY", "is not set", "give 32 random characters or more")
    return settings.reports_key.get_secret_value()


if __name__ == "__main__":
    main()
