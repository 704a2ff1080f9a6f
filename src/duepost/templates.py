"""What may stand in an account's own words, and what do they say of one send?

Placeholders are looked up in a fixed list and never formatted further: no attribute, no index, no conversion.
"""

from collections.abc import Mapping
from string import Formatter

from duepost.errors import InvalidSend
from duepost.fields import LINE_LIMIT, line, note
from duepost.ledger.templates import Key, Words
from duepost.sends import Channel, CheckedSend, Kind
from duepost.texts import DEFAULT, TEXTS, bare, built_in

PLACEHOLDERS = ("invoice", "customer", "reference", "account", "kind")
ALLOWED = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
# language -> kind as its sentences name it
KIND_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {Kind.INVOICE: "invoice", Kind.REMINDER: "reminder", Kind.CREDIT_NOTE: "credit note"},
    "da": {Kind.INVOICE: "faktura", Kind.REMINDER: "påmindelse", Kind.CREDIT_NOTE: "kreditnota"},
    "nl": {Kind.INVOICE: "factuur", Kind.REMINDER: "herinnering", Kind.CREDIT_NOTE: "creditnota"},
    "pt": {Kind.INVOICE: "fatura", Kind.REMINDER: "lembrete", Kind.CREDIT_NOTE: "nota de crédito"},
}


def checked_words(subject: str | None, body: str | None) -> Words:
    """Words that can be rendered for every send.

    Raises: InvalidSend for Subject or Note: a placeholder that is unknown or wants more than a name, a brace without
    its other half, a subject of several lines, or neither given.
    """
    words = Words(line("Subject", subject, LINE_LIMIT), None if body is None else note(body))
    if words.subject is None and words.body is None:
        raise InvalidSend("Subject", "and text are both missing", "give one or both")
    for column, text in (("Subject", words.subject), ("Note", words.body)):
        if text is not None:
            _check(column, text)
    return words


def rendered(
    templates: Mapping[Key, Words], checked: CheckedSend, note_given: str | None, language: str | None
) -> tuple[str | None, str | None]:
    """Subject and text of the send: its own, else the account's, None where the built-in words are to be used.

    note_given: the send's own text. The account's words in the send's language come first, then its English ones.
    Where only one of subject and text has words of the account, the other is the built-in one in the language of the
    first. An SMS gets no subject. Raises: InvalidSend for Subject or Note when a value makes them too long, or brings
    a line break into the subject.
    """
    sms = checked.channel is Channel.SMS
    if note_given is None or not (sms or checked.subject):
        for found in dict.fromkeys((bare(language), DEFAULT)):
            words = templates.get((checked.channel.value, checked.kind.value, found))
            if words is not None:
                values = _values(checked, found)
                built_in_subject, built_in_text = _built_in(checked, found)
                subject = checked.subject
                if not (sms or subject):
                    subject = line("Subject", (words.subject or built_in_subject).format_map(values), LINE_LIMIT)
                return subject, note_given or note((words.body or built_in_text).format_map(values))
    return checked.subject, note_given


def _values(checked: CheckedSend, language: str) -> Mapping[str, str]:
    """Placeholder -> what stands for it."""
    return {
        "invoice": checked.invoice,
        "customer": checked.customer or "",
        "reference": checked.reference or "",
        "account": checked.account,
        "kind": KIND_WORDS.get(language, KIND_WORDS[DEFAULT])[checked.kind],
    }


def _built_in(checked: CheckedSend, language: str) -> tuple[str, str]:
    """Subject and text where the account has none; a mail without a document does not speak of one."""
    text = built_in(checked.kind, language)
    attached = (checked.document is not None or checked.attachments) and checked.options.attach != ()
    return text.subject, text.sms if checked.channel is Channel.SMS else text.body if attached else text.subject


def _check(column: str, text: str) -> None:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        hint = "write {{ or }} for a brace that is meant to be read"
        raise InvalidSend(column, "has a brace without its other half", hint, text) from None
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS:
            raise InvalidSend(column, f"has an unknown placeholder {{{name}}}", f"use {ALLOWED}", text)
        if spec or conversion:
            raise InvalidSend(column, f"asks for more than the value of {{{name}}}", "write the name alone", text)


def language_of(given: str | None) -> str:
    """Two small letters. Raises: InvalidSend for Language."""
    found = bare(given)
    if not (len(found) == 2 and found.isascii() and found.isalpha()):
        raise InvalidSend("Language", "is no language", f"use two letters, such as {', '.join(TEXTS)}", given)
    return found
