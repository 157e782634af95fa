"""Stage 4: the analysts' copy, the site, and the word on how the run went."""

from dagster import AssetExecutionContext, Failure, MaterializeResult, MetadataValue, asset

from pipelines import refresh
from pipelines.defs.gate import health_gate
from pipelines.defs.resources import Writer
from pipelines.defs.transform import models
from pipelines.settings import Workspace
from pipelines.warehouse import ops

_MARTS = [key for key in models.keys if models.group_names_by_key[key] == "marts"]


@asset(
    deps=[health_gate, *_MARTS],
    group_name="publish",
    kinds={"duckdb"},
    description="The analysts' copy: every public mart in one file that no refresh ever locks.",
)
def okr_duckdb(context: AssetExecutionContext, writer: Writer) -> MaterializeResult[None]:
    workspace = Workspace.from_environment()
    refresh.write_snapshot(workspace)
    return MaterializeResult(metadata={"path": MetadataValue.path(str(workspace.snapshot))})


@asset(
    deps=[okr_duckdb], group_name="publish", kinds={"html"}, description="The report site, put in place in one step."
)
def site(context: AssetExecutionContext, writer: Writer) -> MaterializeResult[None]:
    published = refresh.publish_site(Workspace.from_environment(), context.run_id)
    return MaterializeResult(
        metadata={
            "path": MetadataValue.path(str(published.path)),
            "release": published.release_id,
            "pages": published.pages,
        }
    )


@asset(
    deps=[site],
    group_name="publish",
    description="Fails when a source failed, after everything else is published, so that the run shows red.",
)
def refresh_outcome(context: AssetExecutionContext, writer: Writer) -> MaterializeResult[None]:
    errors = ops.failures(Workspace.from_environment().warehouse, context.run_id)
    if errors:
        raise Failure(
            f"published, but {len(errors)} source(s) failed and are stamped stale: " + "; ".join(errors),
            allow_retries=False,
        )
    return MaterializeResult(metadata={"errors": 0})
