"""What people do with the dashboard, in a real browser, on the demo served as the command line serves it."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from browsers import browsing, served
from playwright.sync_api import Browser, Locator, Page, expect
from published_marts import organisation, publish

from optima import decisions, minutes, published
from optima.wording import usd
from optima.workspace import Workspace

if TYPE_CHECKING:
    from demo_run import Demo

pytestmark = pytest.mark.browser

_WAIT_MILLISECONDS = 30_000
_TABLE = "price-history"


@pytest.fixture(scope="module")
def shown(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, where decisions may be taken."""
    return demo.copy(tmp_path_factory.mktemp("browsed"))


@pytest.fixture(scope="module")
def address(shown: Demo) -> Iterator[str]:
    """Serve the demo on a free port of this machine."""
    with served(shown.workspace) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab that must not ask anything of another machine."""
    tab = browser.new_page(viewport={"width": 1400, "height": 1000})
    tab.set_default_timeout(_WAIT_MILLISECONDS)
    expect.set_options(timeout=_WAIT_MILLISECONDS)
    asked: set[str | None] = set()
    tab.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    yield tab
    tab.close()
    assert asked - {None} == {"127.0.0.1"}


def figure(page: Page, label: str) -> Locator:
    """Return the value of the metric with a label."""
    metric = page.get_by_test_id("stMetric").filter(has=page.get_by_text(label, exact=True))
    return metric.get_by_test_id("stMetricValue")


def saved(shown: Demo, condition: str = "true") -> str:
    """Return what the best plans save a month, of tables for which a condition holds."""
    (row,) = shown.rows(f"select sum(monthly_savings_usd) as usd from best_plans where {condition}")
    return usd(row["usd"])


def find(page: Page, pattern: str) -> None:
    """Filter by a regular expression of the table's name."""
    page.get_by_role("textbox", name="Table name (regular expression)").fill(pattern)
    page.keyboard.press("Enter")


def go_to(page: Page, title: str) -> None:
    """Go to another page by the navigation."""
    page.get_by_role("link", name=title, exact=True).click()
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def settle(page: Page) -> None:
    """Wait until nothing is being drawn."""
    expect(page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_visible()


def test_open_and_read_the_total(page: Page, address: str, shown: Demo) -> None:
    page.goto(address)
    expect(figure(page, "Best plans save a month")).to_have_text(saved(shown))


def test_find_tables_by_a_regular_expression_and_download_what_is_left(
    page: Page, address: str, shown: Demo
) -> None:
    page.goto(address)
    find(page, "^(staging|legacy)-")
    found = "regexp_matches(table_name, '^(staging|legacy)-')"
    expect(figure(page, "Best plans save a month")).to_have_text(saved(shown, found))
    expect(page).to_have_url(re.compile(r"[?&]table="))
    settle(page)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Export as CSV").click()
    exported = list(csv.DictReader(io.StringIO(downloading.value.path().read_text())))
    expected = shown.rows(f"select * from recommendations where advice = 'change' and {found}")
    assert {row["recommendation_id"] for row in exported} == {row["recommendation_id"] for row in expected}
    go_to(page, "Utilisation")
    expect(page).to_have_url(re.compile(r"/utilisation\?.*table="))


def test_a_pattern_that_is_none_is_said_and_hides_the_figures(page: Page, address: str) -> None:
    page.goto(address)
    find(page, "prod-(")
    expect(page.get_by_text("Not a valid regular expression: missing ): prod-(")).to_be_visible()
    expect(page.get_by_test_id("stMetric")).to_have_count(0)


def test_drill_down_from_the_total_to_one_minute(page: Page, address: str, shown: Demo) -> None:
    page.goto(address)
    page.get_by_test_id("stMain").get_by_role("link", name=re.compile(f"^{_TABLE}")).first.click()
    expect(page.get_by_role("heading", name=_TABLE, level=1)).to_be_visible()
    page.get_by_role("tab", name="Demand").click()
    page.get_by_text("Minutes of a day", exact=True).click()
    expect(page.get_by_text(re.compile("consumed: of the minute"))).to_be_visible()
    settle(page)
    label, value = read_off(page)
    assert value == pytest.approx(reads_of(shown, label), abs=0.005)


def read_off(page: Page) -> tuple[str, float]:
    """Point at the middle of the curve of demand, and return the minute and the units a second it says."""
    curve = page.get_by_test_id("stVegaLiteChart").first.locator("canvas, svg").first
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.locator("#vg-tooltip-element")
    expect(tip).to_be_visible()
    found = {
        row.locator("td.key").inner_text(): row.locator("td.value").inner_text()
        for row in tip.locator("tr").all()
    }
    instant = next(text for text in found.values() if re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d", text))
    consumed = next(text for name, text in found.items() if "onsumed" in name)
    return instant, float(re.sub(r"[^\d.]", "", consumed))


def reads_of(shown: Demo, label: str) -> float:
    """Return the reads a second of the table in the minute with a label, as the build's minutes have them."""
    build = published.current(Workspace.at(shown.workspace))
    (place,) = shown.rows(f"select account_id, region from dim_tables where table_name = '{_TABLE}'")
    day, clock = label[:10], label[11:16]
    rows = minutes.read(build, place["account_id"], place["region"], _TABLE, [date.fromisoformat(day)])
    found: float = rows["reads"][0].as_py()[int(clock[:2]) * 60 + int(clock[3:])]
    return found


def test_lower_the_target_and_see_the_cost_rise_until_the_best_plan_is_asked_for_again(
    page: Page, address: str, shown: Demo
) -> None:
    (plan,) = shown.rows(f"select * from best_plans where table_name = '{_TABLE}'")
    page.goto(f"{address}/table?at={plan['account_id']}/{plan['region']}/{_TABLE}&tab=What+if")
    cost, planned = figure(page, "Costs a month"), plan["projected_monthly_cost_usd"]
    expect(cost).to_have_text(usd(planned))
    page.get_by_role("slider").first.press("ArrowLeft")
    expect(cost).not_to_have_text(usd(planned))
    assert Decimal(re.sub(r"[$,]", "", cost.inner_text())) > planned
    page.get_by_role("button", name="Best plan", exact=True).click()
    expect(cost).to_have_text(usd(planned))


def test_accept_a_plan_and_see_it_counted(page: Page, address: str, shown: Demo) -> None:
    (place,) = shown.rows(f"select * from best_plans where table_name = '{_TABLE}'")
    page.goto(f"{address}/table?at={place['account_id']}/{place['region']}/{_TABLE}")
    page.get_by_test_id("stMain").get_by_role("button", name="Accept", exact=True).first.click()
    expect(page.get_by_text(re.compile("Accepted 1 recommendation"))).to_be_visible()
    go_to(page, "Overview")
    expect(figure(page, "Accepted")).to_have_text(usd(place["monthly_savings_usd"]))
    (line,) = (shown.workspace / "data" / "decisions.jsonl").read_text().splitlines()
    assert json.loads(line)["recommendation_id"] == place["recommendation_id"]
    assert json.loads(line)["status"] == decisions.ACCEPTED


def test_an_open_page_shows_a_new_build_by_itself(page: Page, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    publish(tmp_path, organisation(now - timedelta(hours=4)), now - timedelta(hours=3))
    with served(tmp_path) as address:
        page.goto(address)
        expect(figure(page, "Best plans save a month")).to_have_text("$2,019.39")
        made = organisation(now)
        made.recommend("best_plan", "test-events", ("100.00", "40.00"), index_name="another")
        publish(tmp_path, made, now)
        expect(figure(page, "Best plans save a month")).to_have_text("$2,079.39")
