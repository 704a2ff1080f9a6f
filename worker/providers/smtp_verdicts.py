"""What does a mail server's reply mean for the send?

Judged by its text first, then its enhanced code (RFC 3463, IANA's registry), then its basic code with the stage
(RFC 5321).
Two rules stand above the tables: 4xx is always tried again, and what only our own login can cause is never the send's
fault. 310 means that a retry is pending, so what the registry calls a final technical fault is 300 here.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from duepost.reasons import Reason
from duepost.statuses import Status
from worker.providers.finding import Finding, raw, reference
from worker.providers.port import Outcome, Verdict


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


def _refused(status: Status, code: str) -> Finding:
    return Finding(Verdict.REFUSED, status, code)


ACCEPTED = Finding(Verdict.ACCEPTED, Status.SENT, "ACCEPTED")
TEMPORARY = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "TEMPORARY")
# The server finds fault with our commands, but a fresh connection may mend it.
MISUNDERSTOOD = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "PROTOCOL", alarm=True)
PROTOCOL = Finding(Verdict.REFUSED, Status.ERROR, "PROTOCOL", alarm=True)
GARBAGE = Finding(Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL, "GARBAGE")
GARBAGE_AFTER_DOT = Finding(Verdict.UNKNOWN, Status.ERROR, "GARBAGE")
CREDENTIALS = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "CREDENTIALS_REFUSED", alarm=True)
NO_SERVICE = Finding(Verdict.WAIT, Status.ERROR_SENDING_EMAIL, "SESSION_REFUSED", alarm=True)
MAILBOX_UNKNOWN = _refused(Status.WRONG_EMAIL_ADDRESS, "MAILBOX_UNKNOWN")
DOMAIN_UNKNOWN = _refused(Status.WRONG_EMAIL_ADDRESS, "DOMAIN_UNKNOWN")
MAILBOX_UNAVAILABLE = _refused(Status.EMAIL_BOUNCED, "MAILBOX_UNAVAILABLE")
MAILBOX_DISABLED = _refused(Status.EMAIL_BOUNCED, "MAILBOX_DISABLED")
MAILBOX_FULL = _refused(Status.EMAIL_BOUNCED, "MAILBOX_FULL")
SPAM = _refused(Status.EMAIL_MARKED_AS_SPAM, "SPAM")
BLOCKED = _refused(Status.EMAIL_REJECTED, "BLOCKED")
REJECTED = _refused(Status.EMAIL_REJECTED, "REJECTED")
SENDER_REFUSED = _refused(Status.EMAIL_REJECTED, "SENDER_REFUSED")
TOO_LARGE = _refused(Status.EMAIL_REJECTED, "MESSAGE_TOO_LARGE")

# Only our login can cause these, whatever the text says (Microsoft's 535 names a "disabled" protocol).
LOGIN_CODES = frozenset({525, 530, 534, 535, 538})

# the server's own words, blanks folded, any case -> what they mean; the first hit wins
TEXTS = tuple(
    (re.compile(pattern, re.IGNORECASE), finding)
    for pattern, finding in (
        (r"black ?list|block ?list|dnsbl|\brbl\b|spamhaus|reputation", BLOCKED),
        (r"spam|\bjunk|unsolicited|\bUBE\b|bulk (e-?)?mail", SPAM),
        (
            r"(mail ?box|inbox) (is |was )?(over ?)?(full|quota)|over ?-?quota|quota (is |was )?(exceeded|full)"
            r"|(exceeded|exceeds|over)( \w+){0,3} quota|insufficient (disk|system)? ?(storage|space)",
            MAILBOX_FULL,
        ),
        (
            r"(host|domain)( name)? (is )?(unknown|not found|does not exist|doesn't exist)|unknown (host|domain)"
            r"|no such (host|domain)|NXDOMAIN",
            DOMAIN_UNKNOWN,
        ),
        (
            r"(user|mailbox|recipient|address|account)( is)? unknown|unknown (user|mailbox|recipient|address|account)"
            r"|no such (user|recipient|mailbox|address|account|person)|does not exist|doesn't exist|not found"
            r"|invalid (recipient|mailbox|user|address)|no mailbox|unrout(e)?able|undeliverable address",
            MAILBOX_UNKNOWN,
        ),
        (
            r"(account|mailbox|user|recipient|address)( \S+)? (is |has been |was )?(temporarily )?"
            r"(disabled|suspended|inactive|deactivated)|(disabled|suspended|inactive) (account|mailbox|user|recipient)",
            MAILBOX_DISABLED,
        ),
        (r"too (large|big)|size limit|(exceeds|exceeded)( \w+){0,4} size|message size exceed", TOO_LARGE),
        (
            r"\bspf\b|\bdkim\b|\bdmarc\b|\brelay(ing)? (access )?(denied|not permitted)|virus|policy|policies"
            r"|denied|(?<!connection )refused",
            REJECTED,
        ),
        (
            r"timed ?out|time-?out|temporar|try again|too many|rate limit|gr[ea]ylist"
            r"|connection (refused|reset|lost)|\bloop|expired",
            TEMPORARY,
        ),
    )
)


def _rows(subject: int, details: range | tuple[int, ...], finding: Finding) -> dict[tuple[int, int], Finding]:
    return dict.fromkeys(((subject, detail) for detail in details), finding)


# subject and detail of an enhanced code of class 5 -> what it means
ENHANCED: Mapping[tuple[int, int], Finding] = {
    **_rows(1, (0, 1, 3, 4, 6), MAILBOX_UNKNOWN),
    **_rows(1, (2, 10), DOMAIN_UNKNOWN),
    **_rows(1, (7, 8), SENDER_REFUSED),
    (1, 9): TEMPORARY,
    (2, 0): MAILBOX_UNAVAILABLE,
    (2, 1): MAILBOX_DISABLED,
    (2, 2): MAILBOX_FULL,
    (2, 3): TOO_LARGE,
    (2, 4): MAILBOX_UNAVAILABLE,
    **_rows(3, (0, 1, 3, 5), TEMPORARY),
    (3, 2): REJECTED,
    (3, 4): TOO_LARGE,
    **_rows(4, (0, 1, 2, 3, 5, 6, 7, 8), TEMPORARY),
    (4, 4): DOMAIN_UNKNOWN,
    **_rows(5, (0, 1, 2, 3, 5, 6), MISUNDERSTOOD),
    (5, 4): REJECTED,
    **_rows(7, range(8), REJECTED),
    **_rows(7, (8, 9, 10, 11, 12, 14), CREDENTIALS),
    (7, 13): MAILBOX_DISABLED,
    **_rows(7, (15, 16), REJECTED),
    **_rows(7, (17, 18), MAILBOX_UNKNOWN),
    **_rows(7, range(19, 28), REJECTED),
    **_rows(7, (28, 38), SPAM),
    **_rows(7, (29, 30), REJECTED),
    **_rows(7, range(500, 600), REJECTED),  # Microsoft's
}
MEDIA = 6  # the subject whose every detail is REJECTED

# basic code -> what it means at any stage
BASIC: Mapping[int, Finding] = {
    500: PROTOCOL,
    502: PROTOCOL,
    503: MISUNDERSTOOD,
    504: PROTOCOL,
    521: REJECTED,
    523: TOO_LARGE,
    541: SPAM,
    555: PROTOCOL,
}
# basic code at RCPT -> what it means
AT_RCPT: Mapping[int, Finding] = {
    501: MAILBOX_UNKNOWN,
    550: MAILBOX_UNKNOWN,
    551: MAILBOX_UNKNOWN,
    552: MAILBOX_FULL,
    553: MAILBOX_UNKNOWN,
    556: DOMAIN_UNKNOWN,
}
# basic code at DATA and after the final dot -> what it means
AT_DATA: Mapping[int, Finding] = {552: TOO_LARGE}
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

_ENHANCED = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_QUOTED = re.compile(r"<[^<>]*>")
# The name that a server gives the message: Postfix says "queued as 4F2A", Exim "OK id=1tXyZ0-000001-AB".
_QUEUE_ID = re.compile(r"(?:\bqueued as |\bid=)(\S+)", re.IGNORECASE)


def judge(code: int, text: str, stage: Stage) -> Outcome:
    """What a reply to the command of `stage` means; `text` is everything after the code, lines joined.

    A 2xx means yes only to the final dot. What is no SMTP reply there leaves the outcome unknown, elsewhere the send is
    surely not taken. The reason's values are `smtp`, `enhanced` where there is one, and `stage`; the provider's
    reference is the queue id that a yes names.
    """
    enhanced = _ENHANCED.match(text)
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
    words = _own_words(text)
    by_text = _by_text(words)
    if stage in SESSION:
        return TEMPORARY if by_text is TEMPORARY else SESSION[stage]
    return by_text or _by_enhanced(enhanced) or _by_code(code, words, stage)


def _own_words(text: str) -> str:
    """The text without the addresses it quotes, blanks folded: hans.junker@ is no junk, mailbox@ names no mailbox."""
    return " ".join(word for word in _QUOTED.sub(" ", text).split() if "@" not in word)


def _queue_id(text: str) -> str | None:
    found = _QUEUE_ID.search(text)
    return reference(found[1].strip("<>().,;")) if found else None


def _by_text(words: str) -> Finding | None:
    return next((finding for pattern, finding in TEXTS if pattern.search(words)), None)


def _by_enhanced(enhanced: re.Match[str] | None) -> Finding | None:
    if enhanced is None or enhanced[1] != "5":
        return None
    subject, detail = int(enhanced[2]), int(enhanced[3])
    return REJECTED if subject == MEDIA else ENHANCED.get((subject, detail))


def _by_code(code: int, words: str, stage: Stage) -> Finding:
    codes, otherwise = STAGES[stage]
    if code == 552 and "mailbox" in words.lower():
        return MAILBOX_FULL
    return codes.get(code) or BASIC.get(code) or otherwise
