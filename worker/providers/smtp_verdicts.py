"""What does a mail server's reply mean for the send?

Judged by its text first, then its enhanced code (RFC 3463, IANA's registry), then its basic code with the stage
(RFC 5321).
Two rules stand above the tables: 4xx is always tried again, and what only our own login can cause is never the send's
fault. An enhanced code of class 4 beside a 5xx is tried again as well, unless a text says what is wrong.
310 means that a retry is pending, so what the registry calls a final technical fault is 300 here.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from duepost.mail_verdicts import (
    ACCEPTED,
    AT_DATA,
    AT_RCPT,
    BASIC,
    CREDENTIALS,
    ENHANCED_CODE,
    GARBAGE,
    GARBAGE_AFTER_DOT,
    LOGIN_CODES,
    MAILBOX_FULL,
    MISUNDERSTOOD,
    NO_SERVICE,
    REJECTED,
    SENDER_REFUSED,
    TEMPORARY,
    by_detail,
    by_text,
    own_words,
)
from duepost.reasons import Reason
from worker.providers.finding import Finding, raw, reference
from worker.providers.port import Outcome


class Stage(StrEnum):
    """Which command a reply answers; up to AUTH it says nothing about the send."""

    GREETING = "GREETING"
    HELLO = "EHLO"
    TLS = "STARTTLS"
    AUTH = "AUTH"
    RESET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "DOT"  # the final dot: from its last byte on the server may have the message


# stage -> its codes, and what its other 5xx mean
STAGES: Mapping[Stage, tuple[Mapping[int, Finding], Finding]] = {
    Stage.RESET: ({}, MISUNDERSTOOD),
    Stage.MAIL: ({}, SENDER_REFUSED),
    Stage.RCPT: (AT_RCPT, REJECTED),
    Stage.DATA: (AT_DATA, REJECTED),
    Stage.DOT: (AT_DATA, REJECTED),
}
# stage before the send is spoken of -> what any 5xx means: a server's refusal of us must not finish off a whole run
SESSION: Mapping[Stage, Finding] = {
    Stage.GREETING: NO_SERVICE,
    Stage.HELLO: NO_SERVICE,
    Stage.TLS: NO_SERVICE,
    Stage.AUTH: CREDENTIALS,
}

# The name that a server gives the message: Postfix says "queued as 4F2A", Exim "OK id=1tXyZ0-000001-AB".
_QUEUE_ID = re.compile(r"(?:\bqueued as |\bid=)(\S+)", re.IGNORECASE)


def judge(code: int, text: str, stage: Stage) -> Outcome:
    """What a reply to the command of `stage` means; `text` is everything after the code, lines joined.

    A 2xx means yes only to the final dot. What is no SMTP reply there leaves the outcome unknown, elsewhere the send is
    surely not taken. The reason's values are `smtp`, `enhanced` where there is one, and `stage`; the provider's
    reference is the queue id that a yes names.
    """
    enhanced = ENHANCED_CODE.match(text)
    values: dict[str, str | int] = {"smtp": code, "stage": stage.value}
    if enhanced:
        values["enhanced"] = ".".join(enhanced.groups())
    finding = _find(code, text, stage, enhanced)
    return Outcome(
        finding.verdict,
        finding.status,
        Reason(finding.code, values=values),
        answer=raw(f"{code} {text}"),
        provider_reference=_queue_id(text) if finding is ACCEPTED else None,
        alarm=finding.alarm,
    )


def _find(code: int, text: str, stage: Stage, enhanced: re.Match[str] | None) -> Finding:
    if 200 <= code <= 299 and stage is Stage.DOT:
        return ACCEPTED
    if 400 <= code <= 499:
        return TEMPORARY
    if not 500 <= code <= 599:
        return GARBAGE_AFTER_DOT if stage is Stage.DOT else GARBAGE
    if code in LOGIN_CODES:
        return CREDENTIALS
    words = own_words(text)
    told = by_text(words)
    if stage in SESSION:
        return TEMPORARY if told is TEMPORARY or _is_temporary(enhanced) else SESSION[stage]
    return told or _by_enhanced(enhanced) or _by_code(code, words, stage)


def _queue_id(text: str) -> str | None:
    found = _QUEUE_ID.search(text)
    return reference(found[1].strip("<>().,;")) if found else None


def _is_temporary(enhanced: re.Match[str] | None) -> bool:
    return enhanced is not None and enhanced[1] == "4"


def _by_enhanced(enhanced: re.Match[str] | None) -> Finding | None:
    if _is_temporary(enhanced):
        return TEMPORARY
    if enhanced is None or enhanced[1] != "5":
        return None
    return by_detail(int(enhanced[2]), int(enhanced[3]))


def _by_code(code: int, words: str, stage: Stage) -> Finding:
    codes, otherwise = STAGES[stage]
    if code == 552 and "mailbox" in words.lower():
        return MAILBOX_FULL
    return codes.get(code) or BASIC.get(code) or otherwise
