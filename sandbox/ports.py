"""Which TCP port may a server of the sandbox use?"""

import errno
import socket

from duepost.errors import ConfigError

HOST = "127.0.0.1"


def free_port() -> int:
    """A port that nobody listens on at this moment; another program may take it before you do."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, setting: str) -> None:
    """Check a port that an operator asked for in `setting`. Raises: ConfigError when it cannot be had."""
    with socket.socket() as probe:
        # As servers do: a connection that was closed a minute ago does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OverflowError as error:
            raise ConfigError(setting, f"is {port}, which is no port", "choose one from 1024 to 65535") from error
        except OSError as error:
            what = "is taken by another program" if error.errno == errno.EADDRINUSE else "may not be used by us"
            raise ConfigError(setting, f"is port {port}, which {what}", "free it or choose another") from error
