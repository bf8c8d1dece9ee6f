"""Measure the dashboard in a real browser: what a reader waits for, with few tables and with many.

`make bench` does not run it: it needs a Chromium and the demo. `python -m benchmarks.dashboard` after
`make demo` prints a table; each time is from the reader's act until what it asked for is on the screen.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from playwright.sync_api import Locator, Page, expect

from benchmarks.multiplied import multiply
from optima.published import connect, current
from optima.workspace import Workspace
from tests.dashboard.browsers import browsing, served

# Pages by their heading; the address of the overview is the root.
PAGES = ("Capacity", "Table class", "Utilisation", "Decisions", "Bill", "Commitments", "Overview")
_TABLE = "price-history"
_DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
_WAIT_MILLISECONDS = 120_000


@dataclass
class Stopwatch:
    """The seconds of every act, by name, in the order of the first time."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def time(self, act: str) -> Iterator[None]:
        """Take the time of what is done inside."""
        started = time.perf_counter()
        yield
        self.seconds.setdefault(act, []).append(time.perf_counter() - started)


def main(
    demo: Annotated[Path, typer.Option(help="Workspace of the demo.")] = Path("demo"),
    copies: Annotated[int, typer.Option(min=2, help="How often the demo's tables are repeated.")] = 167,
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is done.")] = 3,
    many: Annotated[
        Path | None, typer.Option(help="Keep the many tables there, and use those that lie there already.")
    ] = None,
) -> None:
    """Take the times of one reader with the demo's tables and with `copies` times as many; print both."""
    with tempfile.TemporaryDirectory() as scratch:
        few = Path(scratch) / "few"
        shutil.copytree(demo, few)
        large = many or Path(scratch) / "many"
        if not (large / "data" / "current").exists():
            multiply(current(Workspace.at(demo)), Workspace.at(large), copies)
        results = {_size(root): measure(root, rounds) for root in (few, large)}
    sizes = list(results)
    print(f"{'median of ' + str(rounds):44}" + "".join(f"{size:>16}" for size in sizes))
    for act in results[sizes[0]]:
        print(f"{act:44}" + "".join(f"{statistics.median(results[size][act]):14.2f} s" for size in sizes))


def measure(root: Path, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every act, once for each round; each round is a reader with a new tab."""
    watch = Stopwatch()
    with browsing() as browser, served(root) as address:
        for number in range(rounds + 1):
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.set_default_timeout(_WAIT_MILLISECONDS)
            expect.set_options(timeout=_WAIT_MILLISECONDS)
            # The first reader waits for what the server imports and compiles once.
            _look_around(page, address, watch if number else Stopwatch(), number)
            if not number:
                print(f"{_size(root)}: the server's first reader has looked around", flush=True)
            page.close()
    return watch.seconds


def _look_around(page: Page, address: str, watch: Stopwatch, number: int) -> None:
    with watch.time("first paint of the overview"):
        page.goto(address)
        expect(page.get_by_text("Best plans save a month")).to_be_visible()
    with watch.time("overview complete"):
        _drawn(page)
    for title in PAGES:
        with watch.time(f"go to {title}"):
            page.get_by_role("link", name=title, exact=True).click()
            expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
            _drawn(page)
    # Another pattern each time, which no cache knows.
    with watch.time("filter by a regular expression"):
        box = page.get_by_role("textbox", name="Table name (regular expression)")
        box.fill(f"^price-h.*y$|^never-{number}$")
        _changed(page, lambda: page.keyboard.press("Enter"))
    with watch.time("open a table"):
        page.get_by_test_id("stMain").get_by_role("link", name=_TABLE).first.click()
        expect(page.get_by_role("heading", name=_TABLE, level=1)).to_be_visible()
        _drawn(page)
    with watch.time("its demand by the hour"):
        page.get_by_role("tab", name="Demand").click()
        expect(page.get_by_text("consumed: mean of the hour")).to_be_visible()
        _drawn(page)
    with watch.time("the minutes of a day"):
        page.get_by_text("Minutes of a day", exact=True).click()
        expect(page.get_by_text("consumed: of the minute")).to_be_visible()
        _drawn(page)
    with watch.time("what if"):
        page.get_by_role("tab", name="What if").click()
        expect(page.get_by_role("slider").first).to_be_visible()
        _drawn(page)
    with watch.time("move a target"):
        _changed(page, lambda: page.get_by_role("slider").first.press("ArrowLeft"))
    for act in ("Accept", "Reopen"):
        with watch.time(f"{act.lower()} its plan"):
            _changed(page, _button(page, act).click)


def _button(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("button", name=name, exact=True).first


def _changed(page: Page, act: Callable[[], None]) -> None:
    """Act, and wait until the figures or the status that the page shows are others."""
    main = page.get_by_test_id("stMain")
    before = main.inner_text()
    act()
    expect(main).not_to_have_text(before, use_inner_text=True)
    _drawn(page)


def _drawn(page: Page) -> None:
    expect(page.locator(_DRAWN)).to_be_visible()


def _size(root: Path) -> str:
    with connect(root) as connection:
        ((tables,),) = connection.execute("select count(*) from dim_tables").fetchall()
    return f"{tables:,} tables"


if __name__ == "__main__":
    typer.run(main)
