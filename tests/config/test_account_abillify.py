"""Is a send through Abillify repeated only while its key is known?"""

from datetime import timedelta

from pydantic import SecretStr

from config.account_abillify import AbillifyAccount
from config.settings import Retry
from duepost.ledger.unknown import UnknownPolicy
from worker.accounts import SAFELY_BEFORE, retry_policy
from worker.retry import LAST_CALL

ACCOUNT = AbillifyAccount(url="https://customer.abillify.test/api", user="demo", password=SecretStr("pass"))


def test_the_last_attempt_is_made_within_the_24_hours() -> None:
    policy = retry_policy(Retry(), ACCOUNT.forgets_after)
    assert ACCOUNT.forgets_after == timedelta(hours=24)
    assert policy.known_for is not None
    assert policy.known_for + LAST_CALL < timedelta(hours=24)
    assert LAST_CALL < SAFELY_BEFORE


def test_whoever_never_forgets_is_tried_as_long_as_the_settings_say() -> None:
    assert retry_policy(Retry()).known_for is None


def test_silence_is_repeated_under_the_same_key_unless_set_otherwise() -> None:
    assert ACCOUNT.on_unknown is UnknownPolicy.RESEND
