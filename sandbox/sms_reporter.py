"""How does the SMS counterpart call an address back, without its own clients waiting for it?"""

from queue import SimpleQueue
from threading import Event, Thread

import requests

from sandbox.sms_ledger import SmsLedger
from sandbox.sms_shapes import Asked, Report, reports

CALL_SECONDS = 5
TRIES = 3


class SmsReporter:
    """Makes reports in the order they are asked for, in a thread of its own; each is tried three times at once."""

    def __init__(self, ledger: SmsLedger) -> None:
        self._ledger = ledger
        self._wanted: SimpleQueue[tuple[str, str, Report] | None] = SimpleQueue()
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def tell(self, asked: Asked, word: str, identifier: str) -> None:
        """Report that it is on its way, then that."""
        for state, report in zip(("accepted", word), reports(asked, word, identifier), strict=False):
            self._wanted.put((identifier, state, report))

    def close(self) -> None:
        """Make the report under way, and no more."""
        self._over.set()
        self._wanted.put(None)
        self._thread.join()

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (wanted := self._wanted.get()) and not self._over.is_set():
                identifier, state, report = wanted
                self._ledger.report(identifier, state, _call(session, report))


def _call(session: requests.Session, report: Report) -> int | None:
    status = None
    for _ in range(TRIES):
        try:
            status = session.request(
                report.method,
                report.url,
                data=report.body,
                headers={"Content-Type": report.content_type} if report.body else {},
                timeout=CALL_SECONDS,
                allow_redirects=False,
            ).status_code
        except requests.RequestException:
            continue
        if status < 300:
            break
    return status
