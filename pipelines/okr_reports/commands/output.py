"""How the commands answer: words for people, one JSON document for scripts (`--json`), one line when interrupted."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn, TypeVar

import click

from okr_reports.common.interrupts import ended_by, noted
from okr_reports.common.isolated import CONTROLS, TERMINAL
from okr_reports.errors import OkrError

Command = TypeVar("Command", bound=Callable[..., Any])
FAILED = 1
# Of a refresh.
PUBLISHED, SOURCE_FAILED, NOT_PUBLISHED = 0, 1, 2
# As shells count: 128 and the signal's number.
OF_SIGNALS = 128
# What SQLite, which keeps Dagster's log, and DuckDB say of a full disk; neither has an OSError for it.
DISK_REFUSES = ("disk is full", "No space left on device", "disk I/O error")


def json_option(command: Command) -> Command:
    """Give a command the option `--json`, its parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document, for scripts.")(command)


def print_json(answer: Any) -> None:
    """One document on standard output; days and moments in ISO 8601."""
    written = json.dumps(answer, ensure_ascii=False, indent=2, default=str)
    click.echo(written.translate({ord(character): f"\\u{ord(character):04x}" for character in CONTROLS + TERMINAL}))


class OkrGroup(click.Group):
    """Errors are one message without a traceback; with `--json` they are `{"error": ...}`.

    `OKR_DEBUG` in the environment shows the traceback of what is neither ours nor a refusal of the system.
    """

    def invoke(self, ctx: click.Context) -> object:
        """Run it; exit 1 (`refresh` 2: nothing was published) for an error, 130 for Ctrl-C, 143 for SIGTERM."""
        with noted():
            return self._invoke(ctx)

    def _invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _stop(ctx)
        except click.UsageError as error:
            _for_scripts(ctx, error.format_message())
            raise
        except (click.ClickException, click.Abort, click.exceptions.Exit, BrokenPipeError):
            raise
        except OkrError as error:
            _fail(ctx, str(error))
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            _fail(ctx, f"{where}{error.strerror or error}; give this user the right or the room, and run it again")
        except Exception as error:
            if os.environ.get("OKR_DEBUG"):
                raise
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            if damage := _damage(str(error)):
                _fail(ctx, damage)
            if any(text in str(error) for text in DISK_REFUSES):
                _fail(ctx, f"the disk takes no more ({what}); make room on it and run it again")
            _fail(ctx, f"{what}; this is a mistake of okr itself: run it with OKR_DEBUG=1 to see where, and report it")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember the arguments: an error is shaped after them."""
        ctx.meta["arguments"] = tuple(args)
        return super().parse_args(ctx, args)


def _damage(text: str) -> str | None:
    from okr_reports.common.damage import explained, is_damage

    return explained(text) if is_damage(text) else None


def number_of(count: int, noun: str) -> str:
    """1 error, 2 errors."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _for_scripts(ctx: click.Context, error: str) -> None:
    if "--json" in ctx.meta.get("arguments", ()):
        print_json({"error": error})


def _stop(ctx: click.Context) -> NoReturn:
    click.echo("\nstopped; what was there is whole, and the command can be run again", err=True)
    ctx.exit(OF_SIGNALS + (ended_by() or signal.SIGINT))


def _fail(ctx: click.Context, text: str) -> NoReturn:
    """Say it and end. Nothing here may fail again, also where standard output takes nothing any more.

    What a signal broke has not failed, whatever error the library in which it came made of it.
    """
    if ended_by():
        _stop(ctx)
    click.echo(text, err=True)
    with suppress(OSError):
        _for_scripts(ctx, text)
    ctx.exit(NOT_PUBLISHED if ctx.invoked_subcommand == "refresh" else FAILED)
