"""Settings: option before environment before `.env` before default."""

from __future__ import annotations

from pathlib import Path

import pytest

from optima import settings
from optima.errors import OptimaError


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    found = settings.load(tmp_path).model_dump()
    assert found == {
        "aws_region": "us-east-1",
        "aws_profile": None,
        "aws_timeout_seconds": 60.0,
        "load_concurrency": 8,
        "use_organizations": False,
        "organizations_role_name": "MetricsCollectorRole",
        "organizations_external_id": None,
        "database_url": Path("data/optima.duckdb"),
        "database_pool_size": 10,
        "capacity_analysis_days": 14,
        "table_class_analysis_months": 1,
        "utilization_analysis_days": None,
        "autoscaling_target_utilization": None,
        "min_savings_threshold_usd": 10.0,
        "price_basis": "list",
        "cur_s3_bucket": None,
        "cur_s3_prefix": None,
        "cur_format": None,
        "optima_decided_by": None,
        "streamlit_server_port": 8501,
        "streamlit_theme": "light",
        "log_level": "INFO",
    }


def test_an_option_beats_the_environment_which_beats_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "CAPACITY_ANALYSIS_DAYS=7\nCUR_S3_BUCKET=from-file\n# a comment\nOTHER=1\n"
    )
    assert settings.load(tmp_path).capacity_analysis_days == 7
    monkeypatch.setenv("CAPACITY_ANALYSIS_DAYS", "21")
    assert settings.load(tmp_path, capacity_analysis_days=None).capacity_analysis_days == 21
    found = settings.load(tmp_path, capacity_analysis_days=28)
    assert (found.capacity_analysis_days, found.cur_s3_bucket) == (28, "from-file")


@pytest.mark.parametrize(
    ("name", "expected"), [("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1")]
)
def test_either_name_of_the_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: str
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv(name, "eu-west-1")
    assert settings.load(tmp_path).aws_region == expected


def test_an_empty_variable_was_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "")
    assert settings.load(tmp_path).aws_profile is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAPACITY_ANALYSIS_DAYS", "0"),
        ("TABLE_CLASS_ANALYSIS_MONTHS", "many"),
        ("AUTOSCALING_TARGET_UTILIZATION", "0.95"),
        ("MIN_SAVINGS_THRESHOLD_USD", "-1"),
        ("PRICE_BASIS", "gross"),
        ("CUR_FORMAT", "xlsx"),
        ("STREAMLIT_SERVER_PORT", "70000"),
        ("LOAD_CONCURRENCY", "0"),
        ("LOAD_CONCURRENCY", "65"),
        ("AWS_TIMEOUT_SECONDS", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("DATABASE_URL", "postgresql://user:hunter2@host/db"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(OptimaError, match=f"The setting {name} cannot be used") as error:
        settings.load(tmp_path)
    assert "hunter2" not in str(error.value)


def test_settings_of_nobody_read_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUR_S3_BUCKET", "somebody-elses")
    found = settings.defaults(use_organizations=True, capacity_analysis_days=3)
    assert (found.cur_s3_bucket, found.use_organizations, found.capacity_analysis_days) == (None, True, 3)
    assert found.aws_region == "us-east-1"
