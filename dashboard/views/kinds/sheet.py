"""What a page about one kind of advice is made of, beside the figures that every kind has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.view import View


@dataclass(frozen=True)
class Sheet:
    """One kind of advice as its page presents it. Texts are Markdown.

    Attributes:
        kind: As the marts name it.
        title: Heading of the page.
        flagged: What is flagged, and why it costs money.
        details: Headings and paragraphs of what a reader looks up: how the saving is computed, and so on.
        draw: What draws its charts; only called where the filters select a row of the kind.
    """

    kind: str
    title: str
    flagged: str
    details: tuple[tuple[str, str], ...]
    draw: Callable[[View], None]
