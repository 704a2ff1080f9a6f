"""Does every native operation keep what the OpenAPI document says of it, whatever it is asked?"""

import os
import subprocess
import sysconfig
from base64 import b64encode
from pathlib import Path

import pytest

from tests.gateway.conftest import MakeKey, Served
from tests.papers import PDF

ROOT = Path(__file__).parents[2]
EXAMPLES = "12"  # of an operation, beside those that try each edge of its schema
SECONDS = 240  # it takes some 25; a machine that does other things beside takes longer


@pytest.mark.timeout(SECONDS + 30)
def test_every_operation_keeps_to_its_document(gateway: Served, make_key: MakeKey, tmp_path: Path) -> None:
    """Schemathesis asks what is right and what is wrong, and looks at codes, types, schemas and keys."""
    key = make_key()
    row = {"InvoiceNumber": "1001", "Email": "a@example.com", "Document": {"Data": b64encode(PDF).decode()}}
    assert gateway.call("POST", "/v1/invoices", key, json=row).status_code == 201
    command = [
        str(Path(sysconfig.get_path("scripts")) / "schemathesis"),
        "run",
        f"{gateway.url}/openapi.json",
        *("--header", f"Authorization: Bearer {key}"),
        *("--phases", "examples,coverage,fuzzing,stateful"),
        *("--max-examples", EXAMPLES),
        *("--seed", "1"),
        "--generation-deterministic",
        "--continue-on-failure",
        "--no-color",
        *("--workers", "1"),
        # No schema tells which addresses, dates and documents are right.
        *("--exclude-checks", "positive_data_acceptance"),
        *("--request-timeout", "30"),
    ]
    environment = {
        **os.environ,
        "NO_PROXY": "*",
        "SCHEMATHESIS_HOOKS": "tests.gateway.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
    }
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stdout.replace(key, "KEY")[-20_000:] + ran.stderr[-2_000:]
