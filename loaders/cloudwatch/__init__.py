"""CloudWatch: what each table and index consumed, was provisioned and was throttled, and what is known."""

from loaders.cloudwatch.load import Estimate, estimate, load

__all__ = ["Estimate", "estimate", "load"]
