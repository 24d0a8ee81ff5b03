"""Programs of the host, run to their end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess

TAIL = 4096


class Ran:
    """How a program ended. `exit` is None when it was cut off, -1 when it could not be started."""

    def __init__(self, code: int | None, out: str, err: str) -> None:
        self.exit = code
        self.out = out
        self.err = err

    def said(self) -> str:
        return (self.err.strip() or self.out.strip())[-TAIL:]


def execute(argv: list[str], stdin: str = "", timeout: float = 60.0) -> Ran:
    """Run a program to its end or for `timeout` seconds, then kill it with all that it started.

    Its streams are files in memory: a daemon that it leaves behind cannot keep us waiting for a pipe's end.
    """
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(open(os.memfd_create(name), "w+b")) for name in ("stdin", "stdout", "stderr")]
        streams[0].write(stdin.encode())
        streams[0].seek(0)
        try:
            process = subprocess.Popen(
                argv, stdin=streams[0], stdout=streams[1], stderr=streams[2], start_new_session=True
            )
        except OSError as error:
            return Ran(-1, "", f"cannot run {argv[0]}: {error.strerror}")
        code: int | None = None
        handle = os.pidfd_open(process.pid)
        ended, _, _ = select.select([handle], [], [], timeout)
        os.close(handle)
        if ended:
            code = process.wait()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        out, err = (os.pread(s.fileno(), os.fstat(s.fileno()).st_size, 0) for s in streams[1:])
    return Ran(code, out.decode(errors="replace"), err.decode(errors="replace"))
