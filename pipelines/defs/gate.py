"""Stage 3: may this be published?"""

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, asset

from pipelines import refresh
from pipelines.defs.resources import Writer
from pipelines.settings import Workspace


@asset(
    deps=[AssetKey(["marts", name]) for name in ("key_results", "objectives", "source_health")],
    group_name="publish",
    kinds={"duckdb"},
    description="The health gate: fails, and so stops the run before it publishes, when the report would mislead.",
)
def health_gate(context: AssetExecutionContext, writer: Writer) -> MaterializeResult[None]:
    decision = refresh.pass_gate(Workspace.from_environment())
    return MaterializeResult(metadata={"opened": decision.opened})
