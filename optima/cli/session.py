"""What a command works with: the workspace, its settings, the moment that counts as now, the way to AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optima import logs
from optima.workspace import Workspace

if TYPE_CHECKING:
    from loaders.aws import Access
    from loaders.pipeline import Warehouse
    from optima.settings import Settings


@dataclass(frozen=True)
class Session:
    """One command's run in one workspace. Settings are read when they are first needed; nothing is created.

    Attributes:
        command: What is run, as other processes are told.
        root: The workspace's folder.
        as_of: The instant that stands for now (UTC, no zone), None for the clock.
        given_settings: Settings in place of those of the environment and the workspace.
        given_options: The settings that options of the command gave.
    """

    command: str
    root: Path
    as_of: datetime | None = None
    verbose: bool = False
    debug: bool = False
    given_settings: Settings | None = None
    given_options: frozenset[str] = frozenset()

    @cached_property
    def settings(self) -> Settings:
        """The settings of the workspace."""
        return self.given_settings or self._load()

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace's paths."""
        return Workspace.at(self.root, self.settings.database_url)

    def given(self, **options: Any) -> Session:
        """Return this session with options in place of settings; an option that is None changes nothing."""
        names = frozenset(name for name, value in options.items() if value is not None)
        return replace(self, given_settings=self._load(**options), given_options=self.given_options | names)

    def _load(self, **options: Any) -> Settings:
        from optima.settings import load

        return load(self.root, log_level="DEBUG" if self.debug else None, **options)

    def start_log(self) -> None:
        """Log to the terminal where that was asked for, and nowhere else until the command writes."""
        logs.to_terminal(self.settings.log_level if self.verbose or self.debug else None)

    def now(self) -> datetime:
        """Return the instant that stands for now: UTC, no zone, whole seconds."""
        return self.as_of or datetime.now(UTC).replace(tzinfo=None, microsecond=0)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the workspace for a command that changes it: folders made, log open, warehouse in order.

        Raises:
            OptimaError: Another process writes to it, or it cannot be written to.
        """
        from optima import warehouse, writer

        with writer.writing(self.workspace, self.command):
            logs.to_file(self.workspace, self.settings.log_level)
            warehouse.check(self.workspace)
            yield

    def access(self) -> Access:
        """Return the way to AWS that the settings describe."""
        from loaders.aws import Access

        return Access(
            profile=self._profile(),
            region=self.settings.aws_region,
            use_organizations=self.settings.use_organizations,
            role_name=self.settings.organizations_role_name,
            external_id=self.settings.organizations_external_id,
            timeout_seconds=self.settings.aws_timeout_seconds,
            concurrency=self.settings.load_concurrency,
        )

    def _profile(self) -> str | None:
        """Return the profile that an option or the workspace insists on.

        AWS_PROFILE of the environment is left to boto3, which puts keys of the environment before it.
        """
        profile = self.settings.aws_profile
        is_of_environment = "aws_profile" not in self.given_options and profile == os.environ.get(
            "AWS_PROFILE"
        )
        return None if is_of_environment else profile

    def loading(self) -> Warehouse:
        """Return the warehouse as the loaders write it."""
        from loaders.pipeline import Warehouse

        return Warehouse(self.workspace.warehouse, self.workspace.loader_state)
