"""Where do the bytes of documents lie: in a folder, or in a bucket?"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol
from urllib.parse import urlsplit

from duepost.errors import ConfigError

SETTING = "DUEPOST_DOCUMENTS"
CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 5, 30, 3


class Shelf(Protocol):
    """Holds documents by name, `ab/abcdef…`; nothing that it holds is ever changed."""

    def put(self, name: str, content: bytes) -> None:
        """Keep it; when put returns, it survives a power cut. A reader finds all of it or none."""

    def holds(self, name: str) -> bool:
        """True when it is there."""

    def read(self, name: str) -> bytes:
        """The content. Raises: FileNotFoundError; another OSError when the shelf cannot be reached."""


@dataclass(frozen=True)
class Folder:
    """A folder, made when it does not exist; any number of processes may share it."""

    folder: Path

    def put(self, name: str, content: bytes) -> None:
        """Written aside, synced and renamed; names are synced too, also those another process writes this moment."""
        place = self.folder / name
        if not place.exists():
            _write(place, content)
        _sync_names(place.parent)
        _sync_names(self.folder)

    def holds(self, name: str) -> bool:
        """By its name alone."""
        return os.path.exists(f"{self.folder}/{name}")  # noqa: PTH110 - half of Path's cost, at each row of a file

    def read(self, name: str) -> bytes:
        """All of it."""
        return (self.folder / name).read_bytes()


@dataclass(frozen=True)
class Bucket:
    """A bucket of S3, or of what speaks like it, through s3fs.

    url: `s3://bucket/prefix`. options: what s3fs is given, such as key and secret; without them its own sources count.
    The file system is made in each process: one that was made before a fork does not work after it.
    """

    url: str
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    _made: dict[int, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            import s3fs  # noqa: F401, PLC0415 - an extra, and a second to import
        except ImportError:
            raise ConfigError(SETTING, "is an s3:// address, and s3fs is not here", "install duepost[s3]") from None

    def put(self, name: str, content: bytes) -> None:
        """One PUT, which S3 makes durable before it answers; nobody sees a part."""
        if not self.holds(name):
            self._ask("pipe_file", name, content)

    def holds(self, name: str) -> bool:
        """Asks the bucket."""
        return bool(self._ask("exists", name))

    def read(self, name: str) -> bytes:
        """One GET."""
        content: bytes = self._ask("cat_file", name)
        return content

    def _ask(self, what: str, name: str, *content: bytes) -> Any:
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see __post_init__

        try:
            return getattr(self._files, what)(self._place(name), *content)
        except BotoCoreError as trouble:  # s3fs turns only what the bucket says into an OSError
            raise OSError(f"the bucket cannot be reached ({type(trouble).__name__})") from None

    def _place(self, name: str) -> str:
        return f"{self.url.removeprefix('s3://').rstrip('/')}/{name}"

    @property
    def _files(self) -> Any:
        process = os.getpid()
        if process not in self._made:
            from s3fs import S3FileSystem  # noqa: PLC0415 - see __post_init__

            limits = {
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": ANSWER_SECONDS,
                "retries": {"total_max_attempts": TRIES},
            }
            self._made.clear()
            self._made[process] = S3FileSystem(
                config_kwargs=limits, use_listings_cache=False, skip_instance_cache=True, **self.options
            )
        return self._made[process]


def shelf_at(place: str, **options: str | None) -> Shelf:
    """The shelf that the setting names: a folder's path, or `s3://bucket/prefix`. Raises: ConfigError."""
    scheme = urlsplit(place).scheme
    if scheme == "s3":
        return Bucket(place, {name: value for name, value in options.items() if value is not None})
    if scheme and "://" in place:
        raise ConfigError(SETTING, "is neither a folder nor an s3:// address", "write a path, or s3://bucket/prefix")
    return Folder(Path(place))


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as aside:
        try:
            aside.write(content)
            aside.flush()
            os.fsync(aside.fileno())
            Path(aside.name).replace(place)
        except BaseException:
            Path(aside.name).unlink(missing_ok=True)
            raise


def _sync_names(folder: Path) -> None:
    names = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(names)
    finally:
        os.close(names)
