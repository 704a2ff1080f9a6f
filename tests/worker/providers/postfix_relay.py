"""How does a test get real bounces: a Postfix that relays to a second server, which refuses some mail later?

The second server is another listener of the same Postfix, under another name. What it says to a recipient's
domain is in REFUSALS; the reports come into the Maildir of sender.test. Needs root, as Postfix itself does.
"""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from sandbox.child import wait_until
from sandbox.ports import HOST, free_port
from tests.worker.providers.postfix import MASTER

PATIENCE = timedelta(seconds=30)
# domain -> what the second server answers to RCPT
REFUSALS = {
    "bounce.test": "550 5.1.1 No such user here",
    "full.test": "552 5.2.2 Mailbox full",
    "spam.test": "554 5.7.1 Content rejected as spam",
    "busy.test": "451 4.3.0 Mail system busy",
}

MAIN = """
compatibility_level = 3.6
queue_directory = {base}/spool
data_directory = {base}/data
maillog_file = {base}/mail.log
maillog_file_prefixes = {base}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.sender.test
mydestination =
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
biff = no
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = sender.test, ok.test
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
transport_maps = inline:{{ {routes} }}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_error_sleep_time = 0
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
delay_warning_time = 2s
maximal_queue_lifetime = 4s
bounce_queue_lifetime = 4s
"""
SECOND = (
    "127.0.0.1:{port} inet n - n - - smtpd -o myhostname=mx.remote.test "
    "-o smtpd_recipient_restrictions=check_recipient_access,regexp:{base}/conf/refusals,permit_mynetworks,reject\n"
)


@dataclass(frozen=True)
class Relay:
    """A running Postfix that takes mail on `port`; `reports` is the Maildir that its reports come into."""

    base: Path
    port: int

    host = "localhost"

    @property
    def reports(self) -> Path:
        return self.base / "mail" / "all"

    def log(self) -> str:
        return (self.base / "mail.log").read_text(errors="replace")


@contextmanager
def relaying(base: Path) -> Iterator[Relay]:
    """Such a Postfix in `base`, which must be readable by the user postfix."""
    relay, second = Relay(base, free_port()), free_port()
    _write(relay, second)
    conf = str(base / "conf")
    subprocess.run(["postfix", "-c", conf, "start"], check=True, capture_output=True)
    try:
        for port in (relay.port, second):
            assert wait_until(partial(_listens, port), PATIENCE), relay.log()
        yield relay
    finally:
        subprocess.run(["postfix", "-c", conf, "stop"], check=False, capture_output=True)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), 2):
        return True
    return False


def _write(relay: Relay, second: int) -> None:
    base, owner = relay.base, pwd.getpwnam("postfix")
    for name in ("conf", "spool", "data", "mail"):
        (base / name).mkdir(mode=0o755)
    for name in ("data", "mail"):
        os.chown(base / name, owner.pw_uid, owner.pw_gid)
    rows = (f"/@{domain.replace('.', '[.]')}$/ {answer}\n" for domain, answer in REFUSALS.items())
    (base / "conf" / "refusals").write_text("".join(rows))
    routes = " ".join(f"{{ {domain} = smtp:[127.0.0.1]:{second} }}" for domain in REFUSALS)
    main = MAIN.format(base=base, uid=owner.pw_uid, gid=owner.pw_gid, routes=routes)
    (base / "conf" / "main.cf").write_text(main)
    first = f"127.0.0.1:{relay.port} inet n - n - - smtpd\n" + SECOND.format(port=second, base=base)
    _, _, parts = MASTER.partition("pickup ")
    (base / "conf" / "master.cf").write_text(f"{first}pickup {parts}")
