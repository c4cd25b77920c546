"""System calls that a process cannot make any more: Linux's seccomp, called directly.

Shut are the network, starting processes, looking into other processes and signalling them, memory
that no limit counts, and changing how the system is put together. Files are Landlock's part.

The filter is a program for the kernel's classic packet filter. Its numbers are the kernel's, from
`linux/seccomp.h`, `linux/filter.h` and the tables of system calls of the two common processors.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import sys

from rlft.grading.walls.landlock import no_new_privileges

# Name: number on x86-64 and on 64-bit ARM, None where there is no such call.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),  # would do what the filter refuses
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "mount": (165, 40),
    "umount2": (166, 39),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "setpriority": (141, 140),
}
# Landlock does not look at these. They pretend to work, as programs make their own files so.
SILENT: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
}
# Processor: column of the tables, the kernel's name of it, then the numbers of clone, clone3,
# tgkill, prlimit64 and seccomp.
PROCESSORS = {
    "x86_64": (0, 0xC000003E, 56, 435, 234, 302, 317),
    "aarch64": (1, 0xC00000B7, 220, 435, 131, 261, 277),
}
LOAD, EQUAL, AT_LEAST, HAS_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # bytes into what the filter sees
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000
OTHER_NUMBERS = 0x40000000  # a second set of calls on x86-64, which nothing here uses
THREAD = 0x10000  # the flag of a clone that is a thread


def has_seccomp() -> bool:
    """Whether this kernel and processor can do it."""
    if not sys.platform.startswith("linux") or platform.machine() not in PROCESSORS:
        return False
    return sys.maxsize > 2**32 and ctypes.CDLL(None).prctl(21, 0, 0, 0, 0) >= 0


def refuse_calls() -> None:
    """Shuts the calls above for all threads of this process, for good.

    Raises:
        OSError: the kernel refuses.
    """
    program = b"".join(_filter(PROCESSORS[platform.machine()], os.getpid()))
    buffer = ctypes.create_string_buffer(program, len(program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    whole = Program(len(program) // 8, ctypes.addressof(buffer))
    no_new_privileges()
    libc = ctypes.CDLL(None, use_errno=True)
    number = PROCESSORS[platform.machine()][-1]
    # 1: set a filter; 1: in all threads
    if libc.syscall(number, 1, 1, ctypes.byref(whole)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def _filter(processor: tuple[int, int, int, int, int, int, int], own: int) -> list[bytes]:
    """The program: each test is followed by what to return, which it skips if it is not met."""
    column, architecture, clone, clone3, tgkill, prlimit, _ = processor
    refuse = _step(RETURN, FAIL | errno.EPERM)
    steps = [
        _step(LOAD, ARCHITECTURE),
        _step(EQUAL, architecture, 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, NUMBER),
        _step(AT_LEAST, OTHER_NUMBERS, 0, 1),
        refuse,
    ]
    for table, answer in ((REFUSED, refuse), (SILENT, _step(RETURN, FAIL))):
        for numbers in table.values():
            if (number := numbers[column]) is not None:
                steps += [_step(EQUAL, number, 0, 1), answer]
    # The C library tries the older call when the newer one, whose flags lie in memory that a
    # filter cannot read, does not exist.
    steps += [_step(EQUAL, clone3, 0, 1), _step(RETURN, FAIL | errno.ENOSYS)]
    allow = _step(RETURN, ALLOW)
    steps += [
        _step(EQUAL, clone, 0, 4),
        _step(LOAD, FIRST_ARGUMENT),
        _step(HAS_BIT, THREAD, 0, 1),
        allow,
        refuse,
    ]
    for call, allowed in ((tgkill, (own,)), (prlimit, (own, 0))):  # of one's own process only
        steps += [_step(EQUAL, call, 0, 2 + 2 * len(allowed)), _step(LOAD, FIRST_ARGUMENT)]
        for process in allowed:
            steps += [_step(EQUAL, process, 0, 1), allow]
        steps.append(refuse)
    return steps + [allow]


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction of the filter."""
    return (
        code.to_bytes(2, sys.byteorder)
        + bytes((if_true, if_false))
        + value.to_bytes(4, sys.byteorder)
    )
