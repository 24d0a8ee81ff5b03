"""Writes the generated parts of the pages in docs/clouds: what `nines check` and `nines predict` say of each cloud.

    .venv/bin/python scripts/pages.py [--check] [FOLDER]

A page is named after its cloud file. What stands between `<!-- made by scripts/pages: WHAT -->` and `<!-- end -->` is
made; all else is written by hand. WHAT is one of:

    picture            the hosts over the racks
    check              the output of `nines check`; of many findings only errors in full
    predict            the table of `nines predict`, and the causes of the worst three services
    compare ONE OTHER  the output of `nines predict ONE OTHER`
    index              a line for each page beside it

Of predictions the last four columns are simulated: another version of numpy may draw other numbers. `--check` leaves
them out of the comparison.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
os.chdir(REPOSITORY)  # places are told as clouds/NAME.yaml:LINE:COLUMN

from fournines.checks._words import listed  # noqa: E402
from fournines.cli import findings  # noqa: E402
from fournines.cli.clouds import Places, load_placed  # noqa: E402
from fournines.cloud import Cloud  # noqa: E402
from fournines.cloud.model import Host  # noqa: E402
from fournines.predict import report  # noqa: E402
from fournines.predict.prediction import Prediction, predict  # noqa: E402

WIDTH = 80
WORST = 3
"""Services whose causes are shown."""
MANY = 12
"""Findings, of which no more are shown in full but errors."""
PART = re.compile(r"(?<=<!-- made by scripts/pages: )([a-z0-9 -]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)
SIMULATED = re.compile(r"(?<=met)(?: +[0-9.]+){4}$", re.MULTILINE)


@cache
def placed(name: str) -> tuple[Cloud, Places]:
    return load_placed(name)


@cache
def predictions(name: str) -> Sequence[Prediction]:
    return tuple(predict(placed(name)[0]))


@cache
def found(name: str) -> Sequence[findings.Placed]:
    return findings.placed(*placed(name))


def worst(name: str, most: int) -> Sequence[Prediction]:
    return sorted(predictions(name), key=lambda each: -each.downtime_s)[:most]


# --- the parts of a page ---


def check(page: Path) -> str:
    name = page.stem
    *blocks, total = _sections(findings.text(placed(name)[0].name, found(name), WIDTH, colored=False))
    if len(blocks) > MANY:
        errors = [block for block in blocks if block[0].startswith("error")]
        others = [block[0] for block in blocks if block not in errors]
        blocks = [*errors, ["[of the others the first lines]", *others]]
    return _block(f"nines check {name}", _joined([*blocks, total]))


def predicted(page: Path) -> str:
    name = page.stem
    cloud = placed(name)[0]
    table = _sections(report.table(predictions(name), cloud, WIDTH))
    # Promise; table; what its columns are; causes; what to do about them; what it all stands on: the index says that.
    causes, fixes = _sections(report.table(worst(name, WORST), cloud, WIDTH))[3:5]
    kept = [*table[:3], [f"[causes of the worst {WORST} services]", *causes], fixes]
    return _block(f"nines predict {name}", _joined(kept))


def compare(_: Path, one: str, other: str) -> str:
    return _block(f"nines predict {one} {other}", report.comparison(predictions(one), predictions(other)))


def picture(page: Path) -> str:
    """A column a rack, a line for hosts of the same roles, then what all of a rack hangs on."""
    cloud = placed(page.stem)[0]
    by_rack: dict[str, list[Host]] = {}
    for host in cloud.hosts:
        by_rack.setdefault(host.rack or "no rack", []).append(host)
    racks = sorted(by_rack)
    lines = [["", *(f"rack {rack}" for rack in racks)]]
    for roles in dict.fromkeys(_roles(host) for host in cloud.hosts):
        cells = [listed((host.name for host in by_rack[rack] if _roles(host) == roles), most=2) for rack in racks]
        lines.append([roles, *(cell or "-" for cell in cells)])
    hangs: tuple[tuple[str, Callable[[Host], Iterable[str]]], ...] = (
        ("feeds", lambda host: host.feeds),
        ("switches", lambda host: host.switches),
        # Where they are not their host's.
        ("BMCs' feeds", lambda host: (host.bmc and host.bmc.feeds) or ()),
        ("BMCs' switches", lambda host: (host.bmc and host.bmc.switches) or ()),
    )
    for title, of in hangs:
        cells = [listed(each for host in by_rack[rack] for each in of(host)) for rack in racks]
        if any(cells):
            lines.append([title, *(cell or "-" for cell in cells)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rows = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return _block("", rows)


def index(page: Path) -> str:
    rows = ["| cloud | hosts | promise | check | worst service |", "|---|---|---|---|---|"]
    for name in sorted(each.stem for each in page.parent.glob("*.md") if each != page):
        cloud, bad = placed(name)[0], worst(name, 1)[0]
        hosts = Counter(_roles(host) for host in cloud.hosts)
        many = ", ".join(f"{number} {roles}" for roles, number in hosts.items())
        rows.append(
            f"| [{name}]({name}.md) | {many} | {cloud.sla * 100:g} % | {_counts(name)} | "
            f"{bad.name}, {bad.downtime_s / 60:.0f} min/year |"
        )
    return "\n".join(rows) + "\n"


MAKERS: dict[str, Callable[..., str]] = {
    "check": check,
    "compare": compare,
    "index": index,
    "picture": picture,
    "predict": predicted,
}


def _roles(host: Host) -> str:
    return " + ".join(role for role in ("control", "network", "storage", "compute") if role in host.roles)


def _counts(name: str) -> str:
    told = findings.text(placed(name)[0].name, found(name), WIDTH, colored=False)[-1]
    return told.partition(": ")[2]


def _sections(lines: Iterable[str]) -> list[list[str]]:
    return [text.splitlines() for text in "\n".join(lines).split("\n\n")]


def _joined(sections: Iterable[Iterable[str]]) -> list[str]:
    return "\n\n".join("\n".join(section) for section in sections).splitlines()


def _block(command: str, lines: Iterable[str]) -> str:
    return "\n".join(["```", *([f"$ {command}"] if command else []), *lines, "```", ""])


# --- pages ---


def written(page: Path) -> str:
    """The page's text with all its parts made anew."""

    def make(part: re.Match[str]) -> str:
        what, *words = part[1].split()
        if what not in MAKERS:
            sys.exit(f"{page}: there is no part {what!r}; there is {', '.join(MAKERS)}")
        return part[1] + part[2] + MAKERS[what](page, *words)

    return PART.sub(make, page.read_text(encoding="utf-8"))


def comparable(text: str) -> str:
    """Without what is simulated."""
    return SIMULATED.sub("", text)


def main() -> int:
    words = [word for word in sys.argv[1:] if word != "--check"]
    folder = Path(words[0]) if words else REPOSITORY / "docs/clouds"
    stale = 0
    for page in sorted(folder.glob("*.md")):
        before, after = page.read_text(encoding="utf-8"), written(page)
        if comparable(before) == comparable(after) and ("--check" in sys.argv or before == after):
            continue
        stale += 1
        if "--check" in sys.argv:
            print(f"{page} is not as scripts/pages writes it")
        else:
            page.write_text(after, encoding="utf-8")
            print(f"{page} written")
    return int(stale > 0 and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
