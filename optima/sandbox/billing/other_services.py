"""Lines of the bill that an analysis of tables must leave out, or cannot match with a table it knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optima.sandbox.billing.lines import DYNAMODB, Lines, Month, Origin, monthly_line, usage_lines
from optima.sandbox.config import MANAGEMENT_ACCOUNT_ID
from optima.sandbox.organisation import Account, Organisation, Table
from optima.sandbox.prices import PRODUCTS, REGION_CODES

_VAULT_WRITES_PER_HOUR = 36_000.0
_VAULT_USD_PER_WRITE = 0.000000625
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


def other_lines(organisation: Organisation, month: Month, discount: float) -> Iterator[Lines]:
    """Other services of every account, backups, a fee, and a table of the account that denies access."""
    hourly = np.ones(month.billed_hours)
    for account in organisation.accounts:
        if account.state == "ACTIVE":
            for service in _SERVICES:
                amounts = hourly * service.hourly_amount
                yield usage_lines(_service_origin(service, account), service.rate, amounts, discount)
        if account.access == "denied":
            amounts = hourly * _VAULT_WRITES_PER_HOUR
            yield usage_lines(_denied_table(account), _VAULT_USD_PER_WRITE, amounts, discount)
    for table in organisation.tables[:_TABLES_IN_BACKUP]:
        amounts = np.zeros(month.billed_hours)
        amounts[0] = table.total_gb
        yield usage_lines(_backup_origin(table), 0.1, amounts, discount)
    origin = Origin(
        MANAGEMENT_ACCOUNT_ID, "us-east-1", None, "AWSSupportBusiness", "", "Dollar", "", "Dollar"
    )
    yield monthly_line(
        origin,
        "Fee",
        _SUPPORT_FEE_USD,
        month,
        net_cost=_SUPPORT_FEE_USD * (1 - discount),
        description="AWS Support (Business)",
    )


def _service_origin(service: _Service, account: Account) -> Origin:
    return Origin(
        account_id=account.id,
        region="us-east-1",
        resource_id=service.resource_id.format(id=account.id, name=account.name),
        product_code=service.product_code,
        product_family=service.product_family,
        usage_type=service.usage_type,
        operation=service.operation,
        unit=service.unit,
    )


def _backup_origin(table: Table) -> Origin:
    return Origin(
        account_id=table.account_id,
        region=table.region,
        resource_id=table.arn,
        product_code="AWSBackup",
        product_family="AWS Backup Storage",
        usage_type=f"{REGION_CODES[table.region]}WarmStorage-ByteHrs-DynamoDB",
        operation="Storage",
        unit="GB-Mo",
        tags=table.tags,
    )


def _denied_table(account: Account) -> Origin:
    """The payer sees the cost of a table whose account lets nobody look at it."""
    product = PRODUCTS["ondemand.write.standard"]
    return Origin(
        account_id=account.id,
        region="us-east-1",
        resource_id=f"arn:aws:dynamodb:us-east-1:{account.id}:table/vault-ledger",
        product_code=DYNAMODB,
        product_family=product.family,
        usage_type=product.usage_type,
        operation=product.operation,
        unit="WriteRequestUnits",
    )
