from __future__ import annotations

from fournines import mmdebstrap

OUTPUT = """\
I: running apt-get update...
0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.
I: extracting archives...
Unpacking base-files (13) ...
Unpacking bash (5) ...
Setting up base-files (13) ...
Setting up bash (5) ...
I: installing remaining packages inside the chroot...
0 upgraded, 3 newly installed, 0 to remove and 0 not upgraded.
Unpacking galera-4 (26) ...
"""


def test_progress_counts_over_both_phases() -> None:
    progress = mmdebstrap.Progress()
    seen: list[str] = []
    for line in OUTPUT.splitlines():
        progress.read(line)
        seen.append(str(progress))
    assert seen[0] == "running apt-get update"
    assert seen[5] == "unpacked 2, configured 1 of 2 packages"
    assert seen[-1] == "unpacked 3, configured 2 of 5 packages"
