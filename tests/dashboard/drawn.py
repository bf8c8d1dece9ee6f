"""What stands in the short tables and charts of a page, as a reader sees it."""

from __future__ import annotations

import re
from io import BytesIO

import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest

# Markdown's escapes, the bold of totals, and what keeps a sign with its amount.
_MARKS = re.compile(r"\\(?=\W)|\*\*|\u2060")


def grid(page: AppTest, alt: str) -> list[tuple[str, ...]]:
    """Return the cells of the short table with this description, without its headings."""
    (found,) = [table.proto for table in page.table if table.proto.alt == alt]
    shown = pa.ipc.open_stream(BytesIO(found.arrow_data.styler.display_values)).read_pandas()
    return [tuple(_MARKS.sub("", cell) for cell in row) for row in shown.itertuples(index=False)]


def grids(page: AppTest) -> list[str]:
    """Return the descriptions of the short tables."""
    return [table.proto.alt for table in page.table]


def charts(page: AppTest) -> list[str]:
    """Return the descriptions of the charts."""
    return [chart.proto.alt for chart in page.get("vega_lite_chart")]


def rows(page: AppTest, alt: str, column: str) -> pd.DataFrame:
    """Return the rows that the chart with this description draws; of several sets, the one with a column."""
    (found,) = [chart.proto for chart in page.get("vega_lite_chart") if chart.proto.alt == alt]
    sets = [pa.ipc.open_stream(BytesIO(each.data.data)).read_pandas() for each in found.datasets]
    return max((each for each in sets if column in each), key=len)
