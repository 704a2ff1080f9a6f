"""How does a server that refuses to run as root run when we are root?

As `nobody`, who often cannot reach what root sees: a checkout under /root is closed to him. Nothing of the user's is
opened up for that; what he needs goes into a folder of our own that he can reach.
"""

import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from duepost.errors import Refused

CHECKOUT = Path(__file__).resolve().parents[1]
PUBLIC = Path("/var/tmp")  # noqa: S108 - outlives a reboot, and what we make in it is checked for its owner
ENTER_ONLY = 0o711
READ_AND_RUN = 0o755


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the machine."""

    uid: int
    gid: int


def account() -> Account | None:
    """`nobody` when we are root, otherwise None: the server runs as ourselves."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def reaches(who: Account, path: Path) -> bool:
    """True when this user may run the file or enter the folder at `path`; the system itself is asked, in his name."""
    asked = ["test", "-x", str(path)]
    return not subprocess.run(asked, cwd="/", user=who.uid, group=who.gid, extra_groups=[], check=False).returncode


def own_folder() -> Path:
    """Our folder for this checkout, which everybody may enter; made when missing.

    Raises: Refused when somebody else made it.
    """
    folder = PUBLIC / f"duepost-{_digest(CHECKOUT)}"
    folder.mkdir(exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise Refused(f"{folder} belongs to another user: remove it, it is a copy of ours to run servers from")
    folder.chmod(ENTER_ONLY)
    return folder


def private_folder(who: Account | None, wanted: Path) -> Path:
    """Make a folder which only this user (and root) can use: `wanted`, or where he cannot reach that, one of ours."""
    place = wanted.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    if who and not reaches(who, place.parent):
        place = own_folder() / _digest(place)
    place.mkdir(exist_ok=True)
    place.chmod(stat.S_IRWXU)
    if who:
        os.chown(place, who.uid, who.gid)
    return place


def copy_in_reach(root: Path, parts: Iterable[str], version: str) -> Path:
    """Copy these parts of `root` to where everybody may run them, once per version, and answer the copy's root."""
    copy = own_folder() / f"{_digest(root)}-{version}"
    if copy.exists():
        return copy
    fresh = Path(tempfile.mkdtemp(dir=own_folder()))
    for part in parts:
        if (root / part).exists():
            shutil.copytree(root / part, fresh / part, ignore=shutil.ignore_patterns("include"))
    for path in (fresh, *fresh.rglob("*")):
        path.chmod(READ_AND_RUN)
    try:
        fresh.rename(copy)
    except OSError:  # another sandbox of this checkout was quicker
        shutil.rmtree(fresh)
    return copy


def _digest(path: Path) -> str:
    return sha256(os.fsencode(path)).hexdigest()[:12]
