"""Can its channel reach this address, and how is it written?

Each function takes an address as given and returns the one way to write it, so that equal addresses are equal strings;
blanks around it do not count. They raise InvalidSend for ToAddress.
"""

import re
from collections.abc import Callable

import phonenumbers
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from duepost.einvoice.participants import GLN, participant, sound
from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.sends import Channel

FIELD = "ToAddress"
EMAIL_LIMIT = 254  # characters, RFC 5321 4.5.3.1.3 with RFC 3696 erratum 1690

# What nearly every e-mail address looks like. email-validator judges the rest, at twenty times the cost (19 µs to 0.9);
# a test proves that it returns the same string for whatever matches here. The look-aheads: at most 64 characters before
# the @-sign (RFC 5321 4.5.3.1.1); no label with hyphens in places three and four, kept for Punycode (RFC 5890 2.3.1).
PLAIN_EMAIL = re.compile(
    r"(?=[^@]{1,64}@)([\w+-]+(?:\.[\w+-]+)*)@((?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}))",
    re.ASCII | re.IGNORECASE,
)
ROLES = frozenset(CASE_INSENSITIVE_MAILBOX_NAMES)  # RFC 2142: Info@ and info@ are one mailbox
# may .test be used? -> last labels of domains that belong to nobody
RESERVED = {
    False: frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES),
    True: frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES if name != "test"),
}

PHONE_CHARACTERS = re.compile(r"[0-9+ \u00a0()./-]{1,40}")
# Landlines, toll-free, premium and shared-cost numbers take no SMS. Numbering plans that do not tell mobile from fixed
# (Denmark, North America) report FIXED_LINE_OR_MOBILE.
TAKES_SMS = frozenset(
    {
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.PAGER,
        PhoneNumberType.PERSONAL_NUMBER,
        PhoneNumberType.VOIP,
    }
)

GLN_WARNING = f"{FIELD} is a GLN with a wrong check digit; it is used as given."
CVR_WARNING = f"{FIELD} is a CVR number with a wrong check digit; it is used as given."
POSTAL_LIMIT = 500  # characters
UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def normalise(channel: Channel, given: str | None, rules: Rules) -> tuple[str | None, tuple[str, ...]]:
    """The address as its channel writes it, and warnings for the caller."""
    if channel is Channel.PRINT:
        return None, ()  # a postal address is no part of what makes a send: `postal` reads it
    if given is None:
        raise _missing(channel)
    address = WRITTEN[channel](given, rules)
    if channel is Channel.XML and not sound(participant(address) or address):
        return address, (CVR_WARNING if ":" in address else GLN_WARNING,)
    return address, ()


def postal(given: str | None) -> str | None:
    """The address on the letter, its lines divided by line breaks; None when none is given."""
    lines = [" ".join(line.split()) for line in (given or "").replace("\r", "").split("\n")]
    address = "\n".join(line for line in lines if line)
    if UNPRINTABLE.search(address) or len(address) > POSTAL_LIMIT:
        problem = "is no postal address"
        raise InvalidSend(FIELD, problem, f"give its lines, at most {POSTAL_LIMIT} characters", address)
    return address or None


def email(given: str, rules: Rules) -> str:
    """One address: the domain in lower-case ASCII (Punycode), the part before the @-sign as given.

    Its form is judged, not whether the mailbox exists: nothing is asked of the network.
    Source: RFC 5321, RFC 6531, RFC 2142 as email-validator reads them; at most 64 characters before the @-sign.
    """
    address = _trimmed(given, Channel.EMAIL)
    plain = PLAIN_EMAIL.fullmatch(address)
    if plain and len(address) <= EMAIL_LIMIT:
        local, domain, top = plain.groups()
        if top.lower() not in RESERVED[rules.test_domains]:
            return f"{local.lower() if local.lower() in ROLES else local}@{domain.lower()}"
    return _unusual_email(address, rules)


def _unusual_email(address: str, rules: Rules) -> str:
    if "," in address or ";" in address:
        raise InvalidSend(FIELD, "holds more than one e-mail address", "give one send per address", address)
    if len(address) > EMAIL_LIMIT:
        raise InvalidSend(FIELD, "is too long for an e-mail address", f"at most {EMAIL_LIMIT} characters", address)
    if not address.isprintable():
        raise InvalidSend(
            FIELD, "has a line break, control or invisible character in it", "type the address anew", address
        )
    try:
        found = validate_email(address, check_deliverability=False, strict=True, test_environment=rules.test_domains)
    except EmailNotValidError:
        # Not chained: the library's sentence may repeat the address.
        raise InvalidSend(
            FIELD, "is no e-mail address that mail can reach", "write it like name@company.dk", address
        ) from None
    return f"{found.local_part}@{found.ascii_domain}"


def sms(given: str, rules: Rules) -> str:
    """A phone number in E.164, such as +4533445566.

    Blanks, hyphens, dots, slashes and brackets in it do not count. It must be a number in use by the plan of its
    country, of a type that takes SMS. Source: ITU-T E.164, the plans as libphonenumber has them.
    """
    address = _trimmed(given, Channel.SMS)
    if not PHONE_CHARACTERS.fullmatch(address):
        raise InvalidSend(FIELD, "is no phone number", "write it in digits, like +4533445566", address)
    try:
        number = phonenumbers.parse(address, rules.default_region)
    except NumberParseException as refused:
        if refused.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise InvalidSend(
                FIELD, "has no known country code", "write it with + and country code, like +4533445566", address
            ) from None
        raise InvalidSend(FIELD, "is no phone number", "write it like +4533445566", address) from None
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        raise InvalidSend(
            FIELD, "is no number in its country's plan", "check the country code and count the digits", address
        )
    if kind not in TAKES_SMS:
        raise InvalidSend(FIELD, "is a number that takes no SMS", "give a mobile number", address)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def xml(given: str, rules: Rules) -> str:
    """The receiver of an e-invoice: a GLN, stored as its 13 digits, or another scheme's, such as 0184:DK12345674.

    The last digit of a GLN and of a Danish CVR number checks the others, unless the rules only warn. Source: GS1;
    ISO 6523 as Peppol writes it.
    """
    address = _trimmed(given, Channel.XML)
    found = participant(address)
    if found is None:
        raise InvalidSend(
            FIELD, "is no GLN", "give its 13 digits, or SCHEME:IDENTIFIER such as 0184:DK12345674", address
        )
    number = "GLN" if found.startswith(f"{GLN}:") else "CVR number"
    if rules.gln_check == "strict" and not sound(found):
        hint = "compare it with the receiver's own letter or register"
        raise InvalidSend(FIELD, f"is a {number} with a wrong check digit", hint, address)
    return found.removeprefix(f"{GLN}:")


# channel -> how its addresses are written
WRITTEN: dict[Channel, Callable[[str, Rules], str]] = {Channel.EMAIL: email, Channel.SMS: sms, Channel.XML: xml}

# channel -> what is missing, and an example
NEEDED = {
    Channel.EMAIL: "an e-mail send needs an address, like name@company.dk",
    Channel.SMS: "an SMS needs a phone number, like +4533445566",
    Channel.XML: "an XML send needs the receiver's GLN, 13 digits",
}


def _missing(channel: Channel) -> InvalidSend:
    return InvalidSend(FIELD, "is missing", NEEDED[channel])


def _trimmed(given: str, channel: Channel) -> str:
    address = given.strip()
    if not address:
        raise _missing(channel)
    return address
