"""How a load says where it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by a load how much there is to do and what has been done."""

    def total(self, units: int) -> None:
        """Set how many units of work the load has. Called again when more turn up."""

    def advance(self, units: int = 1, note: str = "") -> None:
        """Count units as done; `note` names the last of them."""


class Silent:
    """Progress that nobody watches."""

    def total(self, units: int) -> None:
        """Do nothing."""

    def advance(self, units: int = 1, note: str = "") -> None:
        """Do nothing."""
