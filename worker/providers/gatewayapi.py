"""How does a send leave through GatewayAPI?

GatewayAPI, REST API: POST /rest/mtsms, "Sending SMS'es" and "API Errors". It has no idempotency key: `userref` is only
handed back in reports.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from duepost.features import Feature
from duepost.sms import Encoding, measure
from worker.http_line import Answer, NoAnswer
from worker.providers.finding import Finding
from worker.providers.hiding import hide
from worker.providers.http_account import HttpAccount, basic
from worker.providers.http_answer import fields_of
from worker.providers.http_verdicts import CREDENTIALS, REJECTED, TEMPORARY, accepted, coded, judge
from worker.providers.port import Job, Outcome
from worker.providers.sms_port import (
    FEATURES,
    OPTED_OUT,
    Reports,
    sender_of,
    text_of,
)

# code of an API error -> what it means; the rest is judged by its HTTP status
ERRORS: dict[str, Finding] = {
    "0x0210": CREDENTIALS,
    "0x0211": CREDENTIALS,
    "0x0212": CREDENTIALS,  # our address on the network
    "0x0213": CREDENTIALS,
    "0x0214": TEMPORARY,  # the number is blocked for a while
    "0x0215": OPTED_OUT,  # the number is blocked
    "0x0216": CREDENTIALS,  # no credit left: nothing leaves until somebody pays
    "0x0217": REJECTED,  # this account sends nothing to that country
    "0x021D": CREDENTIALS,  # SMS is not switched on for the account
    "0x021F": REJECTED,  # nor to that operator
}


@dataclass(frozen=True, kw_only=True)
class GatewayApi(HttpAccount):
    """An account at GatewayAPI.

    token: the API token. sender: From, where the send has none of its own. reports: None asks for none.
    """

    token: str = field(repr=False)
    sender: str
    url: str = "https://gatewayapi.com/rest/mtsms"
    reports: Reports | None = None

    @property
    def features(self) -> frozenset[Feature]:
        """A text and a sender."""
        return FEATURES

    def send(self, job: Job) -> Outcome:
        """POST the SMS once."""
        login = basic(self.token, "")
        headers = {"Authorization": login, "Content-Type": "application/json", "Accept": "application/json"}
        answer = self._http.post(self.url, self._body(job), headers)
        return hide(
            _meant(answer) or judge(answer, self.now(), repeats=False), [self.token, login.removeprefix("Basic ")]
        )

    def _body(self, job: Job) -> bytes:
        text = text_of(job)
        fields: dict[str, Any] = {
            "message": text,
            "sender": sender_of(job, self.sender),
            "userref": job.token,
            "recipients": [{"msisdn": (job.to_address or "").removeprefix("+")}],
            # UTF8 is their word for GSM 03.38
            "encoding": "UCS2" if measure(text).encoding is Encoding.UCS2 else "UTF8",
        }
        if self.reports:
            fields["callback_url"] = self.reports.address(job.token)
        return json.dumps(fields).encode()


def _meant(answer: Answer | NoAnswer) -> Outcome | None:
    if not isinstance(answer, Answer):
        return None
    fields = fields_of(answer)
    if answer.status // 100 == 2:
        ids = fields.get("ids")
        if not (isinstance(ids, list) and len(ids) == 1 and isinstance(ids[0], int | str)):
            return None
        return accepted(answer, str(ids[0]))
    code = fields.get("code")
    finding = ERRORS.get(code) if isinstance(code, str) else None
    return coded(finding, answer, str(code)) if finding else None
