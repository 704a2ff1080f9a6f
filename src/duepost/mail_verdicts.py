"""What do mail servers' own words and codes mean, whether said to us or in a bounce?

Texts come first, then enhanced codes (RFC 3463, IANA's registry), then basic codes (RFC 5321).
"""

import re
from collections.abc import Mapping

from duepost.statuses import Status
from duepost.verdicts import Finding, Verdict


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

# "The account that you tried to reach is inactive" is about an account; "the user whom your server …" about a server.
_HOLDER = r"(account|mailbox|user|recipient|address)"
_OTHER = r"(your|our|server|host|IP|sender|sending|domain|connection|service|network|relay|list)\b"
_OFF = r"(disabled|suspended|inactive|deactivated)"

# the server's own words, blanks folded, any case -> what they mean; the first hit wins
TEXTS = tuple(
    (re.compile(pattern, re.IGNORECASE), finding)
    for pattern, finding in (
        (r"black ?list|block ?list|dnsbl|\brbl\b|spamhaus|reputation", BLOCKED),
        (r"spam|\bjunk|unsolicited|\bUBE\b|bulk (e-?)?mail", SPAM),
        (
            r"(mail ?box|inbox) (is |was )?(over ?)?(full|quota)|over ?-?quota|quota (is |was )?(exceeded|full)"
            r"|(exceeded|exceeds|over)( \w+){0,3} quota|insufficient (disk|(system )?(storage|space))",
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
            rf"{_HOLDER}( \S+)?( (?!{_OTHER})[\w'-]+){{0,8}} {_OFF}|{_OFF} {_HOLDER}"
            rf"|^([245](\.\d+){{2}} )?{_OFF}\W*$",
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

ENHANCED_CODE = re.compile(r"\s*([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_QUOTED = re.compile(r"<[^<>]*>")


def own_words(text: str) -> str:
    """The text without the addresses it quotes, blanks folded: hans.junker@ is no junk, mailbox@ names no mailbox."""
    return " ".join(word for word in _QUOTED.sub(" ", text).split() if "@" not in word)


def by_text(words: str) -> Finding | None:
    """What these words mean, by TEXTS."""
    return next((finding for pattern, finding in TEXTS if pattern.search(words)), None)


def by_detail(subject: int, detail: int) -> Finding | None:
    """What an enhanced code of class 5 means."""
    return REJECTED if subject == MEDIA else ENHANCED.get((subject, detail))
