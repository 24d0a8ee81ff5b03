"""Calling the agent on a host: one process a call, its source and the request on standard input.

Nothing is left on the host, and nothing secret is in an argument list.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar, cast

from fournines.converge import agent
from fournines.converge.agent import MODULES
from fournines.errors import HostError, NinesError, WaitError
from fournines.hosts import Fleet, Host

BOOT = "import sys;n=int(sys.stdin.buffer.readline());exec(compile(sys.stdin.buffer.read(n),'agent','exec'))"
_LOADER = """import sys, types
parts = {parts!r}
class Sent:
    def get_source(self, name):
        return parts[name.rpartition(".")[2]]
package = sys.modules[{package!r}] = types.ModuleType({package!r})
for name, text in parts.items():
    module = sys.modules[package.__name__ + "." + name] = types.ModuleType(package.__name__ + "." + name)
    module.__loader__ = Sent()
    setattr(package, name, module)
    exec(compile(text, "agent/" + name + ".py", "exec"), module.__dict__)
package.main.main()
"""
_COMMAND = ("python3", "-IS", "-c", BOOT)
_NICE = ("nice", "-n", "19")
"""Everything else on the host comes before it."""

Data = dict[str, Any]
Progress = Callable[[str, float], None]
"""Called about every 2 s with what was last seen and the seconds spent."""

T = TypeVar("T")


@cache
def _source() -> bytes:
    """Its length, a line end, then one program: it loads each module of the agent under its own name and file, so
    that they import each other there as here and a traceback names the right line."""
    parts = {name: files(agent.__name__).joinpath(f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
    source = _LOADER.format(package=agent.__name__, parts=parts).encode()
    return b"%d\n%s" % (len(source), source)


def call(
    host: Host, request: Mapping[str, Any], *, timeout: float, progress: Progress | None = None, nice: bool = False
) -> Data:
    """One operation of the agent (see `agent/`) on a host; its result. `nice`: everything else there comes before it.

    Raises HostError when the host cannot be reached, the agent refuses or fails, answers nonsense, or takes longer
    than `timeout` seconds.
    """
    try:
        process = subprocess.Popen(
            host.argv((*_NICE, *_COMMAND) if nice else _COMMAND),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise HostError(host.name, f"cannot reach it: {error}") from error
    late = threading.Event()

    def cut() -> None:
        late.set()
        process.kill()

    alarm = threading.Timer(timeout, cut)
    alarm.daemon = True
    alarm.start()
    stderr: list[bytes] = []
    feeder = threading.Thread(target=_feed, args=(process, request), daemon=True)
    reader = threading.Thread(target=_collect, args=(process, stderr), daemon=True)
    feeder.start()
    reader.start()
    try:
        answer = _listen(host, process, progress)
        # Something on the way may hold the pipe open after the answer; the alarm bounds that too.
        code = process.wait()
    finally:
        alarm.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        feeder.join(1)
        reader.join(1)
        for stream in (process.stdout, process.stderr):
            if stream is not None and not reader.is_alive():
                stream.close()
    if answer is None:
        if late.is_set():
            raise HostError(host.name, f"no answer within {timeout:g} s", "is it up, and reachable?")
        said = b"".join(stderr).decode(errors="replace").strip()[-1000:]
        raise HostError(host.name, f"no answer (exit {code}): {said or 'nothing was said'}", "is it up, with python3?")
    if "error" in answer:
        raise HostError(host.name, str(answer["error"]), str(answer.get("remedy", "")))
    return cast(Data, answer["result"])


def _feed(process: subprocess.Popen[bytes], request: Mapping[str, Any]) -> None:
    assert process.stdin is not None  # noqa: S101
    # A host that went away reads no more; what it answered, or that it did not, tells the rest.
    with contextlib.suppress(OSError), process.stdin as stdin:
        stdin.write(_source())
        stdin.write(json.dumps(request).encode())


def _collect(process: subprocess.Popen[bytes], into: list[bytes]) -> None:
    assert process.stderr is not None  # noqa: S101
    for line in process.stderr:
        into.append(line)
        del into[:-50]


def _listen(host: Host, process: subprocess.Popen[bytes], progress: Progress | None) -> Data | None:
    """The final answer; None when the stream ends without one."""
    assert process.stdout is not None  # noqa: S101
    for line in process.stdout:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            shown = line.decode(errors="replace").strip()[:200]
            raise HostError(
                host.name, f"this is no answer of the agent: {shown}", "does a login script print something?"
            )
        data = cast(Data, message)
        if "progress" in data:
            if progress is not None:
                progress(str(data["progress"]["text"]), float(data["progress"]["seconds"]))
        elif data.keys() & {"result", "error"}:
            return data
    return None


def pick(fleet: Fleet, name: str) -> Host:
    """A host of the fleet. Raises HostError."""
    try:
        return fleet[name]
    except KeyError:
        raise HostError(name, "no such host in this cloud", f"there are: {', '.join(fleet)}") from None


def together(names: Mapping[str, Callable[[], T]], at_once: int | None = None) -> dict[str, T]:
    """Do all at once, or so many of them, one thread each; their results by name.

    When some fail the others end first, then one error tells all failures.
    """
    if not names:
        return {}
    with ThreadPoolExecutor(at_once or len(names)) as pool:
        running = {name: pool.submit(work) for name, work in names.items()}
    results: dict[str, T] = {}
    errors: list[NinesError] = []
    for name, future in running.items():
        error = future.exception()
        if isinstance(error, NinesError):
            errors.append(error)
        elif error is not None:
            raise error
        else:
            results[name] = future.result()
    if errors:
        raise united(errors)
    return results


def united(errors: list[NinesError]) -> NinesError:
    """One error that tells all of them, of the first one's kind."""
    # What several hosts have alike is told once.
    hosts: dict[str, list[str]] = {}
    for error in errors:
        host = error.host if isinstance(error, HostError) else ""
        hosts.setdefault(error.message.removeprefix(f"{host}: "), []).append(host)
    lines = [", ".join(dict.fromkeys(names)) + ": " + text if all(names) else text for text, names in hosts.items()]
    first = errors[0]
    if len(errors) == 1:
        return first
    also = "".join(f"\n{line}" for line in lines[1:])
    if isinstance(first, HostError):
        text, names = next(iter(hosts.items()))
        return HostError(", ".join(filter(None, dict.fromkeys(names))), text + also, first.remedy)
    kind = WaitError if isinstance(first, WaitError) else NinesError
    return kind(first.message + also, first.remedy)
