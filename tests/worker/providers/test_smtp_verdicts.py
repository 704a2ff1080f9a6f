"""Does every reply of the failure tables get its status?"""

import pytest

from duepost.statuses import Status
from worker.providers.port import Verdict
from worker.providers.smtp_verdicts import Stage, judge

# basic code, stage -> verdict, status, alarm; no enhanced code and no telling text
BASIC = [
    # where a table of failures says 310 and never again (500, 502, 504, 555), it is 300: 310 means a retry is pending
    *((421, stage, "transient", 310, False) for stage in ("GREETING", "EHLO", "STARTTLS", "AUTH", "RCPT", "DATA")),
    *((451, stage, "transient", 310, False) for stage in ("GREETING", "MAIL", "RCPT", "DATA")),
    *((500, stage, "refused", 300, True) for stage in ("DATA", "DOT")),
    *((502, stage, "refused", 300, True) for stage in ("MAIL", "RCPT", "DOT")),
    *((503, stage, "transient", 310, True) for stage in ("MAIL", "DATA", "DOT")),
    *((504, stage, "refused", 300, True) for stage in ("RCPT", "DATA", "DOT")),
    *((521, stage, "refused", 350, False) for stage in ("RCPT", "DATA", "DOT")),
    (523, "RCPT", "refused", 350, False),
    (541, "DATA", "refused", 340, False),
    (552, "DATA", "refused", 350, False),
    (554, "DATA", "refused", 350, False),
    (421, "MAIL", "transient", 310, False),
    (421, "DOT", "transient", 310, False),
    (430, "MAIL", "transient", 310, False),
    (432, "AUTH", "transient", 310, False),
    (450, "RCPT", "transient", 310, False),
    (451, "DOT", "transient", 310, False),
    (452, "RCPT", "transient", 310, False),
    (452, "DATA", "transient", 310, False),
    (454, "AUTH", "transient", 310, False),
    (454, "STARTTLS", "transient", 310, False),
    (455, "MAIL", "transient", 310, False),
    (458, "RCPT", "transient", 310, False),
    (459, "RCPT", "transient", 310, False),
    (500, "MAIL", "refused", 300, True),
    (500, "RCPT", "refused", 300, True),
    (501, "RCPT", "refused", 320, False),
    (501, "MAIL", "refused", 350, False),
    (502, "DATA", "refused", 300, True),
    (503, "RCPT", "transient", 310, True),
    (504, "MAIL", "refused", 300, True),
    # 521 and 554 in the greeting refuse us, not the send: to finish a run off as 350 would blame its receivers
    (521, "GREETING", "wait", 310, True),
    (521, "MAIL", "refused", 350, False),
    (523, "DOT", "refused", 350, False),
    (525, "AUTH", "wait", 310, True),
    (530, "MAIL", "wait", 310, True),
    (534, "AUTH", "wait", 310, True),
    (535, "AUTH", "wait", 310, True),
    (538, "AUTH", "wait", 310, True),
    (541, "RCPT", "refused", 340, False),
    (541, "DOT", "refused", 340, False),
    (550, "RCPT", "refused", 320, False),
    (550, "DATA", "refused", 350, False),
    (550, "DOT", "refused", 350, False),
    (550, "MAIL", "refused", 350, False),
    (551, "RCPT", "refused", 320, False),
    (552, "RCPT", "refused", 330, False),
    (552, "DOT", "refused", 350, False),
    (553, "RCPT", "refused", 320, False),
    (553, "MAIL", "refused", 350, False),
    (554, "GREETING", "wait", 310, True),
    (554, "RCPT", "refused", 350, False),
    (554, "DOT", "refused", 350, False),
    (555, "MAIL", "refused", 300, True),
    (555, "RCPT", "refused", 300, True),
    (556, "RCPT", "refused", 320, False),
    (571, "RCPT", "refused", 350, False),
    (500, "EHLO", "wait", 310, True),
    (554, "STARTTLS", "wait", 310, True),
    (500, "AUTH", "wait", 310, True),
]

# enhanced code -> status of a refusal
REFUSED = {
    **dict.fromkeys(["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10"], 320),
    **dict.fromkeys(["5.4.4", "5.7.17", "5.7.18"], 320),
    **dict.fromkeys(["5.2.0", "5.2.1", "5.2.2", "5.2.4", "5.7.13"], 330),
    **dict.fromkeys(["5.7.28", "5.7.38"], 340),
    **dict.fromkeys(["5.1.7", "5.1.8", "5.2.3", "5.3.2", "5.3.4", "5.5.4"], 350),
    **dict.fromkeys([f"5.6.{detail}" for detail in range(11)], 350),
    **dict.fromkeys([f"5.7.{detail}" for detail in (*range(8), 15, 16, *range(19, 28), 29, 30, 500, 511, 599)], 350),
}
RETRIED = [
    *("5.1.9", "5.3.0", "5.3.1", "5.3.3", "5.3.5", "5.4.0", "5.4.1", "5.4.2", "5.4.3", "5.4.5", "5.4.6", "5.4.7"),
    *("5.4.8", "5.5.0", "5.5.1", "5.5.2", "5.5.3", "5.5.5", "5.5.6"),
]
LOGIN = ["5.7.8", "5.7.9", "5.7.10", "5.7.11", "5.7.12", "5.7.14"]

