"""A reader with a pocket calculator, who works out again every line and total that `explain` prints."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction

_NUMBER = re.compile(r"[\d,]+(?:\.\d+)?")
_AMOUNT = re.compile(r"−?[\d,]+\.\d{4,}")


@dataclass
class Block:
    """One plan as it is printed: lines as label, arithmetic and amounts; the total; what is said below."""

    name: str
    lines: list[tuple[str, str, list[Fraction]]] = field(default_factory=list)
    places: int = 0
    totals: list[Fraction] = field(default_factory=list)
    cents: str = ""
    parts: str = ""
    verdict: str = ""


def blocks(text: str) -> list[Block]:
    """Return the plans of a printed explanation, in their order."""
    found: list[Block] = []
    for paragraph in text.split("\n\n"):
        name, *rows = paragraph.strip("\n").splitlines()
        if not rows or "Arithmetic" not in rows[0]:
            continue
        block = Block(name)
        for row in rows[1:]:
            cells = re.split(r"\s{2,}", row.strip())
            amounts = [cell for cell in cells if _AMOUNT.fullmatch(cell)]
            if cells[0].startswith("total"):
                block.cents, block.totals = cells[0], [value(amount) for amount in amounts]
                block.parts = next((cell for cell in cells if cell.startswith("storage ")), "")
            elif re.match(r"  \S", row) and cells[0][0] in "✓✗":
                block.verdict = row.strip()
            elif amounts:
                block.lines.append(
                    (cells[0], cells[-len(amounts) - 1], [value(amount) for amount in amounts])
                )
                block.places = len(amounts[0].rpartition(".")[2])
        found.append(block)
    return found


def value(text: str) -> Fraction:
    """Read a printed number."""
    return Fraction(text.replace(",", "").replace("−", "-"))


def worked_out(term: str) -> Fraction:
    """Work out one side of a printed equation, from left to right as × and ÷ bind, words left out."""
    bare = re.sub(r"\(.*?\)", "", term)
    total = Fraction(0)
    for sign, part in re.findall(r"(^|−)([^−]*)", bare):
        tokens = re.findall(r"[\d,]+(?:\.\d+)?|[×/]", part)
        product = value(tokens[0])
        for operator, factor in zip(tokens[1::2], tokens[2::2], strict=True):
            product = product * value(factor) if operator == "×" else product / value(factor)
        total += -product if sign == "−" else product
    return total


def near(text: str, exact: Fraction) -> bool:
    """Tell whether a printed number is the exact one, rounded to the decimals that are printed."""
    places = len(text.partition(".")[2])
    return abs(value(text) - exact) <= Fraction(1, 2 * 10**places)


def check(block: Block) -> None:
    """Work out every line and total of a plan again, from nothing but what is printed."""
    for label, arithmetic, amounts in block.lines:
        *derived, priced = arithmetic.split(" = ")
        paid = _NUMBER.match(priced)
        assert paid, (block.name, label, arithmetic)
        for term in derived:
            assert near(paid[0], worked_out(term)), (block.name, label, arithmetic)
        half = Fraction(1, 2 * 10**block.places)
        assert abs(worked_out(priced) - amounts[0]) <= half, (block.name, label, arithmetic)
    for column, total in enumerate(block.totals):
        assert sum(amounts[column] for _, _, amounts in block.lines) == total, block.name
    if not block.totals:
        assert block.cents == "total", "no total where a line is unknown"
        return
    assert near(block.cents.removeprefix("total $"), block.totals[0])
    if block.parts:
        storage, throughput = _AMOUNT.findall(block.parts)
        assert value(storage) + value(throughput) == block.totals[0], block.name
    if " (saves " in block.verdict or " (costs " in block.verdict:
        now, then, saved = map(value, _AMOUNT.findall(block.verdict)[:3])
        assert now - then == saved, block.verdict
