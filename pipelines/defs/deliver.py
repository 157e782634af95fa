"""Stage 5: copies of the published site at the places of `[deliveries.targets]`; nothing where there are none."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from pipelines import refresh
from pipelines.defs.publish import site
from pipelines.settings import Workspace


@asset(
    deps=[site],
    group_name="deliver",
    kinds={"html"},
    description="The site copied to every target of the settings (folder, object store, git branch), encrypted where "
    "one has a passphrase. Fails when a target did not take it; the others have it.",
)
def site_copies(context: AssetExecutionContext) -> MaterializeResult[None]:
    done = refresh.copy_site(Workspace.from_environment())
    return MaterializeResult(metadata={"targets": len(done), **{one.name: one.what for one in done}})
