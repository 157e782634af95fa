"""Another team's code location in the same Dagster: its jobs, assets and pool have names that ours have too."""

from dagster import AssetKey, Definitions, asset, job, op


@asset(key=AssetKey("site"), pool="warehouse")
def site() -> None:
    """Their site, not ours."""


@asset(key=AssetKey(["marts", "key_results"]), pool="warehouse")
def key_results() -> None:
    """Their key results."""


def job_named(name: str):
    @op(name=f"{name}_op")
    def work() -> None:
        if name == "publish_changes":
            raise ValueError("theirs")

    @job(name=name, tags={"team": "theirs"})
    def made() -> None:
        work()

    return made


defs = Definitions(
    assets=[site, key_results],
    jobs=[job_named(name) for name in ("refresh", "report", "publish_changes", "digest", "backfill")],
)
