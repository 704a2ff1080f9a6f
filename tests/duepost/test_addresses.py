"""Can its channel reach this address, and how is it written?"""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from duepost.addresses import CVR_WARNING, GLN_WARNING, PLAIN_EMAIL, email, normalise, postal, sms, xml
from duepost.errors import InvalidSend
from duepost.rules import Rules
from duepost.sends import Channel

RULES = Rules()

# Right parts, nearly right ones and nasty ones, in all combinations.
ROLES = [
    "Info",
    "info",
    "POSTMASTER",
    "faktura",
    "a" * 64,
    "a" * 65,
    "a.b.c",
    "a..b",
    ".a",
    "a.",
    "o'neill",
    "søren",
    "a b",
]
LOCALS = st.sampled_from(ROLES) | st.text("aZ0_+-.!'é\"@ ", max_size=6)
ODD_LABELS = ["a" * 63, "a" * 64, "ab--c", "xn--bcher-kva", "xn--a", "bücher", "-a", "a-", "", "1", "test", "local"]
LABELS = st.sampled_from(["company", "A-1", *ODD_LABELS]) | st.text("aZ0-é", max_size=4)
TOPS = st.sampled_from(
    [
        "dk",
        "COM",
        "test",
        "Test",
        "local",
        "arpa",
        "onion",
        "invalid",
        "localhost",
        "c",
        "c0m",
        "xn--p1ai",
        "a" * 63,
        "a" * 64,
    ]
)
DOMAINS = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(LABELS, max_size=5), TOPS)
ADDRESSES = st.builds("{}@{}".format, LOCALS, DOMAINS)


def library(address: str, *, test_domains: bool) -> str | None:
    try:
        return validate_email(
            address, check_deliverability=False, strict=True, test_environment=test_domains
        ).normalized
    except EmailNotValidError:
        return None


@settings(deadline=None, max_examples=500)
@given(ADDRESSES, st.booleans())
def test_a_plain_address_is_judged_and_written_as_email_validator_does(address: str, test_domains: bool) -> None:  # noqa: FBT001
    try:
        written = email(address, Rules(test_domains=test_domains))
    except InvalidSend:
        assert library(address.strip(), test_domains=test_domains) is None
    else:
        expected = library(address.strip(), test_domains=test_domains)
        assert expected is not None
        if PLAIN_EMAIL.fullmatch(address):
            assert written == expected


@settings(deadline=None)
@given(ADDRESSES)
def test_writing_an_address_twice_changes_nothing(address: str) -> None:
    try:
        once = email(address, RULES)
    except InvalidSend:
        return
    assert email(once, RULES) == once


@pytest.mark.parametrize(
    ("given_address", "written"),
    [
        ("anna@company.dk ", "anna@company.dk"),  # FarPay's own sample ends in a blank
        ("\tAnna.Larsen+x@Company.DK\n", "Anna.Larsen+x@company.dk"),
        ("INFO@company.dk", "info@company.dk"),
        ("o'neill@company.ie", "o'neill@company.ie"),
        ("jens@bücher.dk", "jens@xn--bcher-kva.dk"),
        ("jens@xn--bcher-kva.dk", "jens@xn--bcher-kva.dk"),
        ("søren@company.dk", "søren@company.dk"),
    ],
)
def test_an_email_address_has_one_way_to_be_written(given_address: str, written: str) -> None:
    assert email(given_address, RULES) == written


@pytest.mark.parametrize(
    "address",
    [
        "anna",
        "@company.example",
        "anna@company",
        "anna@company.test",
        "anna@printer.local",
        "a" * 65 + "@company.example",
        "anna@" + "a." * 125 + "dk",
        "Anna <anna@company.dk>",
        '"anna l"@company.dk',
        "anna@[192.0.2.1]",
        "anna@company.dk\r\nBcc: b@company.dk",
        "anna\n@company.dk",
        "anna@company.dk\0x",
        "anna\x7f@company.dk",
        "anna@comp\u200bany.dk",
        "anna\ud800@company.dk",
    ],
)
def test_what_is_no_plain_email_address_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(InvalidSend, match=r"^ToAddress ") as refused:
        email(address, RULES)
    assert address not in str(refused.value)
    assert refused.value.value == address
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("address", ["a@b.dk,c@d.dk", "a@b.dk; c@d.dk"])
def test_two_email_addresses_in_one_send_are_refused_in_so_many_words(address: str) -> None:
    with pytest.raises(InvalidSend, match=r"more than one"):
        email(address, RULES)


