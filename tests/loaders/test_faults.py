"""The fault matrix: what fails now and then changes nothing; what fails for good is said, and not lost."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fault_matrix import END, LOADERS, Loader, compare
from fault_table import RECORD
from loading import query, talk_to

from loaders import cloudwatch
from loaders.aws import Access
from loaders.errors import LoadError
from loaders.inventory.reader import PlaceReader
from loaders.pipeline import Warehouse
from loaders.report import LoadReport
from optima.sandbox import Fault, Sandbox, SandboxConfig, running
from optima.sandbox.faults import Kind

MANAGEMENT, SHOP, PAYMENTS = "123456789012", "012345678901", "111122223333"
ACCESS = Access(use_organizations=True)
HASTY = Access(use_organizations=True, timeout_seconds=0.5)
ANALYTICS = "222233334444"
INVENTORY, METRICS = LOADERS["inventory"], LOADERS["metrics"]
# One member of the organisation always denies its role.
UNDISTURBED = {"inventory": "complete but for 1 account"}


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with running(SandboxConfig(end=END, accounts=3, tables=13, days=2)) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def undisturbed(served: Sandbox, declared_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with warehouses as they are without faults: before and after the inventory, and after all."""
    folder = tmp_path_factory.mktemp("undisturbed")
    warehouse = Warehouse(folder / "all.duckdb", folder / "state")
    shutil.copy(declared_file, warehouse.path)
    shutil.copy(declared_file, folder / "declared.duckdb")
    with pytest.MonkeyPatch.context() as monkeypatch:
        talk_to(served, monkeypatch)
        for loader in LOADERS.values():
            report = loader.load(warehouse, ACCESS)
            assert report.outcome == UNDISTURBED.get(loader.name, "complete")
            if loader is INVENTORY:
                shutil.copy(warehouse.path, folder / "inventoried.duckdb")
    return folder


