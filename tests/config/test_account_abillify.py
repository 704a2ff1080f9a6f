"""Is a send through Abillify given up before its key is forgotten?"""

from datetime import timedelta

from pydantic import SecretStr

from config.account_abillify import AbillifyAccount
from config.settings import Retry
from duepost.ledger.unknown import UnknownPolicy
from duepost.sends import Channel
from worker.accounts import SAFELY_BEFORE, retry_policy
from worker.retry import LAST_CALL

ACCOUNT = AbillifyAccount(url="https://customer.abillify.test/api", user="demo", password=SecretStr("pass"))


def test_the_last_attempt_is_made_within_the_24_hours() -> None:
    policy = retry_policy(Retry(), ACCOUNT.forgets_after)
    assert ACCOUNT.forgets_after == timedelta(hours=24)
    assert policy.give_up[Channel.EMAIL] + LAST_CALL < timedelta(hours=24)
    assert LAST_CALL < SAFELY_BEFORE


def test_an_earlier_time_to_give_up_stays() -> None:
    hours = dict.fromkeys(Channel, 2.0)
    assert retry_policy(Retry(give_up_hours=hours), ACCOUNT.forgets_after).give_up[Channel.EMAIL] == timedelta(hours=2)


def test_others_are_tried_as_long_as_the_settings_say() -> None:
    retry = Retry()
    assert retry_policy(retry).give_up[Channel.EMAIL] == timedelta(hours=retry.give_up_hours[Channel.EMAIL])


def test_silence_is_repeated_under_the_same_key_unless_set_otherwise() -> None:
    assert ACCOUNT.on_unknown is UnknownPolicy.RESEND