# text of a 5xx -> verdict, status
TEXTS = [
    ("Service unavailable; client host blocked using zen.spamhaus.org", "refused", 350),
    ("Your IP is on our blacklist", "refused", 350),
    ("listed in DNSBL", "refused", 350),
    ("blocked: RBL", "refused", 350),
    ("poor sender reputation", "refused", 350),
    ("Message looks like SPAM", "refused", 340),
    ("classified as junk", "refused", 340),
    ("unsolicited content", "refused", 340),
    ("this is UBE", "refused", 340),
    ("bulk mail is not wanted", "refused", 340),
    ("Mailbox full", "refused", 330),
    ("user is over quota", "refused", 330),
    ("mailbox quota exceeded", "refused", 330),
    ("insufficient disk space", "refused", 330),
    ("insufficient storage", "refused", 330),
    ("User unknown in virtual mailbox table", "refused", 320),
    ("No such user here", "refused", 320),
    ("no such recipient", "refused", 320),
    ("no such mailbox", "refused", 320),
    ("account does not exist", "refused", 320),
    ("address not found", "refused", 320),
    ("Invalid recipient", "refused", 320),
    ("Unrouteable address", "refused", 320),
    ("Host unknown", "refused", 320),
    ("Domain not found", "refused", 320),
    ("NXDOMAIN", "refused", 320),
    ("account disabled", "refused", 330),
    ("mailbox suspended", "refused", 330),
    ("this account is inactive", "refused", 330),
    ("message too large", "refused", 350),
    ("message exceeds size limit", "refused", 350),
    ("SPF check failed", "refused", 350),
    ("DKIM signature bad", "refused", 350),
    ("fails DMARC", "refused", 350),
    ("Relay access denied", "refused", 350),
    ("virus found", "refused", 350),
    ("rejected by local policy", "refused", 350),
    ("access denied", "refused", 350),
    ("message refused", "refused", 350),
    ("operation timed out", "transient", 310),
    ("temporary lookup failure", "transient", 310),
    ("please try again later", "transient", 310),
    ("too many recipients", "transient", 310),
    ("rate limit reached", "transient", 310),
    ("you are greylisted", "transient", 310),
    ("connection refused", "transient", 310),
    ("connection reset", "transient", 310),
    ("mail loops back: loop", "transient", 310),
    ("too many hops", "transient", 310),
    ("delivery time expired", "transient", 310),
]


@pytest.mark.parametrize(("code", "stage", "verdict", "status", "alarm"), BASIC)
def test_a_basic_code_decides_with_its_stage_when_nothing_else_does(
    *, code: int, stage: str, verdict: str, status: int, alarm: bool
) -> None:
    outcome = judge(code, "no", Stage(stage))
    assert (outcome.verdict, outcome.status, outcome.alarm) == (verdict, status, alarm)


@pytest.mark.parametrize(("enhanced", "status"), REFUSED.items())
def test_an_enhanced_code_goes_before_the_basic_code(enhanced: str, status: int) -> None:
    outcome = judge(550, f"{enhanced} no", Stage.RCPT)
    assert (outcome.verdict, outcome.status) == (Verdict.REFUSED, status)


@pytest.mark.parametrize("enhanced", RETRIED)
def test_an_enhanced_code_of_a_technical_fault_is_tried_again(enhanced: str) -> None:
    outcome = judge(550, f"{enhanced} no", Stage.RCPT)
    assert (outcome.verdict, outcome.status) == (Verdict.TRANSIENT, Status.ERROR_SENDING_EMAIL)


@pytest.mark.parametrize("enhanced", LOGIN)
def test_an_enhanced_code_of_our_login_waits_for_an_operator(enhanced: str) -> None:
    outcome = judge(550, f"{enhanced} no", Stage.RCPT)
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.WAIT, Status.ERROR_SENDING_EMAIL, True)


@pytest.mark.parametrize(("text", "verdict", "status"), TEXTS)
def test_a_text_goes_before_the_codes(text: str, verdict: str, status: int) -> None:
    outcome = judge(550, f"5.6.0 {text}", Stage.RCPT)
    assert (outcome.verdict, outcome.status) == (verdict, status)


