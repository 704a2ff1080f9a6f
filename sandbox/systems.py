"""How does a stack get the four invoice systems, each with a lane for e-mail and a counterpart that can be asked?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.farpay_counterpart import KEY
from sandbox.stack import READY_WITHIN, Stack

PASSWORD = "pass"  # noqa: S105 - a sandbox on loopback


@dataclass(frozen=True)
class System:
    """One of them. module: of its counterpart. fields: of its account, URL standing for the counterpart's address."""

    module: str
    fields: Mapping[str, str]


# lane and provider account -> what it is
SYSTEMS: Mapping[str, System] = {
    "farpay": System("sandbox.farpay_counterpart", {"URL": "URL/v2", "KEY": KEY}),
    "saphety": System("sandbox.saphety_counterpart", {"URL": "URL", "USER": "demo", "PASSWORD": PASSWORD}),
    "abillify": System("sandbox.abillify_counterpart", {"URL": "URL/api", "USER": "demo", "PASSWORD": PASSWORD}),
    "acumulus": System(
        "sandbox.acumulus_counterpart",
        {"URL": "URL/acumulus/stable", "CONTRACT_CODE": "288252", "USER": "demo", "PASSWORD": PASSWORD},
    ),
}


def start_systems(stack: Stack) -> dict[str, Path]:
    """Start the counterparts and describe an account and a lane for each; returns the folder of each one's ledger.

    Call it before any Celery program.
    """
    folders = {name: stack.folder / name for name in SYSTEMS}
    started = {
        name: stack.start(name, system.module, "--folder", str(folders[name])) for name, system in SYSTEMS.items()
    }
    for name, system in SYSTEMS.items():
        port = folders[name] / "port"
        started[name].wait_ready(port.exists, READY_WITHIN)
        url = f"http://127.0.0.1:{port.read_text().strip()}"
        account = {"KIND": name, **{field: value.replace("URL", url, 1) for field, value in system.fields.items()}}
        stack.settings = {
            **stack.settings,
            f"DUEPOST_LANES__{name.upper()}": f'{{"channel": "email", "provider": "{name}"}}',
            **{f"DUEPOST_PROVIDERS__{name.upper()}__{field}": value for field, value in account.items()},
        }
    return folders
