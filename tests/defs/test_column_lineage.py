"""Columns lead back, asset by asset, from a page to what a vendor gave."""

from functools import cache

from dagster import AssetKey

LINEAGE, SCHEMA = "dagster/column_lineage", "dagster/column_schema"


@cache
def nodes() -> dict:
    from okr_reports.definitions import defs

    return {node.key: node for node in defs.resolve_asset_graph().asset_nodes}


def made_of(key: AssetKey) -> dict:
    lineage = nodes()[key].metadata.get(LINEAGE)
    return dict(lineage.deps_by_column) if lineage else {}


def origins(key: AssetKey, column: str) -> set[tuple[str, str]]:
    """The columns that this one comes from in the end, each as its asset and its name."""
    seen, todo, found = set(), [(key, column)], set()
    while todo:
        key, column = todo.pop()
        if (key, column) in seen:
            continue
        seen.add((key, column))
        sources = made_of(key).get(column, [])
        todo += [(source.asset_key, source.column_name) for source in sources]
        if not sources:
            found.add((key.to_user_string(), column))
    return found


def test_a_column_is_made_of_columns_of_what_its_asset_reads():
    for key, node in nodes().items():
        for column, sources in made_of(key).items():
            for source in sources:
                assert source.asset_key in node.parent_keys, (key, column)
                above = nodes()[source.asset_key].metadata.get(SCHEMA)
                # intermediate models describe no columns
                if above and source.asset_key.path[0] != "intermediate":
                    assert source.column_name in {found.name for found in above.columns}, (key, column, source)


def test_a_number_of_a_page_leads_back_to_the_vendors_fields():
    found = origins(AssetKey(["pages", "key-results", "id"]), "key_results.value")
    assert ("linkedin_ads/campaign_analytics", "one_click_leads") in found
    assert ("google_ads/campaign_stats", "cost") in found
    assert ("files/measures", "value") in found


def test_every_column_of_a_public_mart_but_constants_is_traced():
    marts = [key for key in nodes() if key.path[0] == "marts"]
    columns = [(key, column.name) for key in marts for column in nodes()[key].metadata[SCHEMA].columns]
    traced = [(key, column) for key, column in columns if made_of(key).get(column)]
    print(f"{len(traced)} of {len(columns)} columns of marts are traced")
    assert len(traced) >= 0.95 * len(columns)
