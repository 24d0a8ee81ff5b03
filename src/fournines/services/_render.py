"""Rendering of configuration files: Jinja templates of this folder, oslo INI, systemd units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment

IniValue = str | int | float | bool | Iterable[str]


@cache
def _environment() -> Environment:
    # Here, for check and predict know all services and render nothing.
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    def load(name: str) -> str:
        return (resources.files("fournines.services") / "templates" / name).read_text(encoding="utf-8")

    return Environment(  # noqa: S701 - configuration files, not HTML
        loader=FunctionLoader(load),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )


def template(name: str, **values: object) -> str:
    """The rendered template `templates/NAME`. An undefined name is an error."""
    return _environment().get_template(name).render(**values)


def on_host(name: str, after: str | tuple[str, ...] = ()) -> str:
    """Source of a program under `onhost/` that runs on the hosts.

    `after` are those that go before it, in that order, when the program is not one file: their names need no import
    there.
    """
    folder = resources.files("fournines.services") / "onhost"
    first = (after,) if isinstance(after, str) else after
    joined = tuple(f"from fournines.services.onhost.{each.removesuffix('.py')} import " for each in first)
    lines = [line for each in (*first, name) for line in (folder / each).read_text(encoding="utf-8").splitlines(True)]
    return "".join(line for line in lines if not line.startswith(joined))


def _text(value: IniValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    return ",".join(value)


def ini(sections: Mapping[str, Mapping[str, IniValue]]) -> str:
    """An INI file: section -> option -> value. Booleans become true/false, lists comma-separated."""
    blocks: list[str] = []
    for section, options in sections.items():
        blocks.append("\n".join([f"[{section}]", *(f"{key} = {_text(value)}" for key, value in options.items())]))
    return "\n\n".join(blocks) + "\n"


def unit(
    description: str,
    *,
    unit: Iterable[tuple[str, str]] = (),
    service: Iterable[tuple[str, str]],
    wanted_by: str | None = "multi-user.target",
) -> str:
    """A systemd service unit; a key may repeat."""
    lines = ["[Unit]", f"Description={description}", *(f"{key}={value}" for key, value in unit), ""]
    lines += ["[Service]", *(f"{key}={value}" for key, value in service)]
    if wanted_by:
        lines += ["", "[Install]", f"WantedBy={wanted_by}"]
    return "\n".join(lines) + "\n"
