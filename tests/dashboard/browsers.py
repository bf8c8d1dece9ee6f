"""Where this machine has a browser."""

from __future__ import annotations

import shutil

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """Return the path of a Chromium on this machine."""
    return next((path for name in _BROWSERS if (path := shutil.which(name))), None)
