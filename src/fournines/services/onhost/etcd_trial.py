"""Writes into this etcd member, and prints what came of it, as `fournines.services.Trial` says.

    etcd_trial.py URL AUTHORITY CERTIFICATE

What it writes is that a key which nobody has is deleted: members must agree on that as on any write, and it leaves
nothing behind.
"""

import base64
import json
import ssl
import sys
import urllib.error
import urllib.request

LIMIT_S = 4
KEY = b"/fournines/trial"


def main() -> int:
    url, authority, certificate = sys.argv[1:]
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(certificate)
    client = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    body = json.dumps({"key": base64.b64encode(KEY).decode()}).encode()
    accepted: bool | None = False
    try:
        with client.open(f"{url}/v3/kv/deleterange", body, timeout=LIMIT_S) as answer:
            accepted, seen = True, f"revision {json.load(answer)['header']['revision']}"
    except urllib.error.HTTPError as error:
        # 5xx: it has no leader, or got no consent in time. Others: it did not understand.
        accepted, seen = (False if error.code >= 500 else None), f"{error.code} {error.read()[:150]!r}"
    except OSError as error:
        # It was not asked: it shows what we do not trust.
        if isinstance(getattr(error, "reason", error), ssl.SSLCertVerificationError):
            accepted = None
        seen = str(error) or type(error).__name__
    print(json.dumps({"accepted": accepted, "seen": seen[:200]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
