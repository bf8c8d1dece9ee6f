"""The dbt project is parsed once: what dbt made of it is read again for as long as no file of it changes.

dbt keeps what it parsed too, and parses everything anew as soon as any variable has another value, which
`as_of` has in every build: 13 CPU seconds against 0.3 (measured). Here no reference and no configuration of
a model depends on a variable, so that one parsing serves all values; they take effect as models are compiled.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# What dbt leaves in its target folder after parsing, and the copies kept of it, each of one fingerprint.
_PARSED = "partial_parse.msgpack"
_KEPT = "parsed-{}.msgpack"
# A wheel and a checkout may take turns.
_MOST_KEPT = 4
_FOLDERS = ("models", "macros", "seeds", "tests/data", "profiles")
_FILES = ("dbt_project.yml", "selectors.yml")
_PACKAGES = ("dbt-core", "dbt-duckdb")


def fingerprint(directory: Path) -> str:
    """Return what changes whenever a file of the dbt project in a folder does, or dbt itself."""
    digest = hashlib.sha256(str(directory).encode())
    for name in _PACKAGES:
        digest.update(f"{name} {version(name)}\n".encode())
    for path in _project_files(directory):
        found = path.stat()
        digest.update(f"{path.relative_to(directory)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _project_files(directory: Path) -> Iterator[Path]:
    yield from (directory / name for name in _FILES if (directory / name).exists())
    for folder in _FOLDERS:
        yield from sorted(path for path in (directory / folder).rglob("*") if path.is_file())


def folder(target: Path) -> Path:
    """Return where manifests are kept: OPTIMA_PARSED_DIR, which workspaces may share, else dbt's target."""
    return Path(os.environ.get("OPTIMA_PARSED_DIR") or target)


def kept(target: Path, parsed_from: str) -> Manifest | None:
    """Return the manifest of this fingerprint that an earlier run left; None: the project is to be parsed."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    path = folder(target) / _KEPT.format(parsed_from)
    try:
        return Manifest.from_msgpack(path.read_bytes(), decoder=extended_mashumuro_decoder)
    except Exception:  # whatever is wrong with the file, dbt parses the project then
        return None


def keep(target: Path, parsed_from: str) -> None:
    """Keep what dbt has parsed in the run that has ended, under a name that it takes on whole."""
    where = folder(target)
    where.mkdir(parents=True, exist_ok=True)
    partial = where / f"{os.getpid()}.partial"
    try:
        shutil.copyfile(target / _PARSED, partial)
    except FileNotFoundError:
        return
    partial.replace(where / _KEPT.format(parsed_from))
    newest_first = sorted(where.glob(_KEPT.format("*")), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest_first[_MOST_KEPT:]:
        path.unlink(missing_ok=True)
