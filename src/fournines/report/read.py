"""A folder of evidence -> plain data. Every file is read once; what it held goes into the digest.

What belongs to the whole folder must be there and be right, or this raises. A drill that cannot be read is listed as
such, and the others count: one torn file must not take a night's evidence with it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from fournines.errors import NinesError
from fournines.faults import recorded
from fournines.probes import catalogue as known_probes
from fournines.prove import samples as sampled
from fournines.prove.audits import Verdict
from fournines.prove.samples import Sample
from fournines.report import recompute
from fournines.report.evidence import Drill, Evidence, Measured
from fournines.report.files import CampaignFile, DoneFile, EndFile, ErrorFile, PlanFile, ReportFile

_Model = TypeVar("_Model", bound=BaseModel)
_OWN = ("samples.jsonl", "faults.jsonl", "report.json")
"""Any of them makes a folder the folder of a drill."""


class BrokenError(NinesError):
    """A file of the evidence cannot be read."""


@dataclass(slots=True)
class _Folder:
    """Reads files below `root` and keeps count of what they held."""

    root: Path
    seen: dict[str, str] = field(default_factory=dict[str, str])

    def bytes(self, path: Path) -> bytes | None:
        """None: there is no such file. Raises BrokenError."""
        name = path.relative_to(self.root).as_posix()
        try:
            held = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BrokenError(f"{name}: {error.strerror or error}", "read it as its owner") from None
        self.seen[name] = hashlib.sha256(held).hexdigest()
        return held

    def json(self, path: Path, model: type[_Model]) -> _Model | None:
        held = self.bytes(path)
        return None if held is None else self._parsed(path, model, held)

    def lines(self, path: Path, model: type[_Model], *, torn: bool = False) -> list[_Model]:
        """`torn`: only what is whole; a run that was killed may have written half a line."""
        found: list[_Model] = []
        for number, line in enumerate((self.bytes(path) or b"").splitlines(), 1):
            try:
                found.append(self._parsed(path, model, line, number))
            except BrokenError:
                if torn:
                    break
                raise
        return found

    def samples(self, path: Path) -> list[Sample] | None:
        held = self.bytes(path)
        if held is None:
            return None
        try:
            # As `fournines.prove.samples.read`: of each request, the line that holds.
            latest = {(one.probe, one.seq): one for one in sampled.parse(held.decode().splitlines())}
            found = sorted(latest.values(), key=lambda one: (one.intended, one.probe, one.seq))
            if not all(math.isfinite(one.intended + one.start + one.end + (one.late or 0.0)) for one in found):
                raise ValueError("a time that is no number")
        except (ValueError, TypeError) as error:
            raise BrokenError(f"{path.relative_to(self.root).as_posix()}: {error}", "") from None
        return found

    def _parsed(self, path: Path, model: type[_Model], held: bytes, line: int | None = None) -> _Model:
        try:
            return model.model_validate_json(held)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            name = path.relative_to(self.root).as_posix() + (f", line {line}" if line else "")
            raise BrokenError(f"{name}: {f'{where}: ' if where else ''}{first['msg']}", "") from None


def read(folder: Path) -> Evidence:
    """The evidence of a campaign, or of one drill. Raises NinesError naming the file, and what to do."""
    root = _folder(folder)
    files = _Folder(root)
    try:
        campaign = files.json(root / "campaign.json", CampaignFile)
        end = files.json(root / "end.json", EndFile)
    except BrokenError as error:
        raise NinesError(
            f"{folder}: {error.message}", error.remedy or "restore that file: the campaign's frame is in it"
        ) from None
    inside = root / "drills"
    if campaign is not None or inside.is_dir():
        if campaign is None:
            raise NinesError(f"{folder} has drills but no campaign.json", "restore it, or name the folder of one drill")
        found = sorted((each for each in inside.iterdir() if each.is_dir()), key=_order) if inside.is_dir() else []
    elif any((root / name).exists() for name in _OWN):
        found = [root]
    else:
        raise NinesError(
            f"{folder} holds no evidence: neither campaign.json nor {', '.join(_OWN)}",
            "name a folder that nines prove or nines drill made; they are in results/ of the cloud's state",
        )
    drills = tuple(_drill(files, each, number) for number, each in enumerate(found, 1))
    measured = [*([campaign] if campaign else ()), *(said for _, said in drills if said)]
    only = tuple(drill for drill, _ in drills)
    listing = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.seen.items()))
    return Evidence(
        campaign=campaign,
        end=end,
        drills=only,
        fidelities=tuple(sorted({each.fidelity for each in measured if each.fidelity})),
        connections=tuple(sorted({each.connections for each in measured})),
        digest=hashlib.sha256(listing.encode()).hexdigest(),
        files=len(files.seen),
        requests=sum(probe.requests for drill in only if drill.measured for probe in drill.measured.probes),
    )


def _folder(folder: Path) -> Path:
    try:
        root = folder.resolve(strict=True)
    except (OSError, RuntimeError):
        raise NinesError(f"there is no folder {folder}", "run nines prove or nines drill first, or name one") from None
    if not root.is_dir():
        raise NinesError(f"{folder} is no folder", "name the folder that holds the file")
    return root


def _order(folder: Path) -> tuple[int, str]:
    head = folder.name.partition("-")[0]
    return (int(head) if head.isascii() and head.isdecimal() else 0, folder.name)


def _drill(files: _Folder, folder: Path, number: int) -> tuple[Drill, ReportFile | None]:
    """The drill of a folder, and its own report if that could be read."""
    plan: PlanFile | None = None
    said: ReportFile | None = None
    done: list[DoneFile] = []
    measured: Measured | None = None
    why, broken = "", False
    try:
        plan = files.json(folder / "plan.json", PlanFile)
        said = files.json(folder / "report.json", ReportFile)
        if said is None:
            why = _unfinished(files, folder)
        else:
            done = files.lines(folder / "faults.jsonl", DoneFile)
            samples = files.samples(folder / "samples.jsonl")
            if samples is None:
                raise BrokenError("samples.jsonl is missing: what clients saw cannot be computed anew")
            measured = _measured(said, samples, done)
    except BrokenError as error:
        why, broken = error.message, True
    fault = plan.fault if plan else said.drill if said else _named(files, folder)
    target = plan.target if plan else said.target if said else ""
    known = recorded(fault, target)
    letter = (said.letter if said else "") or (plan.letter if plan else known.letter if known else "")
    began = next((one.utc for one in done if one.what == "inject"), "")
    logs = folder / "logs"
    drill = Drill(
        number=plan.number if plan else number,
        fault=fault,
        letter=letter,
        target=target,
        hosts=said.hosts if said else plan.hosts if plan else (),
        at=plan.at if plan else began,
        columns=_columns(plan, said),
        forecasts=_forecasts(plan, said),
        measured=measured,
        why=why,
        broken=broken,
        logs=sum(1 for each in logs.iterdir() if each.is_file()) if logs.is_dir() else 0,
    )
    return drill, said


def _named(files: _Folder, folder: Path) -> str:
    """By the folder's name, which a drill in a campaign always has."""
    return folder.name.partition("-")[2] if folder != files.root else "unknown fault"


