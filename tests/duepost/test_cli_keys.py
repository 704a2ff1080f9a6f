"""Can an operator give keys and take them back, and is a secret shown but once?"""

import pytest
from sqlalchemy import Engine, text

from duepost.credentials import Scope, login_lookup, lookup_of
from duepost.ledger.keys import key_by, keys_of
from tests.duepost.conftest import Run


def test_a_key_is_made_and_printed_once(duepost: Run, engine: Engine) -> None:
    done = duepost("keys", "create", "--name", "billing", "--scope", "read")
    secret = done.stdout.strip()
    with engine.connect() as connection:
        (key,) = keys_of(connection)
    assert (done.returncode, lookup_of(secret), key.scopes) == (0, key.lookup, frozenset({Scope.READ}))
    assert key.verifier.opens(secret)
    assert "shown this once" in done.stderr
    listed = duepost("keys", "list", "--account", "default").stdout
    assert (key.lookup in listed, secret in listed) == (True, False)


def test_a_test_key_opens_an_account_that_delivers_nothing(duepost: Run, engine: Engine) -> None:
    secret = duepost("keys", "create", "--name", "billing", "--test").stdout
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM account WHERE NOT delivers")).scalars().all() == [
            "default:test"
        ]
    assert secret.startswith("dp_test_")


@pytest.mark.parametrize(
    ("system", "user"), [("farpay", ""), ("saphety", "acme"), ("abillify", "a"), ("acumulus", "b")]
)
def test_a_login_is_taken_over_by_its_secret_from_standard_input(
    duepost: Run, engine: Engine, system: str, user: str
) -> None:
    arguments = ("keys", "create", "--system", system, *(("--user", user) if user else ()))
    done = duepost(*arguments, stdin="s3cret\n")
    assert (done.returncode, "s3cret" in done.stdout + done.stderr) == (0, False)
    with engine.connect() as connection:
        key = key_by(connection, login_lookup(system, user, "s3cret"))
    assert key is not None
    assert key.verifier.opens("s3cret")
    assert duepost(*arguments, stdin="s3cret\n").returncode == 3


def test_a_login_without_a_secret_or_of_no_system_is_refused(duepost: Run) -> None:
    done = duepost("keys", "create", "--system", "saphety", "--user", "acme", stdin="")
    assert (done.returncode, done.stderr.strip()) == (1, "secret is missing: write it to standard input")
    assert duepost("keys", "create", "--system", "other", stdin="x").returncode == 1


@pytest.mark.parametrize("arguments", [(), ("--name", "x", "--system", "farpay"), ("--name", "x", "--scope", "all")])
def test_what_is_written_wrongly_ends_with_2(duepost: Run, arguments: tuple[str, ...]) -> None:
    assert duepost("keys", "create", *arguments, stdin="x").returncode == 2


@pytest.mark.parametrize("whole", [True, False])
def test_a_key_is_revoked_by_its_beginning_or_by_all_of_it(duepost: Run, engine: Engine, *, whole: bool) -> None:
    secret = duepost("keys", "create", "--name", "billing").stdout.strip()
    lookup = lookup_of(secret) or ""
    done = duepost("keys", "revoke", secret if whole else lookup, "--reason", "lost")
    assert (done.returncode, done.stdout.strip()) == (0, f"{lookup} opens nothing more")
    with engine.connect() as connection:
        assert key_by(connection, lookup) is None
        assert connection.execute(text("SELECT reason FROM audit WHERE reason = 'lost'")).scalar_one() == "lost"
    assert duepost("keys", "revoke", lookup, "--reason", "lost").returncode == 5


def test_a_login_with_blanks_in_its_user_is_listed_by_what_revokes_it(duepost: Run) -> None:
    assert duepost("keys", "create", "--system", "acumulus", "--user", "1/An Na", stdin="s3cret").returncode == 0
    revoked = duepost("keys", "revoke", "acumulus:1/An Na", "--reason", "lost")
    assert (revoked.returncode, "acumulus:1/An Na" in duepost("keys", "list").stdout) == (0, True)


def test_a_secret_that_would_open_nothing_is_refused(duepost: Run) -> None:
    done = duepost("keys", "create", "--system", "saphety", stdin="x" * 1025)
    assert (done.returncode, done.stderr.startswith("secret is too long")) == (1, True)


def test_the_third_key_of_one_app_is_refused(duepost: Run) -> None:
    codes = [duepost("keys", "create", "--name", "billing").returncode for _ in range(3)]
    assert codes == [0, 0, 3]


def test_an_unknown_account_is_one_sentence(duepost: Run) -> None:
    done = duepost("keys", "create", "--name", "billing", "--account", "nobody")
    assert (done.returncode, "Traceback" in done.stderr, "account" in done.stderr.lower()) == (1, False, True)
