"""What did one run of the release do?"""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Moved:
    """Counts; the text is a line for people."""

    sends: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    lost: int = 0
    held: int = 0
    failed_over: int = 0
    trouble: str | None = None

    def __str__(self) -> str:
        lanes = ", ".join(f"{lane} {count}" for lane, count in sorted(self.sends.items()))
        parts = [f"released {self.sends.total()} in {self.orders} orders" + (f" ({lanes})" if lanes else "")]
        parts += [f"{self.lost} of unknown outcome"] if self.lost else []
        parts += [f"{self.held} past their time"] if self.held else []
        parts += [f"{self.failed_over} to another lane"] if self.failed_over else []
        parts += [self.trouble] if self.trouble else []
        return " · ".join(parts)