@pytest.fixture
def sandbox(served: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The organisation; faults end with the test. Loads repeat calls as often as ever, but wait less."""
    talk_to(served, monkeypatch)
    monkeypatch.delenv("AWS_MAX_ATTEMPTS")
    sleep = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: sleep(min(seconds, 0.02)))
    yield served
    served.set_faults()


class Disturbed:
    """Loads into a copy of a warehouse while faults are set, and holds it to one that was loaded without.

    `hits` are the calls that the last load's faults hit, by their kind.
    """

    def __init__(
        self, sandbox: Sandbox, undisturbed: Path, folder: Path, record: Callable[[str, object], None]
    ):
        self.sandbox = sandbox
        self.warehouse = Warehouse(folder / "optima.duckdb", folder / "state")
        self.hits: dict[str, int] = {}
        self._undisturbed = undisturbed
        self._record = record

    def begin(self, stage: str) -> None:
        """Take a warehouse as it was: "declared", "inventoried" or "all"."""
        shutil.copy(self._undisturbed / f"{stage}.duckdb", self.warehouse.path)

    def load(self, loader: Loader, *faults: Fault, access: Access = ACCESS) -> LoadReport:
        """Load while faults are set, of which some hit."""
        self.sandbox.set_faults(*faults)
        try:
            return loader.load(self.warehouse, access)
        finally:
            self.hits = self.sandbox.faults_injected()
            self.sandbox.set_faults()
            assert self.hits or not faults

    def fails(self, loader: Loader, *faults: Fault, access: Access = ACCESS) -> str:
        """Load while faults are set that nothing can go around, and return the sentence it ends with."""
        with pytest.raises(LoadError) as failed:
            self.load(loader, *faults, access=access)
        sentence = str(failed.value)
        assert sentence.endswith(".")
        assert "\n" not in sentence
        return sentence

    def again(self, loader: Loader) -> str:
        """Load once more as if nothing had happened, and return the outcome."""
        return loader.load(self.warehouse, ACCESS).outcome

    def holds(self, loader: Loader, fault: str, outcome: str, where: str = "true") -> None:
        """Nothing is lost and nothing is there twice, as far as a condition reaches. Enters the matrix."""
        found = compare(self.warehouse, self._undisturbed / "all.duckdb", loader, where)
        hits = self.hits.get(fault.split()[0], sum(self.hits.values()))
        self._record(RECORD, (loader.name, fault, hits, outcome, found.rows, found.lost, found.surplus))
        assert (found.lost, found.surplus) == (0, 0)


@pytest.fixture
def disturbed(
    sandbox: Sandbox, undisturbed: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> Disturbed:
    return Disturbed(sandbox, undisturbed, tmp_path, record_property)


# Kinds that are set together, each at the rate of the case: what a load costs is mostly the warehouse's.
FAULTS: tuple[tuple[Kind, ...], ...] = (
    ("throttle", "error", "reset"),
    ("cut", "timeout", "repeated_token", "expired"),
)
# Of the kinds after which a series is asked for again, six times at most, one at a time.
OF_METRICS: tuple[tuple[Kind, ...], ...] = (
    ("throttle", "error", "reset", "partial"),
    ("cut", "timeout", "expired", "internal"),
    ("repeated_token",),
    ("missing",),
)
ALL: tuple[Kind, ...] = (*FAULTS[0], *FAULTS[1])
NOW_AND_THEN: list[tuple[str, float, tuple[Kind, ...]]] = [
    ("inventory", 0.05, ALL),
    *(("inventory", 0.2, kinds) for kinds in FAULTS),
    ("metrics", 0.05, (*ALL, "partial", "internal", "missing")),
    *(("metrics", 0.2, kinds) for kinds in OF_METRICS),
    *(("prices", 0.5, pair) for pair in (ALL[:2], ALL[2:4], ALL[4:6])),
    *(("bill", 0.3, kinds) for kinds in (ALL[:3], ("cut", "repeated_token", "timeout"))),
]


@pytest.mark.parametrize(
    ("name", "rate", "kinds"),
    NOW_AND_THEN,
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_what_fails_now_and_then_changes_nothing(
    disturbed: Disturbed, name: str, rate: float, kinds: tuple[Kind, ...]
) -> None:
    loader = LOADERS[name]
    disturbed.begin("inventoried" if loader is METRICS else "declared")
    faults = [Fault(kind, rate, seconds=0.8 if kind == "timeout" else None) for kind in kinds]
    report = disturbed.load(loader, *faults, access=HASTY if "timeout" in kinds else ACCESS)
    for kind in disturbed.hits:
        disturbed.holds(loader, f"{kind} {rate:.0%}", report.outcome)
    assert report.outcome == UNDISTURBED.get(name, "complete")


EVERY_LOADER = pytest.mark.parametrize("name", LOADERS)


@EVERY_LOADER
def test_a_clock_ten_minutes_off_ends_a_load_in_one_sentence(disturbed: Disturbed, name: str) -> None:
    disturbed.begin("all")
    sentence = disturbed.fails(LOADERS[name], Fault("skew", seconds=600))
    assert "This machine's clock is 10 minutes behind AWS's" in sentence
    disturbed.holds(LOADERS[name], "skew 600 s", "failed")


def test_a_clock_two_minutes_off_settles_by_that_of_aws(disturbed: Disturbed) -> None:
    disturbed.begin("inventoried")
    now = datetime.now(UTC).replace(tzinfo=None)

    def settled(seconds: float) -> datetime:
        disturbed.sandbox.set_faults(Fault("skew", seconds=seconds))
        cloudwatch.load(
            disturbed.warehouse,
            ACCESS,
            start=now - timedelta(hours=1),
            end=now + timedelta(hours=1),
            tables=["signups"],
            long_memory=False,
        )
        ((end,),) = query(disturbed.warehouse, "select max(span_end) from ops.collected_spans")
        assert isinstance(end, datetime)
        return end

    behind, ahead = settled(-120), settled(120)  # the later one second: what is known is not asked again
    assert timedelta(minutes=4) <= ahead - behind <= timedelta(minutes=6)
    assert ahead <= datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=1)


@pytest.mark.parametrize("name", ["inventory", "metrics"])
def test_a_load_ends_with_the_callers_credentials_and_loses_nothing(disturbed: Disturbed, name: str) -> None:
    loader = LOADERS[name]
    disturbed.begin("inventoried" if loader is METRICS else "declared")
    sentence = disturbed.fails(loader, Fault("expired", account_id=MANAGEMENT, operation="AssumeRole"))
    assert "credentials have expired: sign in again" in sentence
    assert disturbed.again(loader) == UNDISTURBED.get(name, "complete")
    disturbed.holds(loader, "expired, the caller's own", "failed")


def test_an_inventory_keeps_what_it_could_not_read(disturbed: Disturbed) -> None:
    disturbed.begin("all")
    faults = {
        "denied of an account's tables": Fault(
            "denied", service="dynamodb", operation="ListTables", account_id=SHOP
        ),
        "denied of an API": Fault("denied", operation="DescribeContinuousBackups", account_id=PAYMENTS),
        "partial always": Fault("partial", service="dynamodb", account_id=ANALYTICS),
    }
    report = disturbed.load(INVENTORY, *faults.values())
    for fault in faults:
        disturbed.holds(INVENTORY, fault, report.outcome)
    assert report.outcome == "complete but for 1 account, 3 regions, 2 tables, 2 settings"


def test_accounts_and_regions_that_cannot_be_read_stop_no_others(disturbed: Disturbed) -> None:
    disturbed.begin("all")
    faults = {
        "denied role": Fault("denied", service="sts", account_id=PAYMENTS),
        "region_not_enabled": Fault("region_not_enabled", region="eu-west-1", account_id=SHOP),
        "throttle always": Fault("throttle", service="dynamodb", account_id=ANALYTICS, region="us-east-1"),
    }
    report = disturbed.load(INVENTORY, *faults.values())
    for fault in faults:
        disturbed.holds(INVENTORY, fault, report.outcome)
    assert report.outcome == "complete but for 2 accounts, 2 regions in 2 accounts"


@pytest.mark.parametrize(
    ("faults", "outcome"),
    [
        (
            {
                "denied of an account's API": Fault("denied", service="monitoring", account_id=SHOP),
                "partial always": Fault("partial", service="monitoring", account_id=PAYMENTS),
            },
            "complete but for 5 regions in 2 accounts",
        ),
        (
            {
                "region_not_enabled": Fault("region_not_enabled", region="eu-west-1", account_id=SHOP),
                "denied role": Fault("denied", service="sts", account_id=PAYMENTS),
            },
            "complete but for 1 account, 1 region",
        ),
    ],
    ids=["apis", "places"],
)
def test_metrics_that_cannot_be_read_stay_unknown_until_they_can(
    disturbed: Disturbed, faults: dict[str, Fault], outcome: str
) -> None:
    disturbed.begin("inventoried")
    report = disturbed.load(METRICS, *faults.values())
    assert report.outcome == outcome
    disturbed.holds(METRICS, "denied elsewhere", report.outcome, f"account_id = '{ANALYTICS}'")
    assert disturbed.again(METRICS) == "complete"
    for fault in faults:
        disturbed.holds(METRICS, fault, report.outcome)


@pytest.mark.parametrize(
    ("name", "fault", "ending"),
    [
        ("prices", Fault("expired", account_id=MANAGEMENT), "credentials have expired: sign in again"),
        ("bill", Fault("expired", account_id=MANAGEMENT, service="s3"), "credentials have expired"),
        ("inventory", Fault("denied", service="organizations"), "may not read the organisation"),
        (
            "inventory",
            Fault("denied", service="sts", operation="AssumeRole"),
            "None of the 4 member accounts",
        ),
        ("bill", Fault("denied", service="bcm-data-exports"), "may not list its billing exports"),
    ],
)
def test_what_nothing_can_be_read_without_ends_a_load_in_one_sentence(
    disturbed: Disturbed, name: str, fault: Fault, ending: str
) -> None:
    disturbed.begin("all")
    assert ending in disturbed.fails(LOADERS[name], fault)
    disturbed.holds(LOADERS[name], f"{fault.kind} {fault.service or 'identity'}", "failed")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("prices", Fault("denied", service="pricing")),
        ("bill", Fault("denied", operation="GetObject")),
    ],
)
def test_prices_and_months_that_are_denied_are_left_for_the_next_load(
    disturbed: Disturbed, name: str, fault: Fault
) -> None:
    loader = LOADERS[name]
    disturbed.begin("declared")
    report = disturbed.load(loader, fault)
    assert report.outcome == "failed"
    assert disturbed.again(loader) == "complete"
    disturbed.holds(loader, f"denied {fault.operation or fault.service}", report.outcome)


def test_an_organisation_that_changes_while_it_is_read(
    disturbed: Disturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account joins, a table goes between list and description, one comes between the two loads."""
    sandbox = disturbed.sandbox
    disturbed.begin("declared")
    sandbox.leave(SHOP)
    sandbox.delete_table(PAYMENTS, "us-east-1", "signups")
    describe, gone = PlaceReader._describe, []

    def described(reader: PlaceReader, name: str) -> object:
        if name == "profiles" and not gone:
            sandbox.delete_table(PAYMENTS, "us-east-1", name)
            gone.append(name)
        return describe(reader, name)

    with monkeypatch.context() as patch:
        patch.setattr(PlaceReader, "_describe", described)
        assert disturbed.again(INVENTORY) == "complete but for 1 account"
    sandbox.restore_table(PAYMENTS, "us-east-1", "profiles")
    sandbox.restore_table(PAYMENTS, "us-east-1", "signups")
    sandbox.join(SHOP)
    assert disturbed.again(METRICS) == "complete"
    known = f"account_id = '{PAYMENTS}' and resource_name not similar to '(profiles|signups).*'"
    disturbed.holds(METRICS, "a table created before", "complete", known)
    assert disturbed.again(INVENTORY) == "complete but for 1 account"
    assert disturbed.again(METRICS) == "complete"
    for event in ("an account that joins", "a table deleted after its listing", "a table created between"):
        disturbed.holds(INVENTORY, event, "complete but for 1 account")
        disturbed.holds(METRICS, event, "complete")


def test_what_has_left_is_kept_and_what_was_deleted_is_retired(disturbed: Disturbed) -> None:
    sandbox = disturbed.sandbox
    disturbed.begin("all")
    sandbox.leave(SHOP)
    sandbox.delete_table(PAYMENTS, "us-east-1", "signups")
    try:
        report = disturbed.load(INVENTORY)
        assert disturbed.again(METRICS) == "complete"
    finally:
        sandbox.join(SHOP)
        sandbox.restore_table(PAYMENTS, "us-east-1", "signups")
    assert report.outcome == "complete but for 1 account"
    retired = "select table_name from raw_dynamodb.table_metadata where _dlt_valid_to is not null"
    assert query(disturbed.warehouse, retired) == [("signups",)]
    left = "select account_id from raw_organizations.aws_accounts where state = 'LEFT'"
    assert query(disturbed.warehouse, left) == [(SHOP,)]
    disturbed.holds(METRICS, "an account that leaves", "complete")
