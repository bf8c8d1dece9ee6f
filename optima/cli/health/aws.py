"""Checks of the way to AWS: credentials, clock, permissions, organisation, member roles, billing export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from optima.cli.health.policies import granting
from optima.cli.health.result import Outcome, Problem, Result, result
from optima.cli.session import Session
from optima.wording import counted

if TYPE_CHECKING:
    from loaders.aws import Sessions
    from loaders.aws.permissions import Answer, Permission, Place
    from loaders.progress import Progress

_CLOCK_WARNING = timedelta(seconds=30)
# AWS refuses signatures that are five minutes off.
_CLOCK_FAILURE = timedelta(minutes=4)
# Without --verbose, what the role allows is asked in so many members: one template made all of them.
_SAMPLE = 3

Item = TypeVar("Item")
Found = TypeVar("Found")


@dataclass
class Aws:
    """What all checks share. `planned` is how many items they have announced to `progress` so far."""

    session: Session
    sessions: Sessions
    progress: Progress
    planned: int = 0

    def place(self, account_id: str) -> Place:
        """Return where the permissions of an account are asked for."""
        from loaders.aws.permissions import Place

        return Place(account_id, self.sessions.access.region, self.sessions.caller.partition)

    def each(self, function: Callable[[Item], Found], items: Sequence[Item]) -> list[Found]:
        """Call a function for each item, as many at a time as loads do, and count them as done."""

        def one(item: Item) -> Found:
            found = function(item)
            self.progress.advance(1)
            return found

        self.planned += len(items)
        self.progress.total(self.planned)
        with ThreadPoolExecutor(self.sessions.access.concurrency) as pool:
            return list(pool.map(one, items))


def check(session: Session, progress: Progress) -> Iterator[Result]:
    """Yield the results of all checks of AWS; without credentials that work, of nothing more than these.

    Raises:
        LoadError: the caller's credentials ended in between, or AWS cannot be reached any more.
    """
    from loaders.aws import Sessions

    aws = Aws(session, Sessions(session.access()), progress)
    credentials, clock = _identity(aws)
    yield credentials
    if clock is not None:
        yield clock
    if credentials.outcome == "failed":
        return
    yield _own_permissions(aws)
    sample: Sequence[str] = ()
    if aws.sessions.access.use_organizations:
        organization, members = _organization(aws)
        yield organization
        if members:
            roles, granted = _member_roles(aws, members)
            yield roles
            sample = _spread(granted)
            if granted:
                yield _member_permissions(aws, granted if session.verbose else sample, len(granted))
    yield _regions(aws, [aws.sessions.caller.account_id, *sample])
    yield _billing(aws)


def _identity(aws: Aws) -> tuple[Result, Result | None]:
    """Ask who the caller is, and compare the clocks by the date of the answer, be it a refusal."""
    from loaders.aws.failures import AWS_ERRORS, as_load_error
    from loaders.errors import LoadError

    name = "Credentials"
    began = datetime.now(UTC)
    try:
        identity = aws.sessions.client("sts").get_caller_identity()
        clock = _clock(identity, began)
    except LoadError as error:
        refusal = getattr(error.__cause__, "response", {})
        return Result(name, "failed", str(error)), _clock(refusal, began)
    except AWS_ERRORS as error:
        said = as_load_error(error, "the caller's identity")
        return Result(name, "failed", str(said)), _clock(getattr(error, "response", {}), began)
    # Keys of the environment come before its profile.
    profile = aws.session.settings.aws_profile if aws.sessions.found_by != "env" else None
    finding = ", ".join(
        (
            identity["Arn"],
            f"partition {aws.sessions.caller.partition}",
            f"found by {aws.sessions.found_by}",
            f"profile {profile}" if profile else "no profile",
        )
    )
    return result(name, finding), clock


def _clock(answer: object, began: datetime) -> Result | None:
    """Compare this machine's clock, half-way through a call, with the date of AWS's answer, if it has one."""
    from loaders.aws.failures import clock_ahead

    ahead = clock_ahead(answer, began + (datetime.now(UTC) - began) / 2)
    if ahead is None:
        return None
    off = abs(ahead)
    finding = (
        f"{off.total_seconds():,.0f} s {'ahead of' if ahead > timedelta() else 'behind'} AWS's"
        if off >= timedelta(seconds=2)
        else "agrees with AWS's"
    )
    if off <= _CLOCK_WARNING:
        return result("Clock", finding)
    return Result(
        "Clock",
        "failed" if off > _CLOCK_FAILURE else "warning",
        f"{finding}: set this machine's clock. AWS refuses signatures that are 5 minutes off",
    )


def _own_permissions(aws: Aws) -> Result:
    from loaders.aws.permissions import OF_AN_ACCOUNT, OF_THE_CALLER, ask

    place = aws.place(aws.sessions.caller.account_id)
    permissions: Sequence[Permission] = (*OF_AN_ACCOUNT, *OF_THE_CALLER)
    answers = aws.each(lambda permission: ask(aws.sessions, permission, place), permissions)
    finding = f"{_allowed(answers)} allowed in account {place.account_id}. {_charge(1)}"
    details = [f"{answer.permission.action}: {answer.outcome}" for answer in answers]
    return result("Permissions", finding, problems(answers), details)


def _organization(aws: Aws) -> tuple[Result, list[str]]:
    """Ask for the organisation. Returns its active accounts besides, the caller's own left out."""
    from loaders import organizations
    from loaders.aws.failures import AWS_ERRORS, sentence
    from loaders.aws.permissions import ask_organization

    name = "Organisation"
    own = aws.sessions.caller.account_id
    answers = ask_organization(aws.sessions, aws.place(own))
    found = problems(answers)
    if found:
        return result(name, f"{_allowed(answers)} allowed", found), []
    try:
        accounts = organizations.active_accounts(aws.sessions)
    except AWS_ERRORS as error:
        return Result(name, "failed", sentence(error, "The accounts could not be listed")), []
    members = [account_id for account_id in accounts if account_id != own]
    return result(name, f"{_allowed(answers)} allowed, {counted(len(accounts), 'active account')}"), members


