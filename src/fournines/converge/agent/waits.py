"""Wait for a check; run a step and wait for what it should bring about."""

from __future__ import annotations

import time

from fournines.converge.agent import programs
from fournines.converge.agent.checks import evaluate
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import Data, Machine
from fournines.converge.agent.ports import holders
from fournines.converge.agent.programs import TAIL
from fournines.converge.agent.units import last_lines, read_stamps


def wait_for(check: Data, bound: float, line: Line) -> Data:
    """Evaluate until it holds or `bound` seconds are over. Gives up early only when nobody reads any more."""
    began = time.monotonic()
    last: Data = {"ok": False, "seen": "", "seconds": 0.0}
    pause = 0.1
    with line.beating(lambda: str(last["seen"])[:500]):
        while True:
            last = evaluate(check, max(0.5, bound - (time.monotonic() - began)))
            spent = time.monotonic() - began
            if last["ok"] or spent >= bound or line.gone:
                return {"ok": last["ok"], "seen": last["seen"], "seconds": round(spent, 3)}
            time.sleep(min(pause, bound - spent))
            pause = min(0.5, pause * 1.5)


def wait(machine: Machine, request: Data, line: Line) -> Data:
    """{ok, seen, seconds, holders}: who has a port that one of `units` cannot get. An answer of such a one is none:
    a foreign process that accepts connections looks like a service that serves."""
    check, units = request["check"], list(request.get("units", ()))
    result = wait_for(check, float(request["bound"]), line)
    journal = [each for name in units if not result["ok"] for each in last_lines(name)]
    taken = holders(journal, check, {*units, *read_stamps(machine)})
    return {**result, "ok": result["ok"] and not taken, "holders": taken}


def run(machine: Machine, request: Data, line: Line) -> Data:
    """A step. The lock keeps a repeated run from doing it beside the run that was killed."""
    command, done = request["command"], request["done"]
    with machine.lock("step " + request["name"], line):
        first = evaluate(done)
        if first["ok"]:
            return {"skipped": True, "exit": 0, "stdout": "", "stderr": "", "seconds": 0.0, "done": first}
        began = time.monotonic()
        with line.beating(lambda: "running"):
            ran = programs.execute(list(command["argv"]), command["stdin"], float(command["timeout"]))
        seconds = round(time.monotonic() - began, 3)
        # A run that failed halfway last time may fail now because all is there: the check decides.
        after = wait_for(done, float(request["bound"]), line) if ran.exit == 0 else evaluate(done)
        out, err = ("(secret)", "(secret)") if command["secret"] else (ran.out[-TAIL:], ran.err[-TAIL:])
        return {"skipped": False, "exit": ran.exit, "stdout": out, "stderr": err, "seconds": seconds, "done": after}
