"""Which options the installed OpenStack packages know: their own word, kept on the host once it was asked for.

Also a program by itself, of the host's own python3 with all its libraries, because to ask takes seconds of CPU (an
import of Nova): `python3 -I -c SOURCE [NAMESPACE...]` prints one JSON object; without namespaces, of all there are.

    {"made_of": {distribution: ns}, "namespaces": {namespace: {group: [name]}}, "auth": {plugin: [name]},
     "broken": {namespace: why}}

Names are those that oslo.config takes in a file, deprecated ones too; `made_of` is `distributions()` at that time.
What no distribution offers is nowhere in the answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

LIBRARIES = "/usr/lib/python3/dist-packages"


def distributions(folder: str) -> dict[str, int]:
    """Python distribution, with its version -> when dpkg last changed it, in ns. Packages that differ, differ here:
    dpkg renames new files into the folder also where only Debian's revision is another."""
    with os.scandir(folder) as entries:
        found = [entry for entry in entries if entry.name.endswith((".egg-info", ".dist-info"))]
        return {entry.name: entry.stat().st_mtime_ns for entry in found}


def names_of(options: Iterable[Any]) -> set[str]:
    return {name for option in options for name in (option.name, option.dest)}


def groups_of(namespace: str) -> dict[str, list[str]]:
    """From what oslo-config-generator and oslo-config-validator work from."""
    from oslo_config import generator  # pyright: ignore

    module: Any = generator
    found: dict[str, set[str]] = {}
    for _, listing in module._list_opts([namespace]):
        for group, options in listing:
            section = str(getattr(group, "name", group) or "DEFAULT")
            found.setdefault(section, set()).update(names_of(options))
            for option in options:
                for old in option.deprecated_opts:
                    names = {old.name, old.name.replace("-", "_")} if old.name else {option.name, option.dest}
                    found.setdefault(old.group or section, set()).update(names)
    return {section: sorted(names) for section, names in sorted(found.items())}


def auth_plugins() -> dict[str, list[str]]:
    """Options that a section takes by its `auth_type`: keystoneauth registers them when it reads the file."""
    from keystoneauth1 import loading  # pyright: ignore

    module: Any = loading
    found: dict[str, list[str]] = {}
    for name in module.get_available_plugin_names():
        options = module.get_auth_plugin_conf_options(name)
        old = [each for option in options for each in option.deprecated_opts]
        found[name] = sorted(names_of(options) | {each.name.replace("-", "_") for each in old if each.name})
    return found


def asked(namespaces: list[str]) -> dict[str, Any]:
    """Each distribution in a process of its own, as many at once as there are CPUs: two services in one process clash
    in what they register."""
    from importlib.metadata import distributions as installed

    answer: dict[str, Any] = {"made_of": distributions(LIBRARIES), "namespaces": {}, "auth": {}, "broken": {}}
    works: list[list[str]] = []
    for distribution in installed():
        names = {each.name for each in distribution.entry_points if each.group == "oslo.config.opts"}
        if wanted := sorted(name for name in names if not namespaces or name in namespaces):
            works.append(wanted)
    if not works:
        return answer
    # Here and not in each child, for all of which their imports are much of the work.
    import oslo_config.generator  # noqa: F401  # pyright: ignore

    with contextlib.suppress(ImportError):
        answer["auth"] = auth_plugins()
    # What takes longest first: a service has more dependencies, and more namespaces, than a library.
    works.sort(key=len)
    running: dict[int, int] = {}
    while works or running:
        while works and len(running) < (os.cpu_count() or 1):
            work, sink = works.pop(), os.memfd_create("answer")
            child = os.fork()
            if child == 0:
                tell(sink, work)
            running[child] = sink
        child, _ = os.wait()
        sink = running.pop(child)
        for key, found in json.loads(os.pread(sink, os.fstat(sink).st_size, 0)).items():
            answer[key].update(found)
        os.close(sink)
    return answer


def tell(sink: int, namespaces: list[str]) -> None:
    """In a child: the answer about these into the file, and the end."""
    found: dict[str, dict[str, Any]] = {"namespaces": {}, "broken": {}}
    for name in namespaces:
        try:
            found["namespaces"][name] = groups_of(name)
        except BaseException as error:
            # It is other people's code, and some namespaces are those of test suites that Debian does not ship.
            found["broken"][name] = f"{type(error).__name__}: {error}"[:300]
    os.write(sink, json.dumps(found).encode())
    os._exit(0)


if __name__ == "__main__":
    print(json.dumps(asked(sys.argv[1:]), sort_keys=True))
