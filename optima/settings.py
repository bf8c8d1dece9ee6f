"""Settings: a command's option, else the environment, else the workspace's `.env`, else a default."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from optima.errors import OptimaError


class Settings(BaseSettings):
    """Everything a user can set once for a workspace. A field in capitals is its environment variable."""

    model_config = SettingsConfigDict(
        extra="ignore", env_ignore_empty=True, frozen=True, populate_by_name=True, hide_input_in_errors=True
    )

    # ---- AWS ----
    aws_region: str = Field(
        "us-east-1",
        validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"),
        description="Region of the first call; the regions that hold tables are found from there.",
    )
    aws_profile: str | None = Field(
        None, description="Profile of the AWS configuration whose credentials are used."
    )
    aws_timeout_seconds: float = Field(
        60.0, ge=1, le=3600, description="Seconds to wait for an answer of AWS before a call is repeated."
    )
    load_concurrency: int = Field(
        8, ge=1, le=64, description="Accounts and regions that are read at the same time."
    )
    use_organizations: bool = Field(False, description="Read every account of the organisation.")
    organizations_role_name: str = Field(
        "MetricsCollectorRole", description="Role assumed in member accounts."
    )
    organizations_external_id: str | None = Field(
        None, description="External id that the role asks for, if any."
    )

    # ---- The warehouse ----
    database_url: Path = Field(
        Path("data/optima.duckdb"),
        description="The warehouse, a file; relative paths start at the workspace.",
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        description="Accepted for the sake of existing .env files; a DuckDB file has one writer, no pool.",
    )

    # ---- Analyses ----
    capacity_analysis_days: int = Field(14, ge=1, le=455, description="Days of demand that a build looks at.")
    table_class_analysis_months: int = Field(
        1, ge=1, le=12, description="Months of the billing export to analyse."
    )
    utilization_analysis_days: int | None = Field(
        None,
        ge=1,
        le=455,
        description="Days that analyze-utilization looks at. Unset: as the rest of the build.",
    )
    autoscaling_target_utilization: float | None = Field(
        None,
        ge=0.2,
        le=0.9,
        description="Fixes the target of advised policies. Unset: the cheapest safe one.",
    )
    min_savings_threshold_usd: float = Field(10.0, ge=0, description="USD a month that a change must save.")
    price_basis: Literal["list", "net", "amortized"] = Field(
        "list",
        description="What a unit is valued at: `list`, or what was billed for it, `net` or `amortized`.",
    )

    # ---- The billing export ----
    cur_s3_bucket: str | None = Field(
        None, description="Bucket of the billing export. Unset: found by itself."
    )
    cur_s3_prefix: str | None = Field(None, description="Prefix of the billing export in its bucket.")
    cur_format: Literal["parquet", "csv"] | None = Field(
        None, description="Read only exports in this format. Unset: the best there is."
    )

    # ---- Decisions ----
    optima_decided_by: str | None = Field(
        None, description="Who decides on recommendations. Unset: the operating system's user."
    )

    # ---- Dashboard and log ----
    streamlit_server_port: int = Field(
        8501, ge=1, le=65535, description="Port of the dashboard on this machine."
    )
    streamlit_theme: Literal["light", "dark"] = Field("light", description="Colours of the dashboard.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="What is logged."
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_a_file(cls, value: Path) -> Path:
        if ":" in value.as_posix().removeprefix(value.drive):
            raise ValueError("it must be the path of a file, such as data/optima.duckdb")
        return value


def load(root: Path, **options: Any) -> Settings:
    """Read the settings of the workspace at `root`; an option that is None was not given and decides nothing.

    Raises:
        OptimaError: A value cannot be used; the sentence names the variable, never the value.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(_env_file=root / ".env", _env_file_encoding="utf-8", **given)  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = str(first["loc"][0]).upper()
        reason = first["msg"].removeprefix("Value error, ")
        raise OptimaError(f"The setting {name} cannot be used: {reason}.") from error


def defaults(**values: Any) -> Settings:
    """Return settings that read neither the environment nor a file."""
    return Settings.model_construct(**values)
