"""How do Kannel, GatewayAPI and Twilio ask, answer and report? The counterpart speaks as they do."""

import json
import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sandbox.http_behaviour import Answer
from sandbox.http_request import Request

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Asked:
    """What one request wants. token: of the send, from the report's address where the gateway has no field for it."""

    gateway: str
    secret: str
    sender: str
    number: str
    text: str
    report_url: str | None
    token: str | None


@dataclass(frozen=True)
class Report:
    """One call of a report's address."""

    method: str
    url: str
    body: bytes | None = None
    content_type: str = FORM


def read(request: Request) -> Asked | None:
    """What it wants; None when it is for none of the three, or makes no sense to its gateway."""
    path = urlsplit(request.path).path
    for end, reader in READERS.items():
        if path.endswith(end):
            try:
                return reader(request)
            except (ValueError, KeyError, TypeError, IndexError, Error):
                return None
    return None


def answer(asked: Asked, word: str, identifier: str) -> Answer:
    """The gateway's answer for `accepted`, `unknown`, `busy` or `credentials`."""
    status, body = ANSWERS[asked.gateway][word]
    kind = "text/html" if asked.gateway == "kannel" else "application/json"
    return Answer(status, body.replace("ID", identifier).encode(), {"content-type": kind}, taken=word == "accepted")


def reports(asked: Asked, word: str, identifier: str) -> list[Report]:
    """What the gateway tells for `delivered`, `failed` or `expired`: first that it is on its way, then that."""
    if not asked.report_url:
        return []
    return [REPORTERS[asked.gateway](asked, state, identifier) for state in ("accepted", word)]


def _kannel(request: Request) -> Asked:
    query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True, strict_parsing=True))
    url = query.get("dlr-url")
    return Asked(
        "kannel", query["password"], query["from"], query["to"], query["text"], url, token_of(url) if url else None
    )


def _gatewayapi(request: Request) -> Asked:
    said: dict[str, Any] = json.loads(request.body)
    token, _ = _login(request)
    number = f"+{said['recipients'][0]['msisdn']}"
    return Asked(
        "gatewayapi", token, said["sender"], number, said["message"], said.get("callback_url"), said.get("userref")
    )


def _twilio(request: Request) -> Asked:
    form = dict(parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True))
    _, token = _login(request)
    url = form.get("StatusCallback")
    return Asked("twilio", token, form["From"], form["To"], form["Body"], url, token_of(url) if url else None)


def _login(request: Request) -> tuple[str, str]:
    user, _, password = b64decode(request.headers["authorization"].split(" ")[1]).decode().partition(":")
    return user, password


def token_of(url: str) -> str:
    """Of `…/ACCOUNT/TOKEN.SIGNATURE`."""
    return unquote(urlsplit(url).path.rpartition("/")[2]).rpartition(".")[0]


# end of the path -> what reads the request
READERS: Mapping[str, Callable[[Request], Asked]] = {
    "/cgi-bin/sendsms": _kannel,
    "/rest/mtsms": _gatewayapi,
    "/Messages.json": _twilio,
}

# gateway -> word -> HTTP status and body; ID stands for the gateway's own name of the message
ANSWERS: Mapping[str, Mapping[str, tuple[int, str]]] = {
    "kannel": {
        "accepted": (202, "0: Accepted for delivery"),
        "unknown": (403, "Not routable. Do not try again."),
        "busy": (503, "Temporal failure, try again later."),
        "credentials": (403, "Authorization failed for sendsms"),
    },
    "gatewayapi": {
        "accepted": (200, '{"ids": [ID], "usage": {"countries": {"DK": 1}, "currency": "DKK", "total_cost": 0.12}}'),
        "unknown": (400, '{"code": "0x0308", "message": "Invalid argument"}'),
        "busy": (503, '{"message": "Unavailable"}'),
        "credentials": (401, '{"code": "0x0210", "message": "Invalid username"}'),
    },
    "twilio": {
        "accepted": (201, '{"sid": "SMID", "status": "queued", "error_code": null}'),
        "unknown": (400, '{"code": 21211, "message": "Invalid To", "status": 400}'),
        "busy": (429, '{"code": 20429, "message": "Too Many Requests", "status": 429}'),
        "credentials": (401, '{"code": 20003, "message": "Authenticate", "status": 401}'),
    },
}

# gateway -> state -> its words: Kannel's kind of report and the operator's words, a status and a code
WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "kannel": {
        "accepted": ("8", "ACK%2F"),
        "delivered": ("1", ""),
        "failed": ("2", "stat%3AUNDELIV+err%3A001"),
        "expired": ("2", "stat%3AEXPIRED+err%3A000"),
    },
    "gatewayapi": {
        "accepted": ("ENROUTE", ""),
        "delivered": ("DELIVERED", ""),
        "failed": ("UNDELIVERABLE", "0x1010"),
        "expired": ("EXPIRED", ""),
    },
    "twilio": {
        "accepted": ("sent", ""),
        "delivered": ("delivered", ""),
        "failed": ("undelivered", "30005"),
        "expired": ("undelivered", "30003"),
    },
}


def _kannel_report(asked: Asked, state: str, _identifier: str) -> Report:
    kind, words = WORDS["kannel"][state]
    url = re.sub("%([dA%])", lambda found: {"d": kind, "A": words, "%": "%"}[found[1]], str(asked.report_url))
    return Report("GET", url)


def _gatewayapi_report(asked: Asked, state: str, identifier: str) -> Report:
    status, code = WORDS["gatewayapi"][state]
    said = {"id": int(identifier), "msisdn": int(asked.number[1:]), "time": 0, "status": status, "userref": asked.token}
    body = json.dumps(said | ({"code": code, "error": "see code"} if code else {}))
    return Report("POST", str(asked.report_url), body.encode(), "application/json")


def _twilio_report(asked: Asked, state: str, identifier: str) -> Report:
    status, code = WORDS["twilio"][state]
    form = {"MessageSid": f"SM{identifier}", "MessageStatus": status, "To": asked.number, "From": asked.sender}
    return Report("POST", str(asked.report_url), urlencode(form | ({"ErrorCode": code} if code else {})).encode())


REPORTERS: Mapping[str, Callable[[Asked, str, str], Report]] = {
    "kannel": _kannel_report,
    "gatewayapi": _gatewayapi_report,
    "twilio": _twilio_report,
}
