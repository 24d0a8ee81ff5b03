"""Is every option of a rendered OpenStack file one that its service knows? oslo.config ignores the others silently.

A file is judged by the schema of the packages that are installed here (`schema.py`), which is kept and asked for anew
when those change. Until a file's packages are installed nothing can be said of it.
"""

from __future__ import annotations

import json
import os

from fournines.converge.agent import programs, schema
from fournines.converge.agent.line import Line
from fournines.converge.agent.machine import STATE, Data, Machine, Refusal

KEPT = STATE + "/oslo.json"
ASK_BOUND = 180.0
SHOWN = 20
REMEDY = "correct the name where the service renders it (src/fournines/services); see oslo-config-generator on the host"

Sections = dict[str, dict[str, str]]


def refuse_unknown_options(machine: Machine, resources: list[Data], line: Line, incomplete: bool) -> None:
    """Raises Refusal naming every option that its service does not know, in all files with `oslo` namespaces.

    `incomplete`: packages are missing, so a file whose namespaces are not all there is let pass for now.
    """
    files = [resource for resource in resources if resource["kind"] == "file" and resource.get("oslo")]
    if not files:
        return
    wanted = {name for file in files for name in file["oslo"]}
    known = kept(machine) if incomplete else asked(machine, wanted, line)
    told: list[str] = []
    for file in files:
        missing = [name for name in file["oslo"] if name not in known["namespaces"]]
        if missing and not incomplete:
            why = known["broken"].get(missing[0], "no installed package has it")
            raise Refusal("{}: no options of {} to compare with: {}".format(file["path"], ", ".join(missing), why))
        if not missing:
            told += unknown(file, known)
    if told:
        more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
        raise Refusal("\n  ".join(["options that no service would read:", *told[:SHOWN], *more]), REMEDY)


def unknown(file: Data, known: Data) -> list[str]:
    """One line for each option that would be ignored."""
    groups: dict[str, set[str]] = {}
    for name in file["oslo"]:
        for group, options in known["namespaces"][name].items():
            groups.setdefault(group, set()).update(options)
    for section, group in file["oslo_groups"]:
        groups.setdefault(section, set()).update(groups.get(group, ()))
    told: list[str] = []
    for section, options in parsed(file["content"]).items():
        names = groups.get(section, set())
        # keystoneauth registers what its plugin takes when it reads which one that is. Cinder lists every plugin's
        # options for one section, but not the one that chooses.
        if names & {"auth_type", "auth_url"}:
            names = names | {"auth_type", "auth_section"}
        plugin = options.get("auth_type", "") if "auth_type" in names else ""
        if plugin and plugin not in known["auth"]:
            told.append("[{}] auth_type in {}: no such plugin: {}".format(section, file["path"], plugin))
            continue
        names = names.union(known["auth"].get(plugin, ()))
        for option in options:
            if option not in names:
                service = file["oslo"][0].split(".")[0]
                told.append(
                    "[{}] {} in {} is no option of {}{}".format(
                        section, option, file["path"], service, nearest(section, option, names, groups)
                    )
                )
    return told


def nearest(section: str, option: str, names: set[str], groups: dict[str, set[str]]) -> str:
    from difflib import get_close_matches

    elsewhere = [group for group in sorted(groups) if option in groups[group]]
    if elsewhere:
        return "; it is one of {}".format(", ".join(f"[{group}]" for group in elsewhere[:3]))
    if not names:
        near = get_close_matches(section, groups, 1)
        return "; there is no such section" + (f", did you mean [{near[0]}]?" if near else "")
    near = get_close_matches(option, names, 1)
    return f"; did you mean {near[0]}?" if near else ""


def parsed(text: str) -> Sections:
    """Section -> option -> its first line's value, as oslo.config reads a file."""
    found: Sections = {}
    options = found.setdefault("DEFAULT", {})
    for line in text.splitlines():
        if not line.strip() or line[0] in "#; \t":
            # The last kind continues the value of the line before.
            continue
        if line.startswith("["):
            options = found.setdefault(line.strip()[1:-1], {})
        else:
            place = min(each for each in (line.find("="), line.find(":"), len(line)) if each >= 0)
            options.setdefault(line[:place].strip(), line[place + 1 :].strip())
    return found


def kept(machine: Machine) -> Data:
    """The schema as it was last kept; an empty one where the packages have changed since."""
    nothing: Data = {"made_of": {}, "namespaces": {}, "auth": {}, "broken": {}}
    try:
        found: Data = json.loads(machine.read(KEPT) or b"{}")
    except ValueError:
        return nothing
    folder = machine.at(schema.LIBRARIES)
    now = schema.distributions(folder) if os.path.isdir(folder) else {}
    return found if found.get("made_of") == now and now else nothing


def asked(machine: Machine, wanted: set[str], line: Line) -> Data:
    """The schema with these namespaces, as far as there are any; asked for and kept when it is not there yet."""
    known = kept(machine)
    if wanted <= known["namespaces"].keys():
        return known
    with machine.lock("options", line):
        known = kept(machine)
        missing = sorted(wanted - known["namespaces"].keys())
        if missing:
            source = schema.__loader__.get_source(schema.__name__)
            with line.beating(lambda: "asking {} which options there are".format(", ".join(missing))):
                # Its libraries are those of the host, and it must leave no trace among them.
                ran = programs.execute(["python3", "-IB", "-c", source, *missing], timeout=ASK_BOUND)
            if ran.exit != 0:
                raise Refusal("cannot ask for the options of {}: {}".format(", ".join(missing), ran.said()[-500:]))
            new: Data = json.loads(ran.out)
            for key in ("namespaces", "auth", "broken"):
                new[key] = {**known[key], **new[key]}
            known = new
            machine.put(KEPT, (json.dumps(known, sort_keys=True) + "\n").encode())
            machine.settle()
    return known
