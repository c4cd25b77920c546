"""What is paid before the first update: seconds of importing and of a first figure, and memory.

Each number comes from a process of its own, which says at its end how much CPU time it took and how
much memory it held at most.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.speed.lesson import DATASET
from benchmarks.speed.rounds import Absent, Effort

ROOT = Path(__file__).resolve().parents[2]
# Linux counts the peak of this program alone in VmHWM; ru_maxrss also knows its parent's. Elsewhere
# that is all there is, in bytes on macOS.
REPORT = """
import json, os, sys, time
def peak_mb():
    if os.path.exists("/proc/self/status"):
        for line in open("/proc/self/status"):
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    import resource
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024**2 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": time.process_time(), "mb": peak_mb()}))
"""
TORCH, RLFT, FIGURE = "import torch", "import rlft", "the first figure of a dataset"
STARTS = {
    "Python alone": "",
    "import numpy": "import numpy",
    TORCH: "import torch",
    RLFT: "import rlft",
    "import rlft, rlft.show": "import rlft.show; rlft.plot_curves",
    FIGURE: f"""
import os, tempfile, rlft, rlft.show
figure = rlft.show.plot_dataset(rlft.load_dataset({DATASET!r}))
rlft.show.save(figure, os.path.join(tempfile.mkdtemp(), "dataset"))
""",
}
TRAINING = """
from benchmarks.speed import {module}
from benchmarks.speed.shape import COURSE, PAPER, ten
call = {module}.sac({arguments})
for _ in range(20):
    call()
"""
MEMORY = {
    "import torch": "import torch",
    "import rlft": "import rlft",
    "rlft, SAC 2 x 64, S=1": TRAINING.format(module="ours", arguments="COURSE, 1"),
    "rlft, SAC 2 x 64, S=8": TRAINING.format(module="ours", arguments="COURSE, 8"),
    "rlft, SAC 2 x 64, E=10, S=8": TRAINING.format(module="ours", arguments="ten(COURSE), 8"),
    "rlft, SAC 2 x 256, E=10, S=8": TRAINING.format(module="ours", arguments="ten(PAPER), 8"),
    "Stable-Baselines3, SAC 2 x 64": TRAINING.format(module="sb3_peer", arguments="COURSE"),
    "SBX, SAC 2 x 64": TRAINING.format(module="sbx_peer", arguments="COURSE"),
}
SHORT = (TORCH, RLFT)  # what a quick run makes


def child(code: str) -> dict[str, float]:
    """Runs a program; returns its CPU seconds and its peak memory in MB.

    Raises:
        Absent: it failed, as a package is missing or for another reason.
    """
    command = [sys.executable, "-c", code + REPORT]
    done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        missing = last and last[0].startswith(("ModuleNotFoundError", "ImportError"))
        raise Absent("not installed: pip install 'rlft[bench]'" if missing else f"failed: {last}")
    return json.loads(done.stdout.splitlines()[-1])


def several(programs: dict[str, str], effort: Effort, rounds: int) -> dict[str, Any]:
    """Runs programs in turns; returns what each took, and why others did not run."""
    took: dict[str, list[dict[str, float]]] = {}
    absent: dict[str, str] = {}
    chosen = {k: v for k, v in programs.items() if k in SHORT} if effort.quick else programs
    for _ in range(1 if effort.quick else rounds):
        for name, code in chosen.items():
            try:
                took.setdefault(name, []).append(child(code))
            except Absent as reason:
                absent[name] = str(reason)
    return {"took": {name: runs for name, runs in took.items() if runs}, "absent": absent}


def starts(effort: Effort) -> dict[str, Any]:
    """CPU seconds of importing and of the first figure; the dataset is made before."""
    if not effort.quick:
        child(STARTS[FIGURE])
    return several(STARTS, effort, rounds=3)


def memory(effort: Effort) -> dict[str, Any]:
    """Peak memory of importing and of training."""
    return several(MEMORY, effort, rounds=1)
