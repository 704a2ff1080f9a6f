"""How is a real Postfix started for the tests: own folder, own ports, stopped and wiped afterwards?

Nothing of /etc/postfix, /var/spool/postfix or port 25 is touched. Needs root, as Postfix itself does. What a recipient
meets is in RECIPIENTS; ok.test and sender.test take everything.
"""

import grp
import mailbox
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

from sandbox.ports import free_port

STARTS_WITHIN = 20  # seconds
USER, PASSWORD = "shop", "s3cret-æøå"
# recipient -> what Postfix answers to RCPT
RECIPIENTS = {
    "busy@reject.test": "421 4.3.2 Service shutting down",
    "grey@reject.test": "450 4.2.0 Greylisted, see you later",
    "later@reject.test": "451 4.3.0 Mail system busy",
    "fullnow@reject.test": "452 4.2.2 Mailbox full",
    "nobody@reject.test": "550 5.1.1 No such user here",
    "full@reject.test": "552 5.2.2 Over quota",
    "spam@reject.test": "554 5.7.1 Message refused: looks like spam",
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
virtual_mailbox_domains = ok.test, sender.test, reject.test
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access regexp:{base}/conf/recipients, permit_mynetworks, reject
smtpd_tls_cert_file = {base}/conf/cert.pem
smtpd_tls_key_file = {base}/conf/key.pem
smtpd_tls_security_level = may
smtpd_sasl_path = smtpd
cyrus_sasl_config_path = {base}/conf/sasl
smtpd_sasl_local_domain = sender.test
smtpd_sasl_security_options = noanonymous
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 100
message_size_limit = 1000000
"""
# The login port takes nothing without AUTH.
LOGIN_ONLY = "-o smtpd_sasl_auth_enable=yes -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject"
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.0.1:{login_port} inet n - n - - smtpd {login_only}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running Postfix. `tls_port` speaks TLS from the start, `login_port` wants AUTH."""

    base: Path
    port: int
    tls_port: int
    login_port: int

    host = "localhost"

    def wait_for_mail(self, message_id: str) -> bytes:
        """The stored message. Raises: TimeoutError when it does not come."""
        end = monotonic() + 20
        while monotonic() < end:
            for message in self._stored():
                if message["Message-ID"] == message_id:
                    return message.as_bytes()
            Event().wait(0.05)
        raise TimeoutError(self.log())

    def log(self) -> str:
        return (self.base / "mail.log").read_text(errors="replace")

    def _stored(self) -> Iterator[mailbox.MaildirMessage]:
        folder = self.base / "mail" / "all"
        if all((folder / part).exists() for part in ("new", "cur", "tmp")):
            yield from mailbox.Maildir(folder, create=False)


def missing() -> str | None:
    """What the fixture lacks here, in a sentence; None when it can start."""
    if os.geteuid() != 0:
        return "Postfix starts as root only"
    if shutil.which("postfix") is None or shutil.which("saslpasswd2") is None:
        return "Postfix is not installed: apt-get install postfix sasl2-bin libsasl2-modules openssl"
    return None


@contextmanager
def running(base: Path, certificate: Path, key: Path) -> Iterator[Postfix]:
    """Postfix in `base`, which must be readable by the user postfix."""
    postfix = Postfix(base, free_port(), free_port(), free_port())
    _write(postfix, certificate, key)
    conf = str(base / "conf")
    subprocess.run(["postfix", "-c", conf, "start"], check=True, capture_output=True)
    try:
        for port in (postfix.port, postfix.tls_port, postfix.login_port):
            _wait_until_open(port)
        yield postfix
    finally:
        subprocess.run(["postfix", "-c", conf, "stop"], check=False, capture_output=True)


def _write(postfix: Postfix, certificate: Path, key: Path) -> None:
    base, owner = postfix.base, pwd.getpwnam("postfix")
    for name in ("conf", "spool", "data", "mail", "conf/sasl"):
        (base / name).mkdir(mode=0o755)
    for name in ("data", "mail"):
        os.chown(base / name, owner.pw_uid, owner.pw_gid)
    shutil.copy(certificate, base / "conf" / "cert.pem")
    shutil.copy(key, base / "conf" / "key.pem")
    rows = (f"/^{name.replace('.', '[.]')}$/ {answer}\n" for name, answer in RECIPIENTS.items())
    (base / "conf" / "recipients").write_text("".join(rows))
    accounts = base / "conf" / "sasl" / "sasldb2"
    (base / "conf" / "sasl" / "smtpd.conf").write_text(
        f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {accounts}\n"
    )
    saslpasswd = ["saslpasswd2", "-p", "-c", "-f", str(accounts), "-u", "sender.test", USER]
    subprocess.run(saslpasswd, input=PASSWORD.encode(), check=True, capture_output=True)
    os.chown(accounts, owner.pw_uid, grp.getgrnam("postfix").gr_gid)
    main = MAIN.format(base=base, uid=owner.pw_uid, gid=owner.pw_gid)
    (base / "conf" / "main.cf").write_text(main)
    ports = {"port": postfix.port, "tls_port": postfix.tls_port, "login_port": postfix.login_port}
    (base / "conf" / "master.cf").write_text(MASTER.format(login_only=LOGIN_ONLY, **ports))


def _wait_until_open(port: int) -> None:
    end = monotonic() + STARTS_WITHIN
    while monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 2):
            return
        Event().wait(0.05)
    raise TimeoutError(f"Postfix does not listen on {port}")
