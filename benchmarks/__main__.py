"""Every benchmark, one after the other: `make bench`.

DATABASE_URL and REDIS_URL name the servers; unset, this machine's own are tried, as the tests do.
Each works in a database of its own and in names of its own, and leaves nothing behind.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.everywhere import postgres_url, redis_url

NAMES = ("votes", "interactions", "gateway", "export", "queue", "lists", "formats", "datasets")


def main(names: list[str]) -> int:
    own = {"DATABASE_URL": postgres_url(), "REDIS_URL": redis_url()}
    for name, url in own.items():
        if not url:
            print(f"{name}: a server that answers is needed", flush=True)
            return 1
    failed = 0
    for name in names or NAMES:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        failed |= subprocess.run(command, env=os.environ | own, check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
