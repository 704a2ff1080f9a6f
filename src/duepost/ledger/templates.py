"""How are the words kept that an account has of its own?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from duepost.ledger.schema import account
from duepost.ledger.template_tables import template

# channel, kind, language
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """With placeholders. None: the built-in words."""

    subject: str | None = field(repr=False)
    body: str | None = field(repr=False)


def set_template(connection: Connection, account_id: int, key: Key, words: Words) -> None:
    """Keep these words for that channel, kind and language, instead of any before. Served by pk_template."""
    channel, kind, language = key
    statement = insert(template).values(
        account_id=account_id,
        channel=channel,
        kind=kind,
        language=language,
        subject=words.subject,
        body=words.body,
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["account_id", "channel", "kind", "language"],
            set_={"subject": statement.excluded.subject, "body": statement.excluded.body},
        )
    )


def remove_template(connection: Connection, account_id: int, key: Key) -> bool:
    """False when there is none. Served by pk_template."""
    channel, kind, language = key
    found = connection.execute(
        delete(template).where(
            template.c.account_id == account_id,
            template.c.channel == channel,
            template.c.kind == kind,
            template.c.language == language,
        )
    )
    return bool(found.rowcount)


def all_of(connection: Connection, account_id: int) -> Mapping[Key, Words]:
    """Every template of the account. Served by pk_template."""
    rows = connection.execute(
        select(template.c.channel, template.c.kind, template.c.language, template.c.subject, template.c.body).where(
            template.c.account_id == account_id
        )
    )
    return {(row[0], row[1], row[2]): Words(row[3], row[4]) for row in rows}


def everybodys(connection: Connection) -> list[tuple[str, Key, Words]]:
    """Account name, what for, and words, of all accounts, sorted."""
    rows = connection.execute(
        select(
            account.c.name,
            template.c.channel,
            template.c.kind,
            template.c.language,
            template.c.subject,
            template.c.body,
        )
        .join(account, account.c.id == template.c.account_id)
        .order_by(account.c.name, template.c.channel, template.c.kind, template.c.language)
    )
    return [(row[0], (row[1], row[2], row[3]), Words(row[4], row[5])) for row in rows]