def _member_roles(aws: Aws, members: Sequence[str]) -> tuple[Result, list[str]]:
    """Assume the role in every member. Returns the members that let it be assumed besides."""
    from loaders.aws.failures import AWS_ERRORS
    from loaders.aws.permissions import ASSUME_ROLE, judged

    def refusal(account_id: str) -> Answer | None:
        try:
            aws.sessions.verify(account_id)
        except AWS_ERRORS as error:
            return judged(error, ASSUME_ROLE, account_id)
        return None

    refusals = dict(zip(members, aws.each(refusal, members), strict=True))
    granted = [account_id for account_id, answer in refusals.items() if answer is None]
    role = aws.sessions.access.role_name
    grant = granting(ASSUME_ROLE.action)
    everywhere = "" if granted else "No member lets it be assumed, so look at its name first (--role-name). "
    found = [
        Problem(
            "failed",
            f"{ASSUME_ROLE.action} on the role {role} is {_of(answers[0])}",
            _blocked(answers[0])
            or f"{everywhere}The role must be there, trust these credentials and be given its external id "
            f"(deploy/cloudformation/member-role.yaml), and statement {grant.sid} of {grant.file} must let "
            "them assume it.",
            ASSUME_ROLE.action,
            grant,
            [answer.account_id for answer in answers],
        )
        if answers[0].outcome == "denied"
        else _unanswered(answers, "failed")
        for answers in _grouped(answer for answer in refusals.values() if answer is not None)
    ]
    finding = f"{len(granted):,} of {counted(len(members), 'member account')} let the role {role} be assumed"
    return result("Member roles", finding, found), granted


def _member_permissions(aws: Aws, accounts: Sequence[str], out_of: int) -> Result:
    """Ask for every action that the role must allow, inside each of the given members."""
    from loaders.aws.permissions import OF_AN_ACCOUNT, ask

    def inside(account_id: str) -> list[Answer]:
        place = aws.place(account_id)
        return [ask(aws.sessions, permission, place) for permission in OF_AN_ACCOUNT]

    answers = dict(zip(accounts, aws.each(inside, accounts), strict=True))
    everything = [answer for of_account in answers.values() for answer in of_account]
    where = (
        f"each of {counted(out_of, 'member account')}"
        if len(accounts) == out_of
        else f"{len(accounts):,} of {out_of:,} member accounts (--verbose: in all)"
    )
    details = [
        f"{account_id}: {_allowed(of_account)} allowed{_lacking(of_account)}"
        for account_id, of_account in answers.items()
    ]
    finding = f"{_allowed(everything)} allowed, asked for in {where}. {_charge(len(accounts))}"
    return result("Permissions of the role", finding, problems(everything), details)


def _regions(aws: Aws, accounts: Sequence[str]) -> Result:
    """Ask some accounts for their regions, and for the tables of each, which an organisation may close."""
    from loaders.aws.permissions import Place, ask

    partition = aws.sessions.caller.partition
    unread: list[Problem] = []
    enabled = {account_id: _enabled_regions(aws, account_id, unread) for account_id in accounts}
    places = [
        Place(account_id, region, partition) for account_id in accounts for region in enabled[account_id]
    ]
    answers = aws.each(lambda place: ask(aws.sessions, _listing(), place), places)
    closed: dict[str, list[Answer]] = {}
    for place, answer in zip(places, answers, strict=True):
        if answer.outcome == "denied":
            closed.setdefault(place.region, []).append(answer)
    found = [
        Problem(
            "warning",
            f"{_listing().action} is {_of(refusals[0])} in region {region}",
            "Tables there cannot be read; name the regions to read with --regions.",
            _listing().action,
            accounts=[answer.account_id for answer in refusals],
        )
        for region, refusals in sorted(closed.items())
    ]
    names = sorted({place.region for place in places})
    finding = f"{counted(len(names), 'region')} enabled in {counted(len(accounts), 'account')}"
    return result("Regions", finding, [*unread, *found], [", ".join(names)])


