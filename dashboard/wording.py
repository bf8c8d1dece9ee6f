"""How the pages say things: names of kinds, settings, ages, Markdown. Pure functions, no Streamlit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from optima import wording
from optima.wording import counted

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$<>:])")


def kind_name(kind: str) -> str:
    """Name a kind of recommendation as the pages do: `capacity_mode` is `Capacity mode`."""
    return wording.kind_name(kind).capitalize()


def age(then: datetime, now: datetime) -> str:
    """Say how long ago `then` was, in the largest unit that leaves at least two, else the next smaller one.

    Both are UTC without a zone. A moment in the future, after a clock was set back, reads `just now`.
    """
    seconds = (now - then).total_seconds()
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size or (unit == "minute" and seconds >= size):
            return f"{counted(int(seconds // size), unit)} ago"
    return "just now"


def instant(moment: datetime) -> str:
    """Write a UTC instant to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def percent(ratio: float) -> str:
    """Write a ratio as a percentage, never rounded up to a full 100 %."""
    tenths = int(ratio * 1_000 + 1e-9)
    return f"{tenths / 10:.1f} %"


def literal(text: str) -> str:
    """Escape text so that Markdown shows it as it is: names may hold its special characters."""
    return _MARKDOWN.sub(r"\\\1", text)


def setting(text: str | None) -> str:
    """Put a setting, JSON as the marts hold it, into a few words: `Provisioned · reads 1–200 at 70 %`."""
    return wording.setting(json.loads(text)) if text else ""


def settings(texts: Iterable[Any]) -> list[str]:
    """Put a column of settings into words; pandas has something else than text where there is none."""
    return [setting(text if isinstance(text, str) else None) for text in texts]
