"""How does a test reach an account at the sandbox's Saphety, and read what came of it?"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.saphety_counterpart import SaphetyCounterpart
from worker.providers.port import Outcome, Verdict
from worker.providers.saphety import Saphety

DOCUMENT = "fc5e547d-8537-4e05-97d5-1159c62efd6f"
PASSWORD = "sin-secret"
NOW = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
Said = tuple[Verdict, int, str]


class Clock:
    """A clock that a test moves; the counterpart and the account may share it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def account(point: SaphetyCounterpart, **settings: Any) -> Saphety:
    usual: dict[str, Any] = {"url": point.url + "/Dcn.Sandbox.WebApi", "user": "shop@example.test"}
    return Saphety(**usual | {"password": PASSWORD, "total_limit": timedelta(seconds=10)} | settings)


def said(outcome: Outcome | None) -> Said | None:
    return None if outcome is None else (outcome.verdict, outcome.status, outcome.reason.code)


def logins(point: SaphetyCounterpart) -> int:
    return sum(one.path.endswith("/getToken") for one in point.requests)
