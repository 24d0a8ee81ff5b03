"""From `sys.argv` to a verb, and from what it raises to a message and an exit code.

0    done                       1    done, and the answer is no (status, drill), or a NinesError
2    a usage or spec error      3-7  see fournines.errors
70   a bug in nines             130  Ctrl-C
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from typing import Annotated

import typer

from fournines import __version__
from fournines.cli import verbs
from fournines.errors import NinesError

BUG = 70
INTERRUPTED = 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nines {__version__}")
        raise typer.Exit


def _nines(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Build a highly available OpenStack cloud from one file, break it on purpose, and measure it."""


def application(only: str | None = None) -> typer.Typer:
    """Every module of `verbs/` is a verb: its function of the same name is the command. `only`: where there is one of
    that name, the others are not loaded, which would take as long as a small cloud does."""
    app = typer.Typer(
        name="nines",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_nines)
    names = [each.name for each in pkgutil.iter_modules(verbs.__path__)]
    for name in [only] if only in names else names:
        module = importlib.import_module(f"{verbs.__name__}.{name}")
        settings: dict[str, object] = getattr(module, "CONTEXT", {})
        app.command(name, context_settings=settings)(getattr(module, name))
    return app


def run() -> None:
    """Runs the command line of this process and exits."""
    try:
        application(only=next(iter(sys.argv[1:]), None))(prog_name="nines")
    except NinesError as error:
        sys.exit(_tell(error))
    except KeyboardInterrupt:
        sys.exit(_tell_interrupted())
    except SystemExit as end:
        # Typer makes this of a KeyboardInterrupt inside a verb, silently.
        sys.exit(_tell_interrupted() if end.code == INTERRUPTED else end.code)
    except Exception as error:
        sys.exit(_tell_bug(error))


def _tell(error: NinesError) -> int:
    print(error.message, file=sys.stderr)
    if error.remedy:
        print(f"to do: {error.remedy}", file=sys.stderr)
    return error.exit_code


def _tell_interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return INTERRUPTED


def _tell_bug(error: Exception) -> int:
    from fournines.cli import crash

    print(f"this is a bug in nines: {type(error).__name__}: {error}", file=sys.stderr)
    if saved := crash.save(error):
        print(f"to do: report it with the traceback, saved in {saved}", file=sys.stderr)
    else:
        traceback.print_exception(error)
    return BUG
