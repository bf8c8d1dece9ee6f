"""What Streamlit is told: nobody else is served, nothing is reported, and colours can be told apart."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import dashboard
from optima.cli import gui

_CONFIG = tomllib.loads(Path(dashboard.__file__).with_name(".streamlit").joinpath("config.toml").read_text())
# Streamlit's own, which the page keeps.
_BACKGROUNDS = {"light": "#ffffff", "dark": "#171614"}
# WCAG 2.2, success criterion 1.4.11: parts of graphics that are needed to understand them.
_LEAST_CONTRAST = 3.0
# And 1.4.3: text.
_LEAST_CONTRAST_OF_TEXT = 4.5


def luminance(colour: str) -> float:
    """Return the relative luminance of `#rrggbb`, as WCAG defines it."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(colour: str, background: str) -> float:
    """Return how much lighter one colour is than the other, as WCAG defines it: 1 to 21."""
    darker, lighter = sorted((luminance(colour), luminance(background)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("background", _BACKGROUNDS.values(), ids=_BACKGROUNDS.keys())
@pytest.mark.parametrize("colour", _CONFIG["theme"]["chartCategoricalColors"])
def test_colours_of_charts_stand_out_in_both_themes(colour: str, background: str) -> None:
    assert contrast(colour, background) >= _LEAST_CONTRAST


@pytest.mark.parametrize("name", gui.DARK)
def test_text_can_be_read_in_the_dark_theme(name: str) -> None:
    assert contrast(gui.DARK[name], _BACKGROUNDS["dark"]) >= _LEAST_CONTRAST_OF_TEXT


def test_legends_have_the_colours_of_the_bars() -> None:
    theme = _CONFIG["theme"]
    named = [theme[f"{name}TextColor"] for name in ("blue", "orange", "green", "violet", "gray")]
    assert named == theme["chartCategoricalColors"]


def test_only_this_machine_is_served_and_nothing_is_reported() -> None:
    assert _CONFIG["server"]["address"] == "127.0.0.1"
    assert _CONFIG["browser"]["gatherUsageStats"] is False
