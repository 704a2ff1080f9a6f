"""What do the fields mean that only a mail has: several receivers, a copy, a sender, a language, a read confirmation?

Every function raises InvalidSend for its column; of several addresses it names the place, not the text.
"""

import re
from collections.abc import Iterator

from duepost.addresses import email
from duepost.errors import InvalidSend
from duepost.fields import CONTROL, line, string
from duepost.rules import Rules
from duepost.texts import TEXTS, bare

RECIPIENTS_LIMIT = 20  # To and Bcc of one NewSend, each
TEXT_LIMIT = 20 * 512  # characters of them, names and all
SENDER_NAME_LIMIT = 78  # characters: one line of a header, RFC 5322 2.1.1
ROLES = ("pdf", "xml", "other")
YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False, "": False}
LANGUAGE = re.compile(r"[a-zA-Z]{2}(?:[-_][a-zA-Z0-9]{2,8})*")
# a quoted string (one that does not end goes to the end, or each quote would be looked for anew), a text in angle
# brackets, or one character
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|<[^<>]*>|.', re.DOTALL)
NAMED = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^<>"])*<([^<>]*)>\s*', re.DOTALL)


def recipients(text: str, rules: Rules) -> tuple[str, ...]:
    """Every address, as e-mail writes it, once each, in their order.

    They are divided by commas or semicolons, but not by one inside quotes or angle brackets; names before them are
    dropped. Raises: InvalidSend for ToAddress.
    """
    return _addresses("ToAddress", text, rules)


def bcc(text: str | None, rules: Rules, to: tuple[str, ...]) -> tuple[str, ...]:
    """The addresses of unseen copies that are not among `to`. Raises: InvalidSend for Bcc."""
    if text is None or not given("Bcc", text):
        return ()
    return tuple(one for one in _addresses("Bcc", text, rules) if one not in to)


def given(field: str, text: str | None) -> bool:
    """False for a blank one. Raises: InvalidSend for the field when it is no text."""
    return text is not None and bool(string(field, text).strip())


def sender(text: str | None, rules: Rules) -> str | None:
    """The address of From. Raises: InvalidSend for From."""
    if text is None or not given("From", text):
        return None
    return _one("From", _bare(text, "From", ""), rules, "")


def sender_name(text: str | None) -> str | None:
    """The name beside the address of From: one line. Raises: InvalidSend for FromName."""
    return line("FromName", text, SENDER_NAME_LIMIT)


def language(text: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Two small letters, and a warning where we have no words in it. Raises: InvalidSend for Language."""
    if text is None or not given("Language", text):
        return None, ()
    if not LANGUAGE.fullmatch(text.strip()):
        raise InvalidSend("Language", "is no language", "use two letters, such as en, da, nl or pt", text)
    found = bare(text)
    if found in TEXTS:
        return found, ()
    return found, (f"Language {found} has no built-in texts: en is used where there is no template.",)


def confirm_read(value: bool | str | int | None) -> bool:  # noqa: FBT001 - it is the value to read
    """True when a read confirmation is asked for. Raises: InvalidSend for ConfirmRead."""
    found = YES.get("" if value is None else str(value).strip().lower())
    if found is None or isinstance(value, float):
        raise InvalidSend("ConfirmRead", "is neither yes nor no", "use true, false, yes, no, 1 or 0", value)
    return found


def attach(text: str | None) -> tuple[str, ...] | None:
    """Roles of the documents that go along, () for none of them; None: all. Raises: InvalidSend for Attach."""
    if text is None or not given("Attach", text):
        return None
    asked = [one.strip().lower() for one in re.split("[,;]", text)]
    if asked == ["none"]:
        return ()
    if not set(asked) <= set(ROLES):
        raise InvalidSend("Attach", "names no kind of document", "use pdf, xml, other, or none", text)
    return tuple(role for role in ROLES if role in asked)


def _addresses(field: str, text: str, rules: Rules) -> tuple[str, ...]:
    if len(string(field, text)) > TEXT_LIMIT:
        raise InvalidSend(field, f"has more than {TEXT_LIMIT:,} characters", "give fewer addresses at once", text)
    pieces = [piece for piece in _pieces(text) if piece.strip()]
    if not pieces:
        raise InvalidSend(field, "is missing", "give an e-mail address", text)
    if len(pieces) > RECIPIENTS_LIMIT:
        hint = f"give at most {RECIPIENTS_LIMIT}, and the others in a send of their own"
        raise InvalidSend(field, f"has {len(pieces)} addresses", hint, text)
    found: dict[str, None] = {}
    for place, piece in enumerate(pieces, 1):
        where = f"address {place} of {len(pieces)} " if len(pieces) > 1 else ""
        found[_one(field, _bare(piece, field, where), rules, where)] = None
    return tuple(found)


def _pieces(text: str) -> Iterator[str]:
    """The text cut at commas and semicolons that stand in no quotes and in no angle brackets."""
    piece: list[str] = []
    for token in TOKEN.findall(text):
        if token in {",", ";"}:
            yield "".join(piece)
            piece = []
        else:
            piece.append(token)
    yield "".join(piece)


def _bare(piece: str, field: str, where: str) -> str:
    """The address without its name."""
    if CONTROL.search(piece.strip()):
        raise InvalidSend(field, f"{where}has a line break or control character in it", "type the address anew", piece)
    named = NAMED.fullmatch(piece) if "<" in piece else None
    return named[1] if named else piece


def _one(field: str, address: str, rules: Rules, where: str) -> str:
    try:
        return email(address, rules)
    except InvalidSend as wrong:
        raise InvalidSend(field, where + wrong.problem, wrong.hint, address) from None
