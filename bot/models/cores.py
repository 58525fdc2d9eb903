"""How many processor cores this process may use: threads beyond them make a model slower, not faster."""

import os
from pathlib import Path

_TOPOLOGY = Path("/sys/devices/system/cpu")
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores(topology: Path = _TOPOLOGY, quota: Path = _CGROUP_QUOTA) -> int:
    """The physical cores within this process's affinity and its container's processor quota; at least 1."""
    cores = _physical_cores(topology)
    limit = _quota(quota)
    return max(1, min(cores, limit) if limit is not None else cores)


def _physical_cores(topology: Path) -> int:
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    try:
        # Threads of one core name the same siblings.
        return len({(topology / f"cpu{cpu}/topology/thread_siblings_list").read_text() for cpu in allowed})
    except OSError:
        return len(allowed)


def _quota(file: Path) -> int | None:
    """The whole cores that a container may use, where it is limited ("200000 100000" is two)."""
    try:
        allowed, period = file.read_text().split()
        return None if allowed == "max" else max(1, int(allowed) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None
