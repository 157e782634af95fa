"""Stage 5: what leaves this machine: copies of the site, and digests. Nothing where nothing is set."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from okr_reports import refresh
from okr_reports.defs.owners import DATA_TEAM
from okr_reports.settings import Workspace


@asset(
    deps=["site"],
    group_name="deliver",
    kinds={"html"},
    owners=DATA_TEAM,
    description="The site copied to every target of the settings (folder, object store, git branch), encrypted where "
    "one has a passphrase. Fails when a target did not take it; the others have it.",
)
def site_copies(context: AssetExecutionContext) -> MaterializeResult[None]:
    done = refresh.copy_site(Workspace.from_environment())
    return MaterializeResult(metadata={"targets": len(done), **{one.name: one.what for one in done}})


@asset(
    deps=["okr_duckdb"],
    group_name="deliver",
    owners=DATA_TEAM,
    description="The digests of the coming check-in, to whoever has not got them: once per team, week and recipient."
    " Fails when the last report is older than `settings.gate.stale_after_days`.",
)
def digests(context: AssetExecutionContext) -> MaterializeResult[None]:
    done = refresh.send_digests(Workspace.from_environment())
    return MaterializeResult(metadata={"done": "\n".join(str(one) for one in done)})
