"""The command `okr`. Each command imports what it needs when it runs, so that `okr --help` answers at once."""

from okr_reports.cli import channels, numbers, people, reports, workspaces
from okr_reports.cli.group import main, run
from okr_reports.commands.answers import COMMANDS

for _command in COMMANDS:
    main.add_command(_command)

__all__ = ["channels", "main", "numbers", "people", "reports", "run", "workspaces"]
