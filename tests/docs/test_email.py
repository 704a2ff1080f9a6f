"""Does docs/email.md say of recipients, words and documents what the code does?"""

import re
from pathlib import Path

import pytest

from duepost import mail_fields
from duepost.enclosures import ATTACHMENTS_LIMIT
from duepost.rules import Rules
from duepost.sends import Kind
from duepost.texts import TEXTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "email.md").read_text()


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def test_the_limits_are_named() -> None:
    assert f"at most {mail_fields.RECIPIENTS_LIMIT}." in PAGE
    assert f"up to {ATTACHMENTS_LIMIT} `Attachments`" in PAGE


@pytest.mark.parametrize("word", [*TEXTS, *Kind, *mail_fields.ROLES])
def test_languages_kinds_and_roles_are_named(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_the_example_of_several_receivers_is_two_addresses() -> None:
    [example] = re.findall(r'`("Doe[^`]+)`', PAGE)
    assert mail_fields.recipients(example, Rules()) == ("jane@customer.dk", "bo@customer.dk")


@pytest.mark.parametrize(("page", "place"), re.findall(r"\]\(([a-z_]+\.md)#?([^)]*)\)", PAGE))
def test_every_link_leads_somewhere(page: str, place: str) -> None:
    headings = re.findall(r"^#+ (.+)$", (DOCS / page).read_text(), re.MULTILINE)
    assert not place or place in {slug(heading) for heading in headings}