def _unfinished(files: _Folder, folder: Path) -> str:
    error = files.json(folder / "error.json", ErrorFile)
    if error is not None:
        return error.message
    done = files.lines(folder / "faults.jsonl", DoneFile, torn=True)
    return f"the last that is known of it: {done[-1].what}" if done else "nothing is known of what it did"


def _measured(said: ReportFile, samples: list[Sample], done: list[DoneFile]) -> Measured:
    probes, differs = recompute.probes(said, samples)
    times = said.times
    at = {one.what: one.time for one in done}
    healthy = at["healthy"] - at["inject"] if {"healthy", "inject"} <= set(at) else None
    return Measured(
        begin_s=-times.inject_s,
        injected_s=times.injected_s - times.inject_s,
        heal_s=times.heal_s - times.inject_s,
        end_s=times.end_s - times.inject_s,
        healthy_s=healthy,
        probes=probes,
        audits=tuple(Verdict(each.name, each.verdict, each.detail) for each in said.audits),
        void=said.void,
        notes=said.notes,
        differs=differs,
        noise=said.noise,
    )


def _columns(plan: PlanFile | None, said: ReportFile | None) -> dict[str, str]:
    columns: dict[str, str] = {}
    known = known_probes()
    for probe in said.probes if said else ():
        forecast = plan.predicted.get(probe.name) if plan else None
        if forecast and forecast.column:
            columns[probe.name] = forecast.column
        elif probe.name in known:
            columns[probe.name] = known[probe.name].column
    return columns


def _forecasts(plan: PlanFile | None, said: ReportFile | None) -> dict[str, float]:
    """Of a drill without a plan: its bounds, which were computed from the same timers."""
    if plan is not None:
        return {name: each.bound_s for name, each in sorted(plan.predicted.items()) if each.bound_s}
    return {probe.name: probe.bound_s for probe in said.probes if probe.bound_s} if said else {}
