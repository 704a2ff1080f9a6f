"""What does the HTTP counterpart do to all its requests until it is told otherwise?

`behave(folder, HttpStanding(Answer(503, headers={"Retry-After": "7"})))` tells it from any process (see
`behaviour_file.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Literal

from sandbox.http_behaviour import Act, Answer, Fault, Huge, Trickle
from sandbox.http_request import Request


@dataclass(frozen=True)
class HttpStanding:
    """Does this to every request.

    share: 0 to 1, of the keys; the same key always meets the same. asks: "well" spares look-ups, which are GETs.
    """

    act: Act
    share: float = 1.0
    asks: Literal["well", "same"] = "well"

    @property
    def told(self) -> Mapping[str, object]:
        """As `behaviour.json` says it."""
        return {**_told(self.act), "share": self.share, "asks": self.asks}

    def meets(self, head: Request) -> bool:
        """True when this request is among those it is done to."""
        if self.asks == "well" and head.method == "GET":
            return False
        return self.share >= 1 or _place(head.key or "") < self.share


def standing_of(told: Mapping[str, Any]) -> HttpStanding:
    """The behaviour that `behaviour.json` says."""
    asks = told.get("asks", "well")
    if asks not in {"well", "same"}:
        raise ValueError(f'asks is "well" or "same", not {asks!r}')
    return HttpStanding(ACTS[told["act"]](told), float(told.get("share", 1)), asks)


def _answer(told: Mapping[str, Any]) -> Answer:
    body = told.get("body", "").encode("utf-8", "surrogateescape")
    return Answer(int(told["status"]), body, dict(told.get("headers", {})), told.get("taken"))


def _trickle(told: Mapping[str, Any]) -> Trickle:
    pause = Trickle.pause if "pause_ms" not in told else timedelta(milliseconds=told["pause_ms"])
    return Trickle(told.get("part", Trickle.part), pause, told.get("endless", Trickle.endless))


def _huge(told: Mapping[str, Any]) -> Huge:
    return Huge(int(told.get("size_bytes", Huge.size_bytes)))


def _fault(told: Mapping[str, Any]) -> Fault:
    return Fault[told["act"].upper()]


# "act" in the file -> what makes it of the file's other fields.
ACTS: Mapping[str, Callable[[Mapping[str, Any]], Act]] = {
    "answer": _answer,
    "trickle": _trickle,
    "huge": _huge,
    **{fault.word: _fault for fault in Fault},
}


def _told(act: Act) -> dict[str, object]:
    match act:
        case Answer(status, body, headers, taken):
            text = body.decode("utf-8", "surrogateescape")  # garbage too comes back as it was
            return {"act": "answer", "status": status, "body": text, "headers": dict(headers), "taken": taken}
        case Trickle(part, pause, endless):
            return {"act": "trickle", "part": part, "pause_ms": pause / timedelta(milliseconds=1), "endless": endless}
        case Huge(size_bytes):
            return {"act": "huge", "size_bytes": size_bytes}
        case Fault():
            return {"act": act.word}


def _place(key: str) -> float:
    """Where the key stands between 0 and 1, the same in every process."""
    return int.from_bytes(sha256(key.encode()).digest()[:6]) / 2**48
