"""The staged prover's service, as Android would start it, and what it used: `python service_process.py REPORT MIB`.

The limit is the kernel's (RLIMIT_DATA: all private memory that can be written, touched or not): an allocation beyond it
fails. Resident memory is reported besides.
"""

from __future__ import annotations

import json
import resource
import runpy
import sys
import time
from pathlib import Path


def main(report: Path, limit_mib: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (limit_mib << 20, limit_mib << 20))
    started_s = time.monotonic()
    status = 1
    try:
        runpy.run_path("service/prover.py", run_name="__main__")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    lines = Path("/proc/self/status").read_text().splitlines()
    peak_kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    report.write_text(
        json.dumps(
            {
                "status": status,
                "peak_mib": peak_kib / 1024,
                "wall_s": time.monotonic() - started_s,
                "cpu_s": time.process_time(),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
