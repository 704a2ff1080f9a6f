"""How are mails taken out of a Maildir without one being lost?

Source: the Maildir format, as Dovecot and Postfix write it: a mail is moved from `new` to `cur` when somebody has
looked at it, with its flags after `:2,`.
"""

from collections.abc import Iterator
from pathlib import Path

SEEN = "S"
FLAGGED = "F"  # for a person


def is_maildir(folder: Path) -> bool:
    """True when mails may lie there."""
    return (folder / "new").is_dir() and (folder / "cur").is_dir()


def new_mails(folder: Path) -> Iterator[Path]:
    """The mails that nobody has looked at, in the order of their names: about that in which they came."""
    yield from sorted(one for one in (folder / "new").iterdir() if not one.name.startswith("."))


def put_by(mail: Path, flag: str) -> None:
    """Move a mail of `new` to `cur`, with the flag; nothing when another program has moved it."""
    name = mail.name.partition(":2,")[0]
    target = mail.parent.parent / "cur" / f"{name}:2,{flag}"
    try:
        mail.rename(target)
    except FileNotFoundError:
        return
