"""How the commands answer: words for people, one JSON document for scripts (`--json`), one line when interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from pipelines.errors import OkrError

Command = TypeVar("Command", bound=Callable[..., Any])
# As shells count: 128 and the signal's number.
INTERRUPTED = 130


def json_option(command: Command) -> Command:
    """Give a command the option `--json`, its parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document, for scripts.")(command)


def print_json(answer: Any) -> None:
    """One document on standard output; days and moments in ISO 8601."""
    click.echo(json.dumps(answer, ensure_ascii=False, indent=2, default=str))


class OkrGroup(click.Group):
    """Our own errors are one message without a traceback; with `--json` they are `{"error": ...}`."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; exit 1 for an OkrError, 130 for Ctrl-C."""
        try:
            return super().invoke(ctx)
        except OkrError as error:
            click.echo(str(error), err=True)
            if "--json" in ctx.meta.get("arguments", ()):
                print_json({"error": str(error)})
            ctx.exit(1)
        except KeyboardInterrupt:
            click.echo("\nstopped; what was there is whole, and the command can be run again", err=True)
            ctx.exit(INTERRUPTED)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember the arguments: an error is shaped after them."""
        ctx.meta["arguments"] = tuple(args)
        return super().parse_args(ctx, args)


def number_of(count: int, noun: str) -> str:
    """1 error, 2 errors."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
