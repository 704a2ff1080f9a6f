"""Does every reply of the failure tables get its status?"""

import pytest

from duepost.statuses import Status
from tests.worker.providers.smtp_replies import BASIC, LOGIN, REFUSED, RETRIED, TEXTS
from worker.providers.port import Verdict
from worker.providers.smtp_verdicts import Stage, judge


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


@pytest.mark.parametrize("stage", [Stage.GREETING, Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT])
@pytest.mark.parametrize(("code", "enhanced"), [(550, "4.7.1"), (550, "4.2.2"), (554, "4.4.7"), (554, "4.9.9")])
def test_class_4_beside_a_5xx_is_tried_again(code: int, enhanced: str, stage: Stage) -> None:
    outcome = judge(code, f"{enhanced} no", stage)
    assert (outcome.verdict, outcome.status, outcome.alarm) == (Verdict.TRANSIENT, 310, False)


def test_a_text_goes_before_class_4_and_a_refused_login_before_both() -> None:
    assert judge(550, "4.2.2 mailbox full", Stage.RCPT).status == Status.EMAIL_BOUNCED
    assert judge(535, "4.7.8 try again", Stage.AUTH).verdict is Verdict.WAIT


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
