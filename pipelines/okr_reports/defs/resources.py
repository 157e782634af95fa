"""What every stage of a run shares: the workspace and the writer's lock, held from the first step to the last."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from dagster import ConfigurableResource, InitResourceContext

from okr_reports.defs import processes
from okr_reports.defs.meanwhile import wait_for_all
from okr_reports.settings import Workspace
from okr_reports.warehouse.lock import writer_lock

logger = logging.getLogger("okr")

# Every step that writes the warehouse is in it. Dagster then starts one such run at a time.
POOL = "warehouse"


class Writer(ConfigurableResource):  # type: ignore[type-arg]
    """The right to write the warehouse, held by one run at a time on this machine.

    Dagster's pools order the runs of one instance; this also orders them with `okr refresh` in a shell.
    """

    wait_seconds: float = 3600.0

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["Writer"]:
        if context.run and context.instance and context.instance.get_run_by_id(context.run.run_id):
            context.instance.add_run_tags(context.run.run_id, {processes.TAG: processes.this_process()})
        with writer_lock(Workspace.from_environment(), wait_seconds=self.wait_seconds, on_wait=logger.info):
            try:
                yield self
            finally:
                # What still writes would write into the next run's warehouse.
                wait_for_all()
