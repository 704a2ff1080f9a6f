"""What can go wrong by a caller's or an operator's hand?

    DuepostError
    ├── InvalidSend   the caller mends the field named
    ├── Conflict      same key, other content; or it does not fit what the send is by now
    ├── NotFound      there is no such thing, of this account
    ├── ConfigError   the operator mends the setting named; the process does not start
    ├── Refused       a guard said no, or the key opens nothing
    ├── TryLater      the ledger or the gateway cannot be reached, or cannot take it now
    └── Unexpected    what answers is no gateway, or met a fault of its own

A provider's refusal is no exception but an outcome; a network failure is an OSError.
"""


class DuepostError(Exception):
    """The root of the tree."""


class InvalidSend(DuepostError):  # noqa: N818 - ending a name in Error is for the root and for config
    """One field of a send is wrong; nothing was stored.

    `field` is the name as the caller wrote it (FarPay's spelling), `problem` what is wrong, `hint` how to mend it. The
    text never repeats the value, which may be personal data; `value` holds it for a caller who wants to show it.
    `others`: what else is wrong, where the door tells all of it (the gateway does).
    """

    def __init__(
        self, field: str, problem: str, hint: str, value: object = None, *, others: "tuple[InvalidSend, ...]" = ()
    ) -> None:
        super().__init__(f"{field} {problem}: {hint}")
        self.field = field
        self.problem = problem
        self.hint = hint
        self.value = value
        self.others = others

    @property
    def problems(self) -> "tuple[InvalidSend, ...]":
        """Every wrong field that was told of, this one first."""
        return (self, *self.others)

    def __reduce__(self) -> tuple[type["InvalidSend"], tuple[str, str, str], dict[str, object]]:
        """Travels between processes without the value."""
        return type(self), (self.field, self.problem, self.hint), {"others": self.others}


class Conflict(DuepostError):  # noqa: N818 - see InvalidSend
    """The same key was used before with other content, or the send stands where that cannot be done to it."""


class NotFound(DuepostError):  # noqa: N818 - see InvalidSend
    """There is no such thing, or it is another account's."""


class ConfigError(DuepostError):
    """A setting is missing or wrong. `setting` names it as the operator writes it."""

    def __init__(self, setting: str, problem: str, hint: str) -> None:
        super().__init__(f"{setting} {problem}: {hint}")
        self.setting = setting
        self.problem = problem
        self.hint = hint

    def __reduce__(self) -> tuple[type["ConfigError"], tuple[str, str, str]]:
        """Travels between processes."""
        return type(self), (self.setting, self.problem, self.hint)


class Refused(DuepostError):  # noqa: N818 - see InvalidSend
    """A guard said no; the text says which and why."""


class TryLater(DuepostError):  # noqa: N818 - see InvalidSend
    """The ledger, or the gateway, cannot be reached or cannot take it now: repeat it later.

    In a transaction of the caller's nothing was stored. Over HTTP the answer alone may be lost: repeat the same send,
    which is taken once.
    """


class Unexpected(DuepostError):  # noqa: N818 - see InvalidSend
    """What answers is no gateway of duepost's, or met a fault of its own; the text says what."""
