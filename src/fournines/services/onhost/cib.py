"""Compares the cluster's configuration with the desired one, and replaces what differs.

    cib.py check|replace < configuration.xml

Sections `nodes` and
`status`, and properties that Pacemaker itself keeps, are left alone. `check` exits 0 when nothing differs and the
VIP and the fencing devices run.
"""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

SECTIONS = ("crm_config", "resources", "constraints", "rsc_defaults")


def canonical(element: ElementTree.Element) -> str:
    """Attribute order and white space do not count; the order of elements does not either, except of children
    whose order means something in a CIB (none of ours)."""
    children = sorted(canonical(child) for child in element)
    attributes = " ".join(f"{key}={value!r}" for key, value in sorted(element.attrib.items()))
    return f"<{element.tag} {attributes}>{''.join(children)}"


def section(configuration: ElementTree.Element, name: str) -> ElementTree.Element:
    found = configuration.find(name)
    if found is None:
        return ElementTree.Element(name)
    if name == "crm_config":
        for child in list(found):
            if child.get("id") != "fournines":
                found.remove(child)
    return found


def program(*argv: str, stdin: str = "") -> str:
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        sys.exit(f"{argv[0]}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


desired = ElementTree.fromstring(sys.stdin.read())  # noqa: S314 - our own text
actual = ElementTree.fromstring(program("cibadmin", "--query", "--scope", "configuration"))  # noqa: S314
different = [name for name in SECTIONS if canonical(section(desired, name)) != canonical(section(actual, name))]
if sys.argv[1] == "replace":
    for name in different:
        text = ElementTree.tostring(section(desired, name), encoding="unicode")
        verb = ("--modify", "--allow-create") if name == "crm_config" else ("--replace",)
        program("cibadmin", *verb, "--scope", name, "--xml-pipe", stdin=text)
        print(f"replaced {name}")
    sys.exit(0)
if different:
    print("differs:", ", ".join(different))
    sys.exit(1)
status = ElementTree.fromstring(program("crm_mon", "--one-shot", "--output-as=xml"))  # noqa: S314
running = {
    resource.get("id", "").split(":")[0]
    for resource in status.iter("resource")
    if resource.get("role") == "Started" and resource.get("failed") == "false"
}
# Units of services that are not there yet at this point: their own checks await them.
wanted = {each.get("id", "") for each in desired.iter("primitive") if each.get("class") != "systemd"}
missing = sorted(wanted - running)
print("not started:" if missing else "as desired", ", ".join(missing))
sys.exit(1 if missing else 0)