@pytest.mark.parametrize(
    ("code", "text", "stage", "status"),
    [
        (550, "5.1.1 <hans.junker@firma.dk>: User unknown", "RCPT", 320),
        (550, "5.2.2 <anna@reputation.dk>: mailbox full", "RCPT", 330),
        (550, "5.7.1 <spam-filter@acme.dk>: Relay access denied", "RCPT", 350),
        (550, "5.1.1 hans.junker@firma.dk: User unknown", "RCPT", 320),
        (550, "5.1.1 <hans.junker@firma.dk>\n5.1.1 is no name here", "RCPT", 320),
        (552, "<mailbox@firma.dk>: no", "DOT", 350),
    ],
)
def test_the_address_that_a_server_quotes_is_none_of_its_words(code: int, text: str, stage: str, status: int) -> None:
    assert judge(code, text, Stage(stage)).status == status


def test_an_address_between_two_words_does_not_part_them() -> None:
    assert judge(550, "5.6.0 mailbox <anna@customer.test> is full", Stage.RCPT).status == Status.EMAIL_BOUNCED


@pytest.mark.parametrize("text", [text for text, *_ in TEXTS])
def test_any_4xx_is_tried_again_whatever_its_text(text: str) -> None:
    outcome = judge(450, f"5.1.1 {text}", Stage.RCPT)
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.TRANSIENT, 310, False)


@pytest.mark.parametrize("text", ["5.7.139 Authentication unsuccessful, SMTP is disabled", "5.7.1 access denied"])
def test_a_refused_login_waits_whatever_its_text(text: str) -> None:
    assert judge(535, text, Stage.AUTH).verdict is Verdict.WAIT


@pytest.mark.parametrize("enhanced", [*REFUSED, *RETRIED, *LOGIN])
def test_class_4_of_any_enhanced_code_is_tried_again(enhanced: str) -> None:
    outcome = judge(450, f"4{enhanced[1:]} no", Stage.RCPT)
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.TRANSIENT, 310, False)


def test_a_552_to_the_message_that_names_the_mailbox_is_a_full_mailbox() -> None:
    assert judge(552, "storage of the mailbox", Stage.DOT).status == Status.EMAIL_BOUNCED


@pytest.mark.parametrize("code", [-1, 0, 199, 250, 354, 600])
def test_what_is_no_answer_to_the_command_is_transient_before_the_final_dot(code: int) -> None:
    assert judge(code, "", Stage.RCPT).verdict is Verdict.TRANSIENT


@pytest.mark.parametrize("code", [-1, 0, 199, 354, 600])
def test_what_is_no_answer_to_the_final_dot_leaves_the_outcome_unknown(code: int) -> None:
    assert judge(code, "", Stage.DOT).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("code", [250, 251, 252])
def test_a_yes_to_the_final_dot_is_sent(code: int) -> None:
    outcome = judge(code, "2.0.0 queued as 4F", Stage.DOT)
    assert (outcome.verdict, outcome.status, outcome.answer) == (Verdict.ACCEPTED, 200, f"{code} 2.0.0 queued as 4F")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("2.0.0 Ok: queued as 4F2AC0FFEE", "4F2AC0FFEE"),
        ("2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4F2A", "4F2A"),
        ("OK id=1tXyZ0-000001-AB", "1tXyZ0-000001-AB"),
        ("Message queued as <4F2A>.", "4F2A"),
        ("queued as " + "a" * 100, "a" * 100),
        ("queued as " + "a" * 101, None),
        ("queued as 4F\x002A", None),
        ("2.0.0 Ok", None),
        ("queued as ", None),
        ("", None),
    ],
)
def test_the_queue_id_of_a_yes_is_the_providers_reference(text: str, named: str | None) -> None:
    assert judge(250, text, Stage.DOT).provider_reference == named


def test_a_refusal_has_no_reference() -> None:
    assert judge(550, "5.7.1 refused, was queued as 4F2A", Stage.DOT).provider_reference is None


def test_the_reason_names_codes_and_stage_and_no_address() -> None:
    outcome = judge(550, "5.1.1 <anna@customer.test>: User unknown", Stage.RCPT)
    assert outcome.reason.code == "MAILBOX_UNKNOWN"
    assert outcome.reason.values == {"smtp": 550, "enhanced": "5.1.1", "stage": "RCPT"}


def test_the_answer_is_cut_to_a_thousand_characters_without_nul() -> None:
    answer = judge(550, "a\0b" + "c" * 2000, Stage.RCPT).answer
    assert answer is not None
    assert (len(answer), answer[:7]) == (1000, "550 abc")
