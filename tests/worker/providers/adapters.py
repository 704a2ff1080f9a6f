"""Which adapters are put through the suite, and with what sends?

A new adapter is one line in ADAPTERS; one that speaks HTTP one in OVER_HTTP as well.
"""

import json
import os
import struct
from pathlib import Path

from sandbox.http_behaviour import Answer
from sandbox.invoice_xml import invoice_xml
from tests.worker.providers.contract import SECRET, SHORT, Make
from worker.drop_sftp import SftpDrop, SftpServer
from worker.providers.abillify import Abillify
from worker.providers.acumulus import Acumulus
from worker.providers.acumulus_request import Contract as AcumulusContract
from worker.providers.as4_gateway import As4Gateway
from worker.providers.farpay import FarPay
from worker.providers.gatewayapi import GatewayApi
from worker.providers.http_json import HttpJson
from worker.providers.ipp import Ipp
from worker.providers.kannel import Kannel
from worker.providers.port import Document
from worker.providers.saphety import Saphety
from worker.providers.sftp import Sftp
from worker.providers.smtp import Smtp
from worker.providers.twilio import Twilio

DOCUMENT = "fc5e547d-8537-4e05-97d5-1159c62efd6f"  # a GUID, as SIN's ids are

NOBODY = Path(os.devnull)  # known_hosts: no server's key is known
# name -> an adapter for a host and port, with a secret and with a limit for each call
ADAPTERS: dict[str, Make] = {
    "smtp": lambda host, port, limit=SHORT: Smtp(
        host=host,
        port=port,
        tls="none",
        sender="billing@shop.test",
        user="shop",
        password=SECRET,
        command_limit=limit,
        final_dot_limit=limit,
    ),
    "smtp with starttls": lambda host, port, limit=SHORT: Smtp(
        host=host, port=port, sender="billing@shop.test", password=SECRET, command_limit=limit, final_dot_limit=limit
    ),
    "smtp with implicit tls": lambda host, port, limit=SHORT: Smtp(
        host=host,
        port=port,
        tls="implicit",
        sender="billing@shop.test",
        password=SECRET,
        command_limit=limit,
        final_dot_limit=limit,
    ),
    "http": lambda host, port, limit=SHORT: HttpJson(url=f"http://{host}:{port}/", bearer=SECRET, total_limit=limit),
    "kannel": lambda host, port, limit=SHORT: Kannel(
        url=f"http://{host}:{port}/cgi-bin/sendsms", user="shop", password=SECRET, sender="Acme", total_limit=limit
    ),
    "gatewayapi": lambda host, port, limit=SHORT: GatewayApi(
        url=f"http://{host}:{port}/rest/mtsms", token=SECRET, sender="Acme", total_limit=limit
    ),
    "twilio": lambda host, port, limit=SHORT: Twilio(
        url=f"http://{host}:{port}", sid="AC1", token=SECRET, sender="Acme", total_limit=limit
    ),
    "https": lambda host, port, limit=SHORT: HttpJson(url=f"https://{host}:{port}/", bearer=SECRET, total_limit=limit),
    "as4": lambda host, port, limit=SHORT: As4Gateway(
        url=f"http://{host}:{port}", sender="0184:DK12345674", country="DK", token=SECRET, total_limit=limit
    ),
    "abillify": lambda host, port, limit=SHORT: Abillify(
        url=f"http://{host}:{port}/api", user="shop", password=SECRET, total_limit=limit
    ),
    "acumulus": lambda host, port, limit=SHORT: Acumulus(
        contract=AcumulusContract("1", "shop", SECRET), url=f"http://{host}:{port}/acumulus/stable", total_limit=limit
    ),
    "farpay": lambda host, port, limit=SHORT: FarPay(url=f"http://{host}:{port}/v2", key=SECRET, total_limit=limit),
    "sftp": lambda host, port, limit=SHORT: Sftp(
        drop=SftpDrop(SftpServer(host, port, "shop", NOBODY, password=SECRET), ".", limit), call_limit=limit
    ),
    "ipp": lambda host, port, limit=SHORT: Ipp(
        uri=f"ipp://{host}:{port}/ipp/print", user="shop", password=SECRET, call_limit=limit, print_limit=limit
    ),
    "saphety": lambda host, port, limit=SHORT: Saphety(
        url=f"http://{host}:{port}/Dcn.Sandbox.WebApi", user="shop", password=SECRET, total_limit=limit
    ),
}


XML = {"channel": "xml", "to_address": "5790000435975", "document": Document("1.xml", "application/xml", invoice_xml())}
# name -> what its send has otherwise than the usual
JOBS: dict[str, dict[str, object]] = {
    "as4": XML,
    "acumulus": {"reference": "a" * 32},
    "saphety": {"reference": DOCUMENT},
}


def _said(data: object) -> Answer:
    """SIN's yes."""
    fields = {"CorrelationId": None, "IsValid": True, "Errors": [], "Data": data}
    return Answer(200, json.dumps(fields).encode())


PRINTER_OK = Answer(
    200,
    struct.pack(">BBhi", 2, 0, 0, 1) + b"\x01\x47\x00\x12attributes-charset\x00\x05utf-8\x03",
    {"content-type": "application/ipp"},
)
TOKEN = f"token-{SECRET}"  # a login's, as secret as what it was given for
# name of an adapter that speaks HTTP -> the answers that bring one send to its last call, in their order
OVER_HTTP: dict[str, tuple[Answer, ...]] = {
    "http": (),
    "kannel": (),
    "gatewayapi": (),
    "twilio": (),
    "as4": (),
    "abillify": (),
    "acumulus": (),
    "farpay": (),
    "ipp": (PRINTER_OK,) * 3,  # may it be printed, and is it there: at work, or out?
    "saphety": (_said(TOKEN), _said({"Id": DOCUMENT, "NotificationStatus": "NoEmails"})),
}
