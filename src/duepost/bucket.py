"""How do documents lie in a bucket of S3?"""

import os
import time
from dataclasses import dataclass, field
from typing import Any

from duepost.errors import ConfigError

SETTING = "DUEPOST_DOCUMENTS"
CONNECT_SECONDS, ANSWER_SECONDS, TRIES = 5, 10, 2
TOTAL_SECONDS = (
    20  # of one call, its repeats among them: s3fs alone would try five times, each as often as botocore does
)
KNOWN_SECONDS = 60  # so long a name that was seen is not asked for again: many rows of a file name one document
KNOWN = 4096  # names


@dataclass(frozen=True)
class Bucket:
    """A bucket of S3, or of what speaks like it, through s3fs.

    url: `s3://bucket/prefix`. options: what s3fs is given, such as key and secret; without them its own sources count.
    The file system is made in each process: one that was made before a fork does not work after it.
    """

    url: str
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    total_seconds: float = TOTAL_SECONDS
    _made: dict[int, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    _known: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            import s3fs  # noqa: F401, PLC0415 - an extra, and a second to import
        except ImportError:
            raise ConfigError(SETTING, "is an s3:// address, and s3fs is not here", "install duepost[s3]") from None

    def put(self, name: str, content: bytes) -> None:
        """One PUT, which S3 makes durable before it answers; nobody sees a part. It mends what was damaged there."""
        self._ask("pipe_file", name, content, chunksize=max(len(content), 1))  # from two chunks on it would be several
        self._remember(name)

    def mark(self, name: str) -> object:
        """By its name alone. Asks the bucket, unless it was seen there within the last minute."""
        if self._known.get(name, 0.0) > time.monotonic() - KNOWN_SECONDS:
            return True
        if not self._ask("exists", name):
            return None
        self._remember(name)
        return True

    def read(self, name: str) -> bytes:
        """One GET."""
        try:
            content: bytes = self._ask("cat_file", name, max_concurrency=1)  # with more it asks for the size before
        except FileNotFoundError:
            self._known.pop(name, None)
            raise
        return content

    def _remember(self, name: str) -> None:
        if len(self._known) >= KNOWN:
            self._known.clear()
        self._known[name] = time.monotonic()

    def _ask(self, what: str, name: str, *content: bytes, **how: int) -> Any:
        from aiohttp import ClientError as NoConnection  # noqa: PLC0415 - see __post_init__
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see __post_init__

        try:
            return getattr(self._files, what)(self._place(name), *content, timeout=self.total_seconds, **how)
        except TimeoutError:
            raise TimeoutError(f"the bucket has not answered within {self.total_seconds:g} s") from None
        except (BotoCoreError, NoConnection, ValueError) as trouble:  # s3fs makes an OSError only of a bucket's answer
            raise OSError(f"the bucket cannot be reached ({type(trouble).__name__})") from None

    def _place(self, name: str) -> str:
        return f"{self.url.removeprefix('s3://').rstrip('/')}/{name}"

    @property
    def _files(self) -> Any:
        process = os.getpid()
        made = self._made.get(process)
        if made is None:
            from s3fs import S3FileSystem  # noqa: PLC0415 - see __post_init__

            limits = {
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": ANSWER_SECONDS,
                "retries": {"total_max_attempts": TRIES},
            }
            made = S3FileSystem(
                config_kwargs=limits, use_listings_cache=False, skip_instance_cache=True, **self.options
            )
            # Two threads may both make one, then the first counts. A parent's stays, unused: its end would close
            # connections that it shares with this process.
            made = self._made.setdefault(process, made)
        return made
