"""Stage 4: the analysts' copy, the site with its pages, and the word on how the run went."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    Failure,
    MaterializeResult,
    MetadataValue,
    asset,
    multi_asset,
)

from okr_reports import refresh
from okr_reports.defs.columns import page_metadata
from okr_reports.defs.gate import health_gate
from okr_reports.defs.owners import DATA_TEAM, MARKETING
from okr_reports.defs.resources import POOL, Writer
from okr_reports.defs.retention import forget_old_runs
from okr_reports.defs.transform import models
from okr_reports.errors import shown_path
from okr_reports.report_site.pages.lineage import marts_among, words_of_pages
from okr_reports.settings import Workspace
from okr_reports.warehouse import ops

_MARTS = [key for key in models.keys if models.group_names_by_key[key] in ("marts", "models")]


def _page_assets(pages: Mapping[str, Collection[str]]) -> dict[AssetKey, tuple[str, Collection[str]]]:
    """Key -> page file and its marts. `[objective].md` in `objectives/` is `pages/objectives/objective`.

    Dagster's keys hold no brackets, and it names outputs by letters, digits and `_` of keys: the second of `a-b` and
    `a_b` gets a number.
    """
    found: dict[AssetKey, tuple[str, Collection[str]]] = {}
    names: set[str] = set()
    for file, marts in pages.items():
        parts = ["pages", *(re.sub(r"[^\w-]", "", part, flags=re.ASCII) or "page" for part in file.split("/"))]
        key, number = AssetKey(parts), 1
        while key.to_python_identifier() in names:
            number += 1
            key = AssetKey([*parts[:-1], f"{parts[-1]}_{number}"])
        names.add(key.to_python_identifier())
        found[key] = (file, marts)
    return found


_WORDS = words_of_pages(Workspace.from_environment().reports_dir)
_PAGES = _page_assets({file: marts_among(words) for file, words in _WORDS.items()})


def _metadata_of_page(file: str, marts: Collection[str]) -> Mapping[str, Any]:
    keys = [AssetKey(["marts", mart]) for mart in marts]
    return page_metadata(_WORDS[file], {key: models.metadata_by_key[key] for key in keys})


@asset(
    deps=[health_gate, *_MARTS],
    group_name="publish",
    kinds={"duckdb"},
    owners=DATA_TEAM,
    pool=POOL,
    description="The analysts' copy: every public mart in one file that no refresh ever locks.",
)
def okr_duckdb(context: AssetExecutionContext, writer: Writer) -> MaterializeResult[None]:
    workspace = Workspace.from_environment()
    refresh.write_snapshot(workspace)
    return MaterializeResult(
        metadata={
            "path": MetadataValue.path(str(workspace.snapshot)),
            "bytes": workspace.snapshot.stat().st_size,
        }
    )


@multi_asset(
    specs=[
        *(
            AssetSpec(
                key,
                deps=[okr_duckdb, *(AssetKey(["marts", mart]) for mart in marts)],
                group_name="pages",
                kinds={"markdown", "html"},
                owners=MARKETING,
                description=f"What reports/pages/{file}.md becomes: one page, or one a row of its query.",
                metadata=_metadata_of_page(file, marts),
                skippable=True,  # a page that cannot be made is a notice, and no materialisation
            )
            for key, (file, marts) in _PAGES.items()
        ),
        AssetSpec(
            "site",
            deps=[okr_duckdb, *_PAGES],
            group_name="publish",
            kinds={"html"},
            owners=DATA_TEAM,
            description="The report site, put in place in one step.",
        ),
    ],
    name="site",
    can_subset=True,
    pool=POOL,
)
def site(context: AssetExecutionContext, writer: Writer) -> Iterator[MaterializeResult[None]]:
    workspace = Workspace.from_environment()
    published = refresh.publish_site(workspace, context.run_id)
    for key in context.selected_asset_keys & _PAGES.keys():
        if shown_path(workspace.reports_dir / "pages" / f"{_PAGES[key][0]}.md") not in published.broken_pages:
            yield MaterializeResult(asset_key=key)
    if AssetKey("site") in context.selected_asset_keys:
        yield MaterializeResult(
            asset_key="site",
            metadata={
                "path": MetadataValue.path(str(published.path)),
                "release": published.release_id,
                "pages": published.pages,
            },
        )


@asset(
    deps=["site"],
    group_name="publish",
    owners=DATA_TEAM,
    pool=POOL,
    description="Fails when a source or a page failed, after all else is published, so that the run shows red.",
)
def refresh_outcome(context: AssetExecutionContext, writer: Writer) -> MaterializeResult[None]:
    forget_old_runs(context.instance)
    workspace = Workspace.from_environment()
    errors = [*ops.failures(workspace.warehouse, context.run_id), *refresh.table_faults(workspace)]
    faults = refresh.page_faults(workspace)
    said = [f"{len(errors)} fault(s) remain (a source that failed is stamped stale): " + "; ".join(errors)]
    said = (
        (said if errors else [])
        + _models_said(workspace)
        + (["some pages could not be made:\n" + "\n".join(faults)] if faults else [])
    )
    if said:
        raise Failure("published, but " + "\nand ".join(said), allow_retries=False)
    return MaterializeResult(metadata={"errors": 0})


def _models_said(workspace: Workspace) -> list[str]:
    faults = refresh.model_faults(workspace)
    return ["some of the workspace's own models could not be built:\n" + "\n".join(faults)] if faults else []
