"""Are thousands of sends asked for over the few connections that an account is allowed?"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.access_point import AccessPoint
from sandbox.farpay_counterpart import KEY, FarPayCounterpart
from sandbox.http_counterpart import HttpCounterpart
from sandbox.saphety_counterpart import SaphetyCounterpart
from worker.providers.as4_gateway import As4Gateway
from worker.providers.farpay import FarPay
from worker.providers.port import Asked, Job
from worker.providers.saphety import Saphety

MakeJob = Callable[..., Job]
WIDTH = 8
QUESTIONS = 2000


def as4(folder: Path) -> tuple[HttpCounterpart, Callable[[str], Asked]]:
    return AccessPoint(folder), lambda url: As4Gateway(url=url, sender="0184:DK12345674", country="DK")


def farpay(folder: Path) -> tuple[HttpCounterpart, Callable[[str], Asked]]:
    return FarPayCounterpart(folder), lambda url: FarPay(url=f"{url}/v2", key=KEY)


def saphety(folder: Path) -> tuple[HttpCounterpart, Callable[[str], Asked]]:
    return SaphetyCounterpart(folder), lambda url: Saphety(url=url, user="demo", password="pass")


@pytest.mark.parametrize("made", [as4, farpay, saphety])
def test_questions_share_the_connections_of_their_account(
    tmp_path: Path, job: MakeJob, made: Callable[[Path], tuple[HttpCounterpart, Callable[[str], Asked]]]
) -> None:
    counterpart, provider_at = made(tmp_path)
    with counterpart:
        provider = provider_at(counterpart.url)
        jobs = [job(reference=str(uuid4()), document=None, provider_reference=str(n)) for n in range(QUESTIONS)]
        with ThreadPoolExecutor(WIDTH) as threads:
            list(threads.map(provider.ask, jobs))
        assert 0 < len(counterpart.connections) <= WIDTH
