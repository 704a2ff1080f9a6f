"""What does an intake know of the ledger around its sends: accounts, lanes, templates, the run?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from sqlalchemy import Connection

from duepost.ledger.accounts import Account, account_named, run_named
from duepost.ledger.lanes import DeclaredLane, declared
from duepost.ledger.templates import Key, Words, all_of
from duepost.validation import account_name


@dataclass
class Memory:
    """What was read before; a door that takes sends one by one keeps it for some moments. asked: names of accounts."""

    accounts: dict[str, Account] = field(default_factory=dict)
    templates: dict[int, Mapping[Key, Words]] = field(default_factory=dict)
    declared: dict[str, DeclaredLane] | None = None
    asked: set[str] = field(default_factory=set)


class Around(Protocol):
    """What a check of a send wants to know."""

    def account(self, name: str) -> Account:
        """Raises: InvalidSend when there is none of that name."""

    def lanes(self) -> dict[str, DeclaredLane]:
        """What the workers have told of them."""

    def templates_of(self, account: Account) -> Mapping[Key, Words]:
        """The account's own words."""

    def run_of(self, account: Account) -> int | None:
        """The id of the account's run; None without one."""


class NotRemembered(LookupError):  # noqa: N818 - it says what happened
    """It has to be asked for."""


class Remembered:
    """Knows what the memory holds, and asks nobody. Each raises NotRemembered for what it does not hold."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def account(self, name: str) -> Account:
        """As read within the last moments."""
        found = self._memory.accounts.get(name)
        if found is None:
            raise NotRemembered(name)
        self._memory.asked.add(name)
        return found

    def lanes(self) -> dict[str, DeclaredLane]:
        """As told before."""
        if self._memory.declared is None:
            raise NotRemembered
        return self._memory.declared

    def templates_of(self, account: Account) -> Mapping[Key, Words]:
        """As read before."""
        found = self._memory.templates.get(account.id)
        if found is None:
            raise NotRemembered
        return found

    def run_of(self, account: Account) -> int | None:  # noqa: ARG002 - as Around has it
        """None: sends of a run are another's."""
        return None


class Surroundings:
    """Reads what is not in the memory yet, on one connection; `alone` is held by whoever uses that."""

    def __init__(self, connection: Connection, alone: Lock, run: str | None, memory: Memory) -> None:
        self._connection = connection
        self._alone = alone
        self._run = run
        self._runs: dict[int, int] = {}
        self._memory = memory

    def account(self, name: str) -> Account:
        """Raises: InvalidSend when there is none of that name."""
        self._memory.asked.add(name)
        found = self._memory.accounts.get(name)
        if found is None:
            with self._alone:
                found = self._memory.accounts[name] = account_named(self._connection, account_name(name))
        return found

    def lanes(self) -> dict[str, DeclaredLane]:
        """What the workers have told of them."""
        if self._memory.declared is None:
            with self._alone:
                self._memory.declared = declared(self._connection)
        return self._memory.declared

    def templates_of(self, account: Account) -> Mapping[Key, Words]:
        """The account's own words."""
        found = self._memory.templates.get(account.id)
        if found is None:
            with self._alone:
                found = self._memory.templates[account.id] = all_of(self._connection, account.id)
        return found

    def run_of(self, account: Account) -> int | None:
        """The id of the account's run, made if need be; None without one."""
        if self._run is None:
            return None
        if account.id not in self._runs:
            with self._alone:
                self._runs[account.id] = run_named(self._connection, account.id, self._run)
        return self._runs[account.id]
