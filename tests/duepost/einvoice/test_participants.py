"""Is an identifier with a wrong check digit told from a right one, in every scheme that Peppol's rules check?"""

import pytest

from duepost.einvoice.participants import CHECKS, sound

# scheme -> a right identifier, and a wrong one
NUMBERS = {
    "0007": ("5560125790", "5560125791"),
    "0088": ("5790000435975", "5790000435976"),
    "0151": ("51824753556", "51824753557"),
    "0184": ("DK13585628", "DK13585629"),
    "0192": ("923609016", "923609017"),
    "0201": ("UFABC1", "UFABC"),
    "0208": ("0403019261", "0403019262"),
    "0210": ("RCCMNL83S18D969H", "RCCMNL83S18D969J"),
    "0211": ("IT00743110157", "IT00743110158"),
}


@pytest.mark.parametrize(("scheme", "numbers"), NUMBERS.items())
def test_a_wrong_identifier_is_told_from_a_right_one(scheme: str, numbers: tuple[str, str]) -> None:
    assert [sound(f"{scheme}:{number}") for number in numbers] == [True, False]


def test_every_scheme_that_is_checked_is_tried() -> None:
    assert NUMBERS.keys() == CHECKS.keys()


def test_what_no_rule_checks_is_sound() -> None:
    assert sound("9930:DE123456789")
