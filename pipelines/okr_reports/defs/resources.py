"""What every stage of a run shares: the workspace and the writer's lock, held from the first step to the last."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dagster import ConfigurableResource, InitResourceContext

from okr_reports.defs import run_tags
from okr_reports.defs.background import wait_for_all
from okr_reports.settings import Workspace
from okr_reports.warehouse.lock import writer_lock

logger = logging.getLogger("okr")

# Every step that writes the warehouse is in it. Dagster then starts one such run at a time. Pools are the instance's:
# a name that another team may have too would let their runs wait for ours.
POOL = "okr_warehouse"


class Writer(ConfigurableResource):  # type: ignore[type-arg]
    """The right to write the warehouse, held by one run at a time on this machine.

    Dagster's pools order the runs of one instance; this also orders them with `okr refresh` in a shell.
    """

    wait_seconds: float = 3600.0

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["Writer"]:
        if context.run and context.instance and context.instance.get_run_by_id(context.run.run_id):
            tags = {**run_tags.of_this_workspace(), run_tags.PROCESS: run_tags.this_process()}
            tags |= run_tags.limits(context.run, context.instance)
            context.instance.add_run_tags(context.run.run_id, tags)
        with writer_lock(Workspace.from_environment(), wait_seconds=self.wait_seconds, on_wait=logger.info):
            try:
                yield self
            finally:
                # What still writes would write into the next run's warehouse.
                wait_for_all()
