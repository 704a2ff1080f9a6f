"""What does the body of an HTTP answer hold?"""

import json
from typing import Any

from worker.http_line import Answer

MARKS = b"\xef\xbb\xbf \t\r\n"  # UTF-8's own mark and blanks, which may stand before everything


def fields_of(answer: Answer) -> dict[str, Any]:
    """Of the JSON object that the answer is; none when it is something else."""
    if not answer.whole:
        return {}
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):  # no JSON, no UTF-8, or nested to break the parser
        return {}
    return said if isinstance(said, dict) else {}


def is_page(answer: Answer) -> bool:
    """True for HTML: of a load balancer, a proxy, a server under repair."""
    return answer.body[:1000].lstrip(MARKS).lower().startswith((b"<!doctype html", b"<html"))
