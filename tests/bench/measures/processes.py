"""What the kernel knows of other processes, exactly."""

import os
import pathlib
import re
import time


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads, those that have ended too, to the nanosecond."""
    # The clock that clock_getcpuclockid(3) names; Python has no such call.
    return time.clock_gettime((~pid << 3) | 2)


def children(pid: int) -> list[int]:
    """Those below it, at any depth."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            found += [int(child), *children(int(child))]
    return found


def family_cpu_seconds(pid: int) -> float:
    return sum(map(cpu_seconds, [pid, *children(pid)]))


def status(pid: int) -> dict[str, int]:
    """The lines of `/proc/PID/status` that are numbers, as they stand there: sizes in kB."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text("ascii", errors="replace")
    return {name: int(value)
            for name, value in re.findall(r"^(\w+):\s+(\d+)(?: kB)?$", text, re.MULTILINE)}


def voluntary_switches(pid: int) -> int:
    """Of all its threads."""
    return sum(status(int(task))["voluntary_ctxt_switches"]
               for task in os.listdir(f"/proc/{pid}/task"))
