"""How does a test send once to a server of its own?"""

from datetime import timedelta
from typing import Any

from sandbox.mail_counterpart import MailCounterpart
from tests.worker.providers.misbehaving import Misbehaving, Script
from worker.providers.port import Job, Outcome
from worker.providers.smtp import Smtp


def smtp(server: Misbehaving | MailCounterpart, **settings: Any) -> Smtp:
    usual: dict[str, Any] = {"tls": "none", "sender": "billing@shop.test", "command_limit": timedelta(seconds=10)}
    return Smtp(host=server.host, port=server.port, **(usual | settings))


def try_once(job: Job, *scripts: Script, **settings: Any) -> tuple[Outcome, list[bytes]]:
    """The outcome, and what the server heard."""
    with Misbehaving(*scripts) as server:
        provider = smtp(server, **settings)
        outcome = provider.send(job)
        provider.close()
        return outcome, server.heard()
