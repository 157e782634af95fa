"""Stage 3: do the channels' numbers agree with the marts, and may this be published?"""

from collections.abc import Iterator, Sequence

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    MaterializeResult,
    multi_asset,
    multi_asset_check,
)

from okr_reports import catalogue, distributed, refresh
from okr_reports.defs.load import FIRST
from okr_reports.defs.owners import DATA_TEAM
from okr_reports.defs.resources import POOL, Writer
from okr_reports.settings import Workspace
from okr_reports.warehouse import gate, ops, reconcile

GATE = AssetKey("health_gate")
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
    can_subset=True,
    pool=POOL,
)
def sources(context: AssetCheckExecutionContext, writer: Writer) -> Iterator[AssetCheckResult]:
    workspace = Workspace.from_environment()
    known = reconcile.freshness(workspace.warehouse)
    # A run that loads looks at what it loaded, any other at every channel that has a source.
    loaded = ops.loaded_channels(workspace.warehouse, context.run.run_id) or set(known)
    by_asset: dict[str, list[reconcile.Freshness]] = {}
    for name in known.keys() & loaded:
        by_asset.setdefault(name if name in FIRST else "files", []).append(known[name])
    with distributed.asking(workspace) as ask:
        different = reconcile.differences(ask, list(by_asset))
    for channel, found in by_asset.items():
        for result in (_fresh(FIRST[channel], found), _reconciled(FIRST[channel], different[channel])):
            if AssetCheckKey(FIRST[channel], str(result.check_name)) in context.selected_asset_check_keys:
                yield result


def _fresh(key: AssetKey, found: Sequence[reconcile.Freshness]) -> AssetCheckResult:
    late = [text for finding in found for text in finding.late]
    through = [finding.data_through for finding in found]
    oldest = "never" if None in through else min(day for day in through if day).isoformat()
    return AssetCheckResult(
        asset_key=key,
        check_name="fresh",
        passed=not late,
        # It is published all the same, and says so.
        severity=AssetCheckSeverity.WARN,
        metadata={"late": "\n".join(late), "data_through": oldest},
    )


def _reconciled(key: AssetKey, differences: Sequence[str]) -> AssetCheckResult:
    return AssetCheckResult(
        asset_key=key,
        check_name="reconciled",
        passed=not differences,
        metadata={"differences": "\n".join(differences)},
    )


@multi_asset(
    specs=[
        AssetSpec(
            GATE,
            deps=_SCORED,
            group_name="publish",
            kinds={"duckdb"},
            owners=DATA_TEAM,
            description="The health gate: fails, and so stops the run before it publishes, when the report would"
            " mislead. Its rules are its checks; the site shows them under Sources.",
        )
    ],
    check_specs=[AssetCheckSpec(rule, asset=GATE, description=text) for rule, text in gate.RULES.items()],
    name="health_gate",
    can_subset=True,
    pool=POOL,
)
def health_gate(context: AssetExecutionContext, writer: Writer) -> Iterator[AssetCheckResult | MaterializeResult[None]]:
    rulings = refresh.evaluate_gate(Workspace.from_environment(), context.run_id)
    for ruling in rulings:
        if AssetCheckKey(GATE, ruling.rule) in context.selected_asset_check_keys:
            yield AssetCheckResult(
                asset_key=GATE,
                check_name=ruling.rule,
                passed=ruling.is_passed,
                metadata={
                    "met": ruling.met,
                    "asked": ruling.total,
                    "least_share": ruling.least_share,
                    "reason": ruling.reason,
                },
            )
    if GATE in context.selected_asset_keys:
        refresh.require_open_gate(rulings)
        yield MaterializeResult(asset_key=GATE, metadata={"opened": True})