@pytest.mark.parametrize("address", ["anna@company.test", "anna@mail.company.TEST"])
def test_test_domains_are_taken_only_where_the_rules_say_so(address: str) -> None:
    assert email(address, Rules(test_domains=True)) == address.lower()
    with pytest.raises(InvalidSend):
        email(address, RULES)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("+4533445566", "+4533445566"),  # FarPay's sample; Denmark's plan does not tell mobile from fixed
        (" +45 33 44-55.66 ", "+4533445566"),
        ("+46 (0)70-123 45 67", "+46701234567"),
        ("+14155552671", "+14155552671"),
        ("+447911123456", "+447911123456"),
    ],
)
def test_a_phone_number_is_written_in_e164(number: str, written: str) -> None:
    assert sms(number, RULES) == written


@pytest.mark.parametrize(
    "number",
    [
        "33445566",
        "004533445566",
        "+12",
        "+4533",
        "+99912345678",
        "abc",
        "+45334455ab",
        "+4533445566;ext=1",
        "+",
        "+45\n1",
    ],
)
def test_what_is_no_phone_number_with_country_code_is_refused(number: str) -> None:
    with pytest.raises(InvalidSend, match=r"^ToAddress "):
        sms(number, RULES)


@pytest.mark.parametrize("number", ["+442079460958", "+4580808080", "+18005550100"])
def test_a_number_that_takes_no_sms_is_refused(number: str) -> None:
    with pytest.raises(InvalidSend):
        sms(number, RULES)


@pytest.mark.parametrize("number", ["33445566", "004533445566", "+4533445566"])
def test_a_default_region_stands_in_for_the_country_code(number: str) -> None:
    assert sms(number, Rules(default_region="DK")) == "+4533445566"


def test_a_gln_is_thirteen_digits_with_the_right_check_digit() -> None:
    assert xml(" 5790000123452 ", RULES) == "5790000123452"


@pytest.mark.parametrize(
    "gln",
    ["5790000123456", "579000012345", "0088:579000012345", "0088:x", "88:1", "57900001234\uff152", "5790000 123452"],
)
def test_anything_else_is_no_gln(gln: str) -> None:
    with pytest.raises(InvalidSend, match=r"^ToAddress is (no GLN|a GLN with a wrong check digit)"):
        xml(gln, RULES)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("0088:5790000123452", "5790000123452"),
        ("0184:dk12345674", "0184:DK12345674"),
        ("0184:12345674", "0184:DK12345674"),
        ("0192:987654325", "0192:987654325"),
    ],
)
def test_a_receiver_may_be_written_with_its_scheme(given: str, written: str) -> None:
    assert xml(given, RULES) == written


@pytest.mark.parametrize("given", ["0184:DK12345675", "0184:1234567", "0184:DK 12345674"])
def test_a_cvr_number_is_eight_digits_with_the_right_check_digit(given: str) -> None:
    with pytest.raises(InvalidSend, match=r"^ToAddress is (no GLN|a CVR number with a wrong check digit)"):
        xml(given, RULES)


def test_a_wrong_check_digit_is_a_warning_where_the_rules_say_so() -> None:
    given_gln = "5790000123456"  # FarPay's own sample
    assert normalise(Channel.XML, given_gln, Rules(gln_check="warn")) == (given_gln, (GLN_WARNING,))
    assert normalise(Channel.XML, "5790000123452", Rules(gln_check="warn")) == ("5790000123452", ())
    assert normalise(Channel.XML, "0184:12345675", Rules(gln_check="warn")) == ("0184:DK12345675", (CVR_WARNING,))


def test_print_needs_no_address_and_says_that_it_ignores_one() -> None:
    assert normalise(Channel.PRINT, None, RULES) == (None, ())
    assert normalise(Channel.PRINT, "  ", RULES) == (None, ())
    assert normalise(Channel.PRINT, "Main Street 1", RULES) == (None, ())


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS, Channel.XML])
@pytest.mark.parametrize("address", [None, "", " \t"])
def test_every_other_channel_says_that_the_address_is_missing(channel: Channel, address: str | None) -> None:
    with pytest.raises(InvalidSend, match=r"^ToAddress is missing"):
        normalise(channel, address, RULES)


def test_a_postal_address_keeps_its_lines() -> None:
    given = " Anna  Sand \r\n\r\n Havnegade 14\n1799 København V "
    assert postal(given) == "Anna Sand\nHavnegade 14\n1799 København V"
    assert postal(" \n ") is None


@pytest.mark.parametrize("given", ["a" * 501, "Anna\0Sand"])
def test_what_is_no_postal_address_is_refused(given: str) -> None:
    with pytest.raises(InvalidSend, match=r"^ToAddress is no postal address"):
        postal(given)
