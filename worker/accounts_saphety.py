"""Which adapter serves an account at Saphety's invoice network, built from its settings?"""

from datetime import timedelta

from config.account_saphety import SaphetyAccount
from worker.providers.port import Provider
from worker.providers.saphety import Saphety


def saphety_adapter(account: SaphetyAccount) -> Provider:
    """The adapter. Opens no connection."""
    return Saphety(
        url=account.url,
        user=account.user,
        password=account.password.get_secret_value(),
        language=account.language,
        poll=account.poll,
        repeat_unsent=account.repeat_unsent,
        mail_status_url=account.mail_status_url,
        total_limit=timedelta(seconds=account.total_seconds),
        ca_file=account.ca_file,
    )
