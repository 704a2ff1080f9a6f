"""What becomes of a send at the FarPay counterpart, by the last three digits of its address?

Of a GLN those before its check digit, of a print those of the invoice number.
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.http_behaviour import Act, Answer, Fault

BALANCER = Answer(429, b"<html><h1>Too many requests</h1></html>", {"Content-Type": "text/html", "Retry-After": "3"})

# last three digits -> the statuses that the send goes through, or what is done to it first
FATES: Mapping[str, tuple[int, ...] | str] = {
    "901": (100, 320),
    "902": "busy once",  # 503, and taken when it comes again
    "903": "silent",  # taken, and the connection is closed unanswered
    "904": (100, 330),
    "905": (100, 340),
    "906": (100, 350),
    "907": "mail trouble",  # 310 until it is sent once more
    "908": (100, 300),
    "909": (100, 1000),
    "910": (100, 9999),
    "911": (100, 400),
    "912": (100, 110, 200),
    "913": (100, 150, 200),
    "914": "limited once",  # 429 in HTML by a load balancer, and taken when it comes again
    "915": "fails inside",  # taken, and answered 500
}
# the fate's word -> what is done, once, to the request that brings it
DONE: Mapping[str, Act] = {
    "silent": Fault.CUT,
    "busy once": Answer(503, b"busy"),
    "limited once": BALANCER,
    "fails inside": Answer(500, b'{"Message": "An error has occurred."}', taken=True),
}


def fate_of(fields: Mapping[str, Any]) -> tuple[int, ...] | str | None:
    """What FATES says of a send."""
    send = fields.get("Send") or {}
    place = str(send.get("ToAddress") or fields.get("InvoiceNumber") or "")
    digits = re.sub(r"\D", "", place)
    return FATES.get(digits[-4:-1] if str(send.get("Channel")).lower() == "xml" else digits[-3:])
