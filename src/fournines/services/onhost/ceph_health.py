"""Do daemons of Ceph on this host say what they should? By their own sockets, without the cluster.

ceph_health.py PREFIX KEY VALUE[,VALUE...] SOCKET...
"""

import sys

from fournines.services.onhost.ceph_ask import ask


def main() -> int:
    prefix, key, values, *paths = sys.argv[1:]
    bad = 0
    for path in paths:
        try:
            seen = str(ask(path, prefix).get(key))
        except (OSError, ValueError) as error:
            seen = str(error)
        good = seen in values.split(",")
        bad += not good
        print(f"{path.rsplit('/', 1)[-1].removesuffix('.asok')}: {seen}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
