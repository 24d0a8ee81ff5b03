"""One fault, under probes, with audits. The order of it all:

    refuse where a host is in maintenance -> heal -> wait for a healthy cloud -> aim
    remove old rows and images, make the bucket ready -> probe
        baseline -> inject -> steady -> heal -> wait for a healthy cloud -> fail-back
    stop probing -> remove guests -> round trips and audits -> remove rows, objects and images -> report

Where a fault blocks what it takes there is no steady part: it must stand still for a while instead. Where it cuts a
minority off, that is asked to accept something all the while, and must not.

Healing happens on every way out: an exception, SIGINT, SIGTERM, SIGHUP. Only SIGKILL leaves the injury; the next
drill of that fault begins with healing it, and whatever a host's own timer would undo any drill undoes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

from fournines.cloud.model import Cloud
from fournines.converge.events import Event, Observer, silent
from fournines.converge.inspect import inspect
from fournines.demo import possible
from fournines.demo.find import Guest, find
from fournines.errors import DrillError
from fournines.faults import Fault, undo_all
from fournines.hosts import Fleet, Host
from fournines.probes import GUEST, Api, Connections, HostProbe, Probe
from fournines.prove import minority
from fournines.prove import samples as sampled
from fournines.prove.asked import answerable, api_of, probes_of
from fournines.prove.audits import Evidence, Verdict, audit_all
from fournines.prove.bounds import bound, floor
from fournines.prove.budgets import classes
from fournines.prove.errands import errands
from fournines.prove.facts import GALERA, Views, in_short, struck, troubles
from fournines.prove.fleet import ProbeFleet
from fournines.prove.forecast import Forecast, forecast
from fournines.prove.healed import always_healed
from fournines.prove.leftovers import Leftovers
from fournines.prove.phases import TELL_EVERY_S, Phases
from fournines.prove.prober import Beat, Plan
from fournines.prove.report import Marks, Report, doubts, probe_report
from fournines.prove.results import Results
from fournines.prove.samples import Sample
from fournines.prove.standstill import standstill
from fournines.prove.targets import NOWHERE, means, resolve
from fournines.prove.windows import Windows
from fournines.state import State
from fournines.verify.run import Verified, verify

QUORUM_S = 600.0
"""Within which all is well again after the loss of a quorum: its class."""
_LOOK_EVERY_S = 2.0


def drill(
    cloud: Cloud,
    fleet: Fleet,
    state: State,
    fault: Fault,
    target: str,
    observer: Observer = silent,
    windows: Windows | None = None,
    speed: float = 1,
    results: Results | None = None,
    foretell: Callable[[Forecast], None] | None = None,
    aside: Callable[[Views], Collection[str]] = lambda views: (),
    connections: Connections = "fresh",
    requested: Collection[str] = (),
) -> Report:
    """Break the cloud once and report. Holds the cloud's lock: the caller must not.

    `target`: as `targets.resolve` reads it; for a fault that injures nothing, `none`. `speed` multiplies the probes'
    rates. `results`: where the evidence goes, else a folder of its own. `foretell` hears what the drill will cost,
    just before the fault. `aside`: hosts that somebody has taken out of service. `connections`: of the APIs' clients.
    `requested`: names of probes that are made on request alone. Blocks; handles SIGINT, SIGTERM and SIGHUP when called
    from the main thread, as KeyboardInterrupt.

    Raises DrillError (cloud not healthy before, a host in maintenance, no such target, baseline not clean, prober
    dead), LockedError, HostError (the fault could not be injected or healed). What was broken is healed in each case.
    """
    with state.lock(f"drill {fault.name}"):
        vault = state.vault()
        run = Run(
            cloud=cloud,
            fleet=fleet,
            fault=fault.aimed(target),
            equip=lambda aimed, names, views: aimed.equipped(means(cloud, fleet, vault, views), names),
            target=target,
            api=api_of(cloud, vault),
            look=lambda: inspect(cloud, fleet),
            glance=lambda hosts: inspect(cloud, fleet, hosts, thorough=False),
            verify=lambda: verify(cloud, vault, observer),
            guest=lambda: find(cloud, vault),
            results=lambda: results or Results.new(state.results, fault.name),
            observer=observer,
            windows=windows or Windows(),
            speed=speed,
            foretell=foretell,
            aside=aside,
            connections=connections,
            requested=requested,
            undo=lambda: undo_all(fleet[host.name] for host in cloud.hosts),
        )
        return run()


def round_trips(found: Sequence[Verified]) -> Verdict:
    """What the round trips through the APIs come to."""
    failed = [each for each in found if each.ok is False]
    unknown = [each.service for each in found if each.ok is None]
    if failed:
        return Verdict("round-trips", "fail", "; ".join(f"{each.service}: {each.detail}" for each in failed))
    if unknown:
        return Verdict("round-trips", "unknown", f"not verified: {', '.join(unknown)}")
    return Verdict("round-trips", "ok", ", ".join(f"{each.service} {each.seconds or 0:.1f} s" for each in found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One drill with everything that it touches handed in."""

    cloud: Cloud
    fleet: Fleet
    fault: Fault
    target: str
    api: Api
    equip: Callable[[Fault, Sequence[str], Views], Fault] = lambda fault, names, views: fault
    """Gives the fault what it takes to strike these hosts."""
    look: Callable[[], Views]
    glance: Callable[[Collection[str]], Views] | None = None
    """Health alone, of these hosts alone: while probes run, whoever looks takes what they measure. None: `look`."""
    verify: Callable[[], Sequence[Verified]]
    guest: Callable[[], Guest | None] = lambda: None
    """Who is asked through a floating IP."""
    results: Callable[[], Results]
    observer: Observer
    windows: Windows
    speed: float = 1
    foretell: Callable[[Forecast], None] | None = None
    """Hears what it will cost, after the baseline and before the fault."""
    aside: Callable[[Views], Collection[str]] = lambda views: ()
    """Hosts that are out of service on purpose: what else is broken then, the cloud may not survive."""
    connections: Connections = "fresh"
    """How the APIs' clients connect."""
    requested: Collection[str] = ()
    """Names of probes that are made on request alone."""
    undo: Callable[[], None] = lambda: None
    """Ends what drills of other faults left."""

    def __call__(self) -> Report:
        # Before anything is healed, which would switch on what somebody has switched off.
        if self.target != NOWHERE and (aside := sorted(self.aside(self.look()))):
            away = f"{', '.join(aside)} {'are' if len(aside) > 1 else 'is'} in maintenance"
            raise DrillError(f"{away}, so not drilled", f"nines maintain {aside[0]} --done")
        every = probes_of(self.cloud, self.requested)
        notes: list[str] = []
        with ExitStack() as healed, always_healed(self._heal):
            self.undo()
            self._heal()
            views, problems = self._await_healthy("ready", lambda: None)
            if problems:
                raise DrillError(
                    f"not healthy after {self.windows.healthy:g} s, so not drilled: {'; '.join(problems)}",
                    "see nines status; nines up repairs",
                )
            names = () if self.target == NOWHERE else resolve(self.target, views, self.cloud)
            if self.fault.injures and not names:
                raise DrillError(f"{self.fault.name} needs a target", "name vip, writer or a host")
            hosts = [self.fleet[name] for name in names]
            fault = self.equip(self.fault, names, views)
            fault.possible(hosts)
            lost = struck(fault, names, views, self.cloud)
            results = self.results()
            self._tell("start", "drill", f"{fault.name} of {', '.join(names) or 'nothing'}: {results.folder}")
            sent, nowhere = errands(every, self.cloud, self.fleet, names, self.speed)
            notes += nowhere
            remote = {errand.probe.name for errand in sent}
            api = self._api(every, notes)
            probes = [each for each in every if not isinstance(each, HostProbe) or each.name in remote]
            probes, older = answerable(api, probes)
            notes += older
            leftovers = Leftovers(
                probes=probes,
                api=self.api,
                members=[self.fleet[host.name] for host in self.cloud.services[GALERA].hosts],
                client=sent[0].host if sent else None,
                guests=possible(self.cloud),
                note=lambda stage, text: self._tell("note", stage, text),
            )
            leftovers.clear()
            healed.callback(leftovers.quiet, notes.append)
            beats = tuple(Beat.of(probe, self.speed) for probe in probes)
            here = tuple(beat for beat in beats if beat.probe not in remote)
            plan = Plan(api=api, beats=here, samples=results.samples, connections=self.connections)
            failover = max([bound(self.cloud.timers, lost, probe, 0) for probe in probes], default=0)

            def foretell(baseline: Sequence[Sample]) -> None:
                if self.foretell:
                    self.foretell(forecast(self.cloud, fault, names, lost, probes, baseline))

            with ProbeFleet(plan, sent) as probing:
                phases = Phases(probing=probing, beats=beats, windows=self.windows, tell=self._tell)
                marks, told, audits = self._injure(fault, phases, results, hosts, failover, foretell)
                t0, noise, books = probing.t0, probing.stop(), probing.books
        notes += told
        samples = sampled.read(results.samples)
        acknowledged = {
            probe.name: tuple(sample.ack for sample in samples if sample.ack and sample.probe == probe.name)
            for probe in probes
            if probe.writes
        }
        trips = round_trips(self.verify())
        self._tell("start", "audits")
        evidence = Evidence(self.cloud, self.fleet, self.look(), acknowledged, self.api, books)
        audits = [*audit_all(evidence), *audits, trips]
        if fault.blocks:
            if "copies" in lost:
                stores = {probe.name for probe in probes if probe.all_copies}
                audits.append(standstill([one for one in samples if one.probe in stores], marks))
            else:
                notes.append("not every block has copies on these hosts: not judged whether it stood still")
        self._tell("done", "audits", ", ".join(f"{audit.name} {audit.verdict}" for audit in audits))
        try:
            leftovers.remove()
        except DrillError as error:
            notes.append(f"{error.message}; the next drill removes them")
        timers = self.cloud.timers
        letters = classes(fault, names, self.cloud)
        judged = tuple(
            probe_report(
                probe,
                [sample for sample in samples if sample.probe == probe.name],
                marks,
                letters,
                timers,
                lost,
                beat.interval_s,
                fault.bounded and not fault.blocks,
            )
            for probe, beat in zip(probes, beats, strict=True)
        )
        stall_limit = min(beat.deadline_s for beat in beats) / 2
        # Where nothing goes silent, answers may come at any time.
        least = {probe.name: floor(timers, lost, probe) if fault.silences else 0.0 for probe in probes}
        report = Report(
            drill=fault.name,
            letter=fault.letter,
            target=self.target,
            hosts=names,
            fidelity=self.cloud.fidelity,
            connections=self.connections,
            probes=judged,
            audits=tuple(audits),
            noise=noise,
            void=tuple(doubts(judged, samples, noise, stall_limit, marks, least)),
            notes=tuple(notes),
            marks=marks,
            t0=t0,
            results=str(results.folder),
        )
        results.write_report(report.as_json())
        return report

    def _injure(
        self,
        fault: Fault,
        phases: Phases,
        results: Results,
        hosts: list[Host],
        failover: float,
        foretell: Callable[[Sequence[Sample]], None],
    ) -> tuple[Marks, list[str], list[Verdict]]:
        """Baseline to fail-back, with the prober running."""
        notes: list[str] = []
        windows, names = self.windows, [host.name for host in hosts]
        phases.last("baseline", windows.baseline, phases.probing.t0)
        foretell(phases.seen)
        if fault.injures and (bad := [sample for sample in phases.seen if not sample.ok]):
            last = bad[-1]
            raise DrillError(
                f"the baseline is not clean: {len(bad)} of {len(phases.seen)} requests were bad, "
                f"such as {last.probe}: {last.error} {last.detail or ''}".rstrip(),
                f"see {results.samples}",
            )
        self._tell("start", "fault", f"{fault.name} of {', '.join(names) or 'nothing'}")
        inject = results.done("inject", fault=fault.name, hosts=names)
        fault.inject(hosts)
        injected = results.done("injected", fault=fault.name, hosts=names)
        self._tell("done", "fault", seconds=injected - inject)
        trials = minority.trials(*minority.cut_by(fault, names), self.cloud)
        with minority.Watch(trials, self.fleet) as left_behind:
            if fault.blocks:
                phases.last("standstill", windows.blocked, injected, spoken=False)
            elif not phases.steady(injected, failover):
                notes.append(
                    f"not served for {windows.steady:g} s on end within {phases.patience(failover):g} s of the fault"
                )
            while waiting := left_behind.lacks():
                phases.follow()
                self._tell("wait", "minority", ", ".join(f"{service} on {host}" for service, host in waiting))
                time.sleep(TELL_EVERY_S)
        self._tell("start", "heal")
        heal = results.done("heal", fault=fault.name, hosts=names)
        self._heal()
        healed = results.done("healed", fault=fault.name, hosts=names)
        self._tell("done", "heal", seconds=healed - heal)
        limit = max(windows.healthy, QUORUM_S if fault.letter == "X" else 0)
        _, problems = self._await_healthy("recovery", phases.follow, briefly=True, limit=limit)
        took = results.done("healthy" if not problems else "not healthy") - healed
        if problems:
            recovered = Verdict("recovered", "fail", f"not healthy {took:.0f} s after healing: {'; '.join(problems)}")
        else:
            recovered = Verdict("recovered", "ok", f"every service healthy {took:.1f} s after healing")
        phases.last("fail-back", windows.failback, time.monotonic())
        return Marks(inject, injected, heal, results.done("stop")), notes, [recovered, *left_behind.verdicts()]

    def _await_healthy(
        self, stage: str, follow: Callable[[], None], *, briefly: bool = False, limit: float | None = None
    ) -> tuple[Views, list[str]]:
        """What was seen last, and who is not well after `limit` seconds, else `windows.healthy` (nobody: healthy).

        `briefly`: between two looks at all hosts only at those that were not well.
        """
        began = time.monotonic()
        limit = limit or self.windows.healthy
        everybody = [host.name for host in self.cloud.hosts]
        views: Views = {}
        hosts = everybody
        while True:
            follow()
            looked = time.monotonic()
            seen = self.glance(hosts) if briefly and self.glance else self.look()
            views = {**views, **seen}
            found = troubles(views, self.cloud)
            passed = time.monotonic() - began
            complete = set(everybody) <= set(seen)
            if (complete and not found) or passed >= limit:
                problems = [str(each) for each in found]
                self._tell("fail" if problems else "done", stage, "; ".join(problems), seconds=passed)
                return views, problems
            self._tell("wait", stage, in_short(found) or "a look at all hosts", seconds=passed)
            sick = {each.host for each in found}
            hosts = [name for name in everybody if name in sick] or everybody
            if sick:
                # Looking takes from what is to recover: at most half of the time.
                time.sleep(max(_LOOK_EVERY_S, time.monotonic() - looked))

    def _heal(self) -> None:
        """On every host: also what an earlier run left, and a host that was fenced on the way."""
        self.fault.heal([self.fleet[host.name] for host in self.cloud.hosts])

    def _api(self, probes: Sequence[Probe], notes: list[str]) -> Api:
        """With the demo's guest, where it runs, and what probes make guests of, where they do."""
        api, guest = self.api, self.guest()
        if guest is None:
            if makers := [probe.name for probe in probes if probe.lasting]:
                raise DrillError(f"{', '.join(makers)}: made with the demo, and none runs", "nines demo")
            if self.cloud.having("compute"):
                notes.append("no guest was asked: nines demo starts one")
            return api
        endpoints = {**api.endpoints, GUEST: f"http://{guest.address}"}
        return replace(api, endpoints=endpoints, guest=guest.server, guest_fixed=guest.fixed)

    def _tell(self, kind: Any, stage: str, text: str = "", seconds: float | None = None) -> None:
        self.observer(Event(kind, stage, text, seconds=seconds))
