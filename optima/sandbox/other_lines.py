"""Lines of the bill that an analysis of tables must leave out, or cannot match with a table it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optima.sandbox.bill_lines import DYNAMODB, Lines, Month
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.organisation import Account, Organisation
from optima.sandbox.prices import PRODUCTS, REGION_CODES

_VAULT_WRITES_PER_HOUR = 36_000.0
_SUPPORT_FEE_USD = 100.0
_TABLES_IN_BACKUP = 3


@dataclass(frozen=True)
class _Service:
    """Something that every account uses in equal measure all the time, in us-east-1."""

    product_code: str
    product_family: str
    usage_type: str
    operation: str
    unit: str
    rate: float
    hourly_amount: float
    resource_id: str  # with the account's id or name in it


_SERVICES = (
    _Service(
        "AmazonEC2",
        "Compute Instance",
        "BoxUsage:m7g.large",
        "RunInstances",
        "Hrs",
        0.0816,
        1.0,
        "arn:aws:ec2:us-east-1:{id}:instance/i-0{id}",
    ),
    # The same usage type as DynamoDB's storage: only the product code tells them apart.
    _Service(
        "AmazonS3", "Storage", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", 0.023, 0.16, "{name}-logs"
    ),
)


def other_lines(organisation: Organisation, month: Month) -> Iterator[Lines]:
    """Other services of every account, backups, a fee, and a table of the account that denies access."""
    for account in organisation.accounts:
        if account.state == "ACTIVE":
            yield from (_service_lines(service, account, month) for service in _SERVICES)
        if account.access == "denied":
            yield _denied_table(account, month)
    first = np.zeros(1, dtype=np.int64)
    for table in organisation.tables[:_TABLES_IN_BACKUP]:
        yield Lines(
            account_id=table.account_id,
            region=table.region,
            resource_id=table.arn,
            product_code="AWSBackup",
            product_family="AWS Backup Storage",
            usage_type=f"{REGION_CODES[table.region]}WarmStorage-ByteHrs-DynamoDB",
            operation="Storage",
            unit="GB-Mo",
            rate=0.1,
            line_type="Usage",
            hours=first,
            amounts=np.full(1, table.total_gb),
        )
    yield Lines(
        account_id=MANAGEMENT_ACCOUNT_ID,
        region="us-east-1",
        resource_id=None,
        product_code="AWSSupportBusiness",
        product_family="",
        usage_type="Dollar",
        operation="",
        unit="Dollar",
        rate=1.0,
        line_type="Fee",
        hours=first,
        amounts=np.full(1, _SUPPORT_FEE_USD),
        duration_hours=month.hours,
    )


def _service_lines(service: _Service, account: Account, month: Month) -> Lines:
    return Lines(
        account_id=account.id,
        region="us-east-1",
        resource_id=service.resource_id.format(id=account.id, name=account.name),
        product_code=service.product_code,
        product_family=service.product_family,
        usage_type=service.usage_type,
        operation=service.operation,
        unit=service.unit,
        rate=service.rate,
        line_type="Usage",
        hours=np.arange(month.billed_hours),
        amounts=np.full(month.billed_hours, service.hourly_amount),
    )


def _denied_table(account: Account, month: Month) -> Lines:
    """The payer sees the cost of a table whose account lets nobody look at it."""
    product = PRODUCTS["ondemand.write.standard"]
    return Lines(
        account_id=account.id,
        region="us-east-1",
        resource_id=f"arn:aws:dynamodb:us-east-1:{account.id}:table/vault-ledger",
        product_code=DYNAMODB,
        product_family=product.family,
        usage_type=product.usage_type,
        operation=product.operation,
        unit="WriteRequestUnits",
        rate=0.000000625,
        line_type="Usage",
        hours=np.arange(month.billed_hours),
        amounts=np.full(month.billed_hours, _VAULT_WRITES_PER_HOUR),
    )
