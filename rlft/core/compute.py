"""Where the computing happens: how many threads, and on which device.

The networks of the course are so small that a second thread costs more than it brings, and on a
busy core its waiting makes an update 5 to 10 times slower. So `import rlft` tells PyTorch to use
one thread. Set RLFT_THREADS, or OMP_NUM_THREADS as for any other program, to decide otherwise.
"""

from __future__ import annotations

import os

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
