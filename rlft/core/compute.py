"""Where the computing happens: how many threads, on which device, and who keeps the memory.

The networks of the course are so small that a second thread costs more than it brings, and on a
busy core its waiting makes an update 5 to 10 times slower. So `import rlft` tells PyTorch to use
one thread. Set RLFT_THREADS, or OMP_NUM_THREADS as for any other program, to decide otherwise.

With glibc each operation on arrays of more than 128 KiB takes memory from the system and gives it
back, thousands of page faults an update with ten critics. So `import rlft` tells glibc to keep
blocks of up to 1 GiB: such updates are faster, and the process stays some 40 MB larger. Set
MALLOC_MMAP_THRESHOLD_ or MALLOC_TRIM_THRESHOLD_, which glibc reads itself, to decide otherwise.
"""

from __future__ import annotations

import ctypes
import os
import platform

import torch

from rlft.core.checks import refused
from rlft.core.errors import InputError


def set_threads() -> None:
    """Sets PyTorch's number of threads: RLFT_THREADS, else OMP_NUM_THREADS, else 1.

    Raises:
        InputError: if RLFT_THREADS is no whole number of 1 or more.
    """
    given = os.environ.get("RLFT_THREADS", "")
    if given:
        if not given.isdecimal() or int(given) < 1:
            raise refused(
                "RLFT_THREADS", given, "a whole number, 1 or more", "Unset it for one thread."
            )
        torch.set_num_threads(int(given))
    elif not os.environ.get("OMP_NUM_THREADS"):  # PyTorch has read that one itself
        torch.set_num_threads(1)


# What glibc's <malloc.h> calls M_TRIM_THRESHOLD and M_MMAP_THRESHOLD.
_MALLOPT = {"MALLOC_TRIM_THRESHOLD_": -1, "MALLOC_MMAP_THRESHOLD_": -3}
_KEPT = (2**30, 2**25)  # bytes; glibc before 2.35 takes no more than the second


def keep_memory() -> bool:
    """Lets glibc keep freed memory for what comes next.

    Returns:
        Whether it does; False where there is another C library, or the environment says otherwise.
    """
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in _MALLOPT):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(any(mallopt(option, size) for size in _KEPT) for option in _MALLOPT.values())


# Training in a cell that was left under `torch.no_grad()` or `torch.inference_mode()` goes as ever.
training = torch.inference_mode(False)


def check_default_type() -> None:
    """Raises InputError unless new tensors are float32, as all networks and all data are here."""
    found = torch.get_default_dtype()
    if found != torch.float32:
        hint = "Everything here is float32: call torch.set_default_dtype(torch.float32) before."
        raise refused("torch.get_default_dtype()", found, "torch.float32", hint)


def find_device(name: str | torch.device) -> torch.device:
    """The device of that name.

    Args:
        name: for example ``"cpu"``, ``"cuda"`` or ``"cuda:1"``.

    Raises:
        InputError: if there is no such device on this machine.
    """
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].split(". ")[0]  # PyTorch goes on for pages
        raise InputError(
            f"The device {str(name)!r} cannot be used here ({reason}). Use "
            "'cpu', or 'cuda' on a machine with an NVIDIA GPU and PyTorch's CUDA build."
        ) from error
    return device
