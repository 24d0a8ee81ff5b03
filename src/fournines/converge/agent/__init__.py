"""The agent: reads and changes one host. Its source is piped to the host's python3 (>= 3.9), stdlib only.

nines never runs it in its own process (`transport.py` sends it). It takes one JSON request on standard input, answers
in JSON lines on standard output, and exits. It keeps no process, and no file beyond those named here.

    look   {resources, checks, limit}    -> {changes, checks, ...}  what differs, what the checks say; changes nothing
    write  {resources}                   -> {did, left}             removes every difference but unit starts and stops
    units  {units, timeout}              -> {did, failed}           start, restart, reload, stop
    wait   {check, bound}                -> {ok, seen, seconds}     one check until it holds
    run    {name, command, done, bound}  -> {skipped, exit, ...}    a step: nothing when done, else run and await

Answers: `{"progress": {"text", "seconds"}}` about every 2 s, at last `{"result": ...}` or `{"error", "remedy"}`.
Every path is taken below `root` (of the request, else $NINES_ROOT, else the real root).

    /var/lib/fournines/stamps.json     unit -> digest of what it read when it was last started; `UNIT reload` -> of what
                                       it reads again at a reload
    /var/lib/fournines/daemon-reload   there while systemd has not yet reread what was written
    /var/lib/fournines/oslo.json       which options the installed OpenStack packages know
    /run/fournines/*.lock              held while changing: an agent whose operator died may still be at work

A change is {index, kind, subject, action, diff}; index points into the request's resources, null for the agent's own.
"""

MODULES = (
    "programs",
    "line",
    "machine",
    "files",
    "sysctls",
    "disks",
    "mounts",
    "users",
    "packages",
    "schema",
    "oslo",
    "units",
    "kinds",
    "checks",
    "facts",
    "ports",
    "look",
    "write",
    "moves",
    "waits",
    "main",
)
"""All modules, each after those that it imports: as they are sent and loaded."""
