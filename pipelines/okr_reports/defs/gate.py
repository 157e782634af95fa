"""Stage 3: do the channels' numbers agree with the marts, and may this be published?"""

from collections.abc import Iterator

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    MaterializeResult,
    asset,
    multi_asset_check,
)

from okr_reports import catalogue, distributed, refresh
from okr_reports.defs.load import FIRST
from okr_reports.defs.owners import DATA_TEAM
from okr_reports.defs.resources import POOL, Writer
from okr_reports.settings import Workspace
from okr_reports.warehouse import gate, reconcile

_SCORED = [AssetKey(["marts", name]) for name in ("health_gate", "source_health", "fct_measure_daily")]


@multi_asset_check(
    specs=[
        AssetCheckSpec(
            name, asset=key, additional_deps=_SCORED, description=f"{catalogue.channels()[channel].title}: {text}"
        )
        for channel, key in FIRST.items()
        for name, text in (
            ("fresh", "every source is fresh, or says since when it is not."),
            (
                "reconciled",
                f"the mart's sums of the last {reconcile.DAYS} days are those of the rows loaded.",
            ),
        )
    ],
    name="sources",
    pool=POOL,
)
def sources(context: AssetCheckExecutionContext, writer: Writer) -> Iterator[AssetCheckResult]:
    workspace = Workspace.from_environment()
    late = reconcile.not_fresh(workspace.warehouse)
    with distributed.asking(workspace) as ask:
        different = reconcile.differences(ask, list(FIRST))
    for channel, key in FIRST.items():
        yield AssetCheckResult(
            check_name="fresh",
            asset_key=key,
            passed=channel not in late,
            # It is published all the same, and says so.
            severity=AssetCheckSeverity.WARN,
            metadata={"late": "\n".join(late.get(channel, []))},
        )
        yield AssetCheckResult(
            check_name="reconciled",
            asset_key=key,
            passed=not different[channel],
            metadata={"differences": "\n".join(different[channel])},
        )


@asset(
    deps=_SCORED,
    group_name="publish",
    kinds={"duckdb"},
    owners=DATA_TEAM,
    check_specs=[AssetCheckSpec(rule, asset="health_gate", description=text) for rule, text in gate.RULES.items()],
    pool=POOL,
    description="The health gate: fails, and so stops the run before it publishes, when the report would mislead."
    " Its rules are its checks; the site shows them under Sources.",
)
def health_gate(context: AssetExecutionContext, writer: Writer) -> Iterator[AssetCheckResult | MaterializeResult[None]]:
    rulings = refresh.decide(Workspace.from_environment(), context.run_id)
    for one in rulings:
        yield AssetCheckResult(
            check_name=one.rule,
            passed=one.is_passed,
            metadata={"met": one.met, "asked": one.asked, "least_share": one.least_share, "reason": one.reason},
        )
    refresh.pass_gate(rulings)
    yield MaterializeResult(metadata={"opened": True})
