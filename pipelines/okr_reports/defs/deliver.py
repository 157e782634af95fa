"""Stage 5: what leaves this machine: copies of the site, and digests. Nothing where nothing is set.

A copy is the site at another address: it follows the site, through the same gate, and says nothing that the site does
not say. A digest is a message to people, and is sent by its own job alone.
"""

from collections.abc import Iterator
from typing import Any

from dagster import (
    AssetExecutionContext,
    MaterializeResult,
    OpExecutionContext,
    Output,
    asset,
    in_process_executor,
    job,
    op,
)

from okr_reports import refresh
from okr_reports.defs.not_made import not_made
from okr_reports.defs.owners import DATA_TEAM
from okr_reports.defs.run_tags import AGAIN, of_this_workspace
from okr_reports.settings import Workspace


@asset(
    deps=["site"],
    group_name="deliver",
    kinds={"html"},
    owners=DATA_TEAM,
    description="The site copied to every target of the settings (folder, object store, git branch), encrypted where "
    "one has a passphrase. Fails when a target did not take it; the others have it.",
)
def site_copies(context: AssetExecutionContext) -> Iterator[MaterializeResult[None] | Output[Any]]:
    done = refresh.copy_site(Workspace.from_environment())
    if done:
        yield MaterializeResult(metadata={"targets": len(done), **{outcome.name: outcome.what for outcome in done}})
    else:
        yield not_made(context, context.asset_key)


@op(description="Fails when the last report is older than `settings.gate.stale_after_days`.")
def send_digests(context: OpExecutionContext) -> None:
    for outcome in refresh.send_digests(Workspace.from_environment()):
        context.log.info("%s", outcome)


# No asset: what is materialised with everything downstream of a table would reach it, and mail everyone.
@job(
    executor_def=in_process_executor,
    tags={**AGAIN, **of_this_workspace()},
    description="Mail each team what it needs before its check-in: once per team, week and recipient.",
)
def digest() -> None:
    send_digests()
