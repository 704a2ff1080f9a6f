"""How is a gateway called by https? Through a proxy, which has the certificate."""

import re
import ssl
from socket import create_connection
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from sandbox.ports import HOST
from tests.gateway.conftest import Served
from tests.worker.providers.conftest import Certificate


class Proxy(ThreadingTCPServer):
    """Takes TLS off and hands on, as what stands before a gateway does; closes after one answer."""

    def __init__(self, gateway: Served, certificate: Certificate) -> None:
        super().__init__((HOST, 0), Handing)
        self.gateway = urlsplit(gateway.url)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate.certificate, certificate.key)


class Handing(StreamRequestHandler):
    """One request, to the end of its body, and its answer."""

    def setup(self) -> None:
        assert isinstance(self.server, Proxy)
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        assert isinstance(self.server, Proxy)
        at = self.server.gateway
        head = b""
        for line in self.rfile:
            head += line
            if line == b"\r\n":
                break
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        body = self.rfile.read(int(length[1])) if length else b""
        with create_connection((at.hostname, at.port), timeout=30) as beyond:
            beyond.sendall(head.replace(b"keep-alive", b"close") + body)
            while piece := beyond.recv(65536):
                self.wfile.write(piece)

    def finish(self) -> None:
        super().finish()
        self.request.close()