def _listing() -> Permission:
    from loaders.aws.permissions import OF_AN_ACCOUNT

    return next(permission for permission in OF_AN_ACCOUNT if permission.action == "dynamodb:ListTables")


def _enabled_regions(aws: Aws, account_id: str, unread: list[Problem]) -> list[str]:
    """Return an account's regions; none of one that shows no tables at all, which was said already.

    Args:
        unread: gets the problem of an account whose regions AWS does not tell.
    """
    from loaders.aws.failures import AWS_ERRORS, sentence
    from loaders.aws.permissions import ask
    from loaders.aws.regions import enabled_regions

    if ask(aws.sessions, _listing(), aws.place(account_id)).outcome != "allowed":
        return []
    try:
        return enabled_regions(aws.sessions, account_id)
    except AWS_ERRORS as error:
        said = sentence(error, "ec2:DescribeRegions")
        unread.append(Problem("warning", "The regions could not be read", said, accounts=[account_id]))
        return []


def _billing(aws: Aws) -> Result:
    """Ask for the billing export and for one byte of it. Advice does without it: nothing here fails."""
    from loaders.aws.paging import Calls
    from loaders.aws.permissions import ask_bucket, ask_exports
    from loaders.billing import discovery
    from loaders.errors import LoadError

    name = "Billing export"
    place = aws.place(aws.sessions.caller.account_id)
    bucket = aws.session.settings.cur_s3_bucket
    if bucket:
        answers = ask_bucket(aws.sessions, place, bucket, aws.session.settings.cur_s3_prefix or "")
        return result(name, f"{_allowed(answers)} allowed on the bucket {bucket}", problems(answers))
    answers = ask_exports(aws.sessions, place)
    found = problems(answers)
    if found:
        return result(name, f"{_allowed(answers)} allowed", found)
    try:
        usable, _ = discovery.discover(aws.sessions, Calls())
    except LoadError as error:
        return Result(name, "warning", str(error).rstrip("."))
    for export in usable:
        answers += ask_bucket(aws.sessions, place, export.bucket or "", export.folder, export.region)
    names = ", ".join(f"{export.name} in the bucket {export.bucket}" for export in usable)
    return result(name, f"{_allowed(answers)} allowed on {names}", problems(answers))


def problems(answers: Iterable[Answer]) -> list[Problem]:
    """Return what is not allowed, accounts of the same lack together."""
    found = []
    for group in _grouped(answers):
        permission = group[0].permission
        outcome: Outcome = "failed" if permission.is_needed else "warning"
        if group[0].outcome == "denied":
            grant = granting(permission.action)
            advice = _blocked(group[0]) or f"Statement {grant.sid} of {grant.file} grants it."
            accounts = [answer.account_id for answer in group]
            what = f"{permission.action} is {_of(group[0])}"
            full = f"Without it, {permission.without}. {advice}"
            found.append(Problem(outcome, what, full, permission.action, grant, accounts))
        else:
            found.append(_unanswered(group, outcome))
    return found


def _unanswered(group: Sequence[Answer], outcome: Outcome) -> Problem:
    accounts = [answer.account_id for answer in group]
    what = f"{group[0].permission.action} was not answered"
    return Problem(outcome, what, group[0].said or "", accounts=accounts)


def _grouped(answers: Iterable[Answer]) -> list[list[Answer]]:
    """Put answers of one kind together, of those that are not allowed."""
    groups: dict[tuple[str, str, str | None], list[Answer]] = {}
    for answer in answers:
        if answer.outcome != "allowed":
            key = (answer.permission.action, answer.outcome, answer.blocked_by)
            groups.setdefault(key, []).append(answer)
    return list(groups.values())


def _of(answer: Answer) -> str:
    if answer.blocked_by is None:
        return "denied"
    return f"denied by {'an' if answer.blocked_by[0] in 'aeiou' else 'a'} {answer.blocked_by}"


def _blocked(answer: Answer) -> str | None:
    if answer.blocked_by is None:
        return None
    return f"No further permission helps: whoever manages the {answer.blocked_by} must let it through."


def _allowed(answers: Sequence[Answer]) -> str:
    allowed = sum(answer.outcome == "allowed" for answer in answers)
    return (
        f"{allowed:,} of {counted(len(answers), 'action')}"
        if allowed < len(answers)
        else f"all {allowed:,} actions"
    )


def _lacking(answers: Sequence[Answer]) -> str:
    actions = [answer.permission.action for answer in answers if answer.outcome != "allowed"]
    return f", not {', '.join(actions)}" if actions else ""


def _charge(metrics: int) -> str:
    from loaders.cloudwatch.series import USD_PER_QUERY

    return f"CloudWatch charges ${metrics * USD_PER_QUERY:.5f} for having been asked"


def _spread(accounts: Sequence[str]) -> list[str]:
    """Return a few accounts from the whole length of a list: the first, the last and what lies between."""
    if len(accounts) <= _SAMPLE:
        return list(accounts)
    last = len(accounts) - 1
    return [accounts[last * step // (_SAMPLE - 1)] for step in range(_SAMPLE)]
