"""Which shelf does the setting name?"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from duepost.bucket import SETTING, Bucket
from duepost.errors import ConfigError
from duepost.shelf import Folder, Shelf


def shelf_at(place: str, **options: str | None) -> Shelf:
    """The shelf at a folder's path, `file:///path` or `s3://bucket/prefix`. Raises: ConfigError."""
    scheme, colon, rest = place.partition("://")
    if not colon:
        return Folder(Path(place))
    try:
        parts = urlsplit(place)
    except ValueError:
        raise ConfigError(SETTING, "is no address", "write a path, or s3://bucket/prefix") from None
    if scheme.lower() == "file":
        path = unquote(parts.path)
        if (
            parts.netloc not in ("", "localhost")
            or not path.strip("/")
            or "\0" in path
            or parts.query
            or parts.fragment
        ):
            raise ConfigError(SETTING, "names no folder of this machine", "write it like file:///srv/documents")
        return Folder(Path(path))
    if scheme.lower() == "s3":
        bucket = rest.partition("/")[0]
        # A name with @ would be keys in the address, where every log shows them.
        if not bucket or "@" in rest or ":" in bucket or "?" in rest or "#" in rest:
            raise ConfigError(SETTING, "names no bucket", "write s3://bucket/prefix, the keys in settings of their own")
        return Bucket(f"s3://{rest}", {name: value for name, value in options.items() if value is not None})
    raise ConfigError(SETTING, "is neither a folder nor an s3:// address", "write a path, or s3://bucket/prefix")
