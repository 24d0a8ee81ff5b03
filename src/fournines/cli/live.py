"""Progress on a terminal: a board of stages and hosts, redrawn in place, and below it who is awaited."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fournines.cli.progress import describe
from fournines.converge.events import Event, Observer

MARKS = {
    "start": ("works", "cyan"),
    "wait": ("waits", "yellow"),
    "done": ("done", "green"),
    "fail": ("FAILED", "red"),
}
REFRESH_PER_S = 4
TOLD = 3
"""Changes and notes shown at once."""


@contextlib.contextmanager
def live(title: str) -> Generator[Observer]:
    """Draws on standard error until the `with` ends; the last picture stays."""
    board = Board(title)
    with Live(board, console=Console(stderr=True), refresh_per_second=REFRESH_PER_S, transient=False):
        yield board.observe


@dataclass(slots=True)
class Cell:
    """What is known of one stage on one host, or of a stage as a whole."""

    kind: str
    since: float
    seconds: float | None = None
    text: str = ""


class Board:
    """Collects events and draws itself, never wider or higher than the console. Safe to use from several threads."""

    def __init__(self, title: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._clock = clock
        self._began = clock()
        self._stages: dict[str, dict[str | None, Cell]] = {}
        self._told: list[Event] = []
        self._lock = threading.Lock()

    def observe(self, event: Event) -> None:
        with self._lock:
            if event.kind in ("change", "note"):
                self._told = [*self._told, event][-TOLD:]
                return
            row = self._stages.setdefault(event.stage, {})
            before = row.get(event.host)
            going_on = before is not None and before.kind in ("start", "wait") and event.kind == "wait"
            since = before.since if before is not None and going_on else self._clock()
            row[event.host] = Cell(event.kind, since, event.seconds, describe(event))
            if event.host is None and event.kind == "done":
                for cell in row.values():
                    if cell.kind in ("start", "wait"):
                        cell.kind, cell.seconds = "done", None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        with self._lock:
            yield from self._draw(options.max_width, console.height)

    def _draw(self, width: int, height: int) -> RenderResult:
        now = self._clock()
        minutes, seconds = divmod(int(now - self._began), 60)
        yield Text(f"{self._title}  {minutes}:{seconds:02}", style="bold", no_wrap=True, overflow="ellipsis")
        # Title, header and the line where the cursor stands take one each.
        room = height - 3
        stages = list(self._stages.items())
        below = self._below(now)[: max(3, room - len(stages))]
        if len(stages) > room - len(below):
            left_out = len(stages) - max(1, room - len(below) - 1)
            stages = stages[left_out:]
            below = [Text(f"({left_out} earlier stages not shown)", style="dim"), *below]
        yield self._table(stages, width, now)
        for line in below:
            line.no_wrap, line.overflow = True, "ellipsis"
            yield line

    def _table(self, stages: list[tuple[str, dict[str | None, Cell]]], width: int, now: float) -> Table:
        hosts = sorted({host for _, row in stages for host in row if host is not None})
        stage_width = max([5, *(len(name) for name, _ in stages)])
        column = max([10, *(len(host) for host in hosts)])
        each = stage_width + 12 + len(hosts) * (column + 1) <= width
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_column(width=stage_width, no_wrap=True)
        table.add_column(width=10, no_wrap=True)
        titles = hosts if each else ["hosts"]
        for _ in titles:
            table.add_column(width=column if each else 24, no_wrap=True)
        table.add_row("stage", "", *titles, style="dim")
        for name, row in stages:
            whole = _show(row.get(None), now)
            cells = [_show(row.get(host), now) for host in hosts] if each else [_count(row)]
            table.add_row(name, whole, *cells)
        return table

    def _below(self, now: float) -> list[Text]:
        """Failures, then what is awaited, the longest first, then the last changes and notes."""
        cells = [(stage, host, cell) for stage, row in self._stages.items() for host, cell in row.items()]
        waits = sorted((each for each in cells if each[2].kind == "wait"), key=lambda each: each[2].since)
        fails = [each for each in cells if each[2].kind == "fail"]
        lines: list[Text] = []
        for stage, host, cell in fails + waits:
            # What was last seen has a line of its own: the end of a long one is cut off.
            head, mark, seen = _one_line(cell.text).partition("; last seen: ")
            lines.append(Text(f"{stage} {host or ''} {head}", style=MARKS[cell.kind][1]))
            if mark and seen:
                lines.append(Text(f"  last seen: {seen}", style=MARKS[cell.kind][1]))
        return lines + [
            Text(f"{event.stage} {event.host or ''} {_one_line(event.text)}", style="dim") for event in self._told
        ]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _show(cell: Cell | None, now: float) -> Text:
    if cell is None:
        return Text("")
    word, style = MARKS[cell.kind]
    if cell.kind == "done":
        return Text(word if cell.seconds is None else f"{cell.seconds:.1f}s", style=style)
    if cell.kind == "fail":
        return Text(word, style=style)
    passed = now - cell.since
    return Text(f"{word} {passed:.0f}s" if passed < 1000 else f"{word} {passed / 60:.0f}m", style=style)


def _count(row: dict[str | None, Cell]) -> Text:
    kinds = [cell.kind for host, cell in row.items() if host is not None]
    if not kinds:
        return Text("")
    failed = f", {kinds.count('fail')} FAILED" if "fail" in kinds else ""
    return Text(f"{kinds.count('done')} of {len(kinds)} done{failed}", style="red" if failed else "")
