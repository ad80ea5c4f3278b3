"""What a child that parses a stranger's bytes may no longer do, once and for all.

Always: so much processor time, wall time and memory; no file may grow by a byte; no core dump; it dies with its
parent. Where the kernel allows: *seccomp*: no socket, no new process or program (threads it may have, bound as it is
itself), no tracing or signalling of others, nothing opened for writing, renamed, removed, or left in shared memory or
queues; *Landlock*: nothing read but Python, its libraries and the kernel's random numbers (without which no AES-256
file can be opened), so that neither the ledger nor the keys can be looked at. ``cpdocs doctor`` says which are in
force.

What it can't stop: an attacker who takes over the child can still answer in its name. It can't keep the answer, send it
anywhere, or touch what is stored.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sysconfig
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cpdocs

WALL = 4.0
"""How many times its seconds of processor time a child may take by the clock: a busy machine is no fault of the
file's."""

SECCOMP = "seccomp"
LANDLOCK = "landlock"

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_EPERM_ANSWER = 0x00050000 | 1
_ENOSYS_ANSWER = 0x00050000 | 38
_KILL_ANSWER = 0x80000000
_ALLOW = 0x7FFF0000
_LOAD_WORD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_X32 = 0x40000000

_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


def _numbers(table: str) -> dict[str, tuple[int | None, int | None]]:
    """System calls from text: name, number on x86_64, number on aarch64, with ``-`` where there is no such call."""
    rows = (row.split() for row in table.replace("\n", " ").split(","))
    return {name: (_number(intel), _number(arm)) for name, intel, arm in rows}


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


_FORBIDDEN = _numbers("""
socket 41 198, connect 42 203, accept 43 202, sendto 44 206, sendmsg 46 211, bind 49 200, listen 50 201,
accept4 288 242, sendmmsg 307 269, fork 57 -, vfork 58 -, execve 59 221, execveat 322 281, kill 62 129,
tkill 200 130, tgkill 234 131, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240, pidfd_send_signal 424 424,
ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, pidfd_open 434 434, pidfd_getfd 438 438,
kcmp 312 272, rename 82 -, renameat 264 38, renameat2 316 276, unlink 87 -, unlinkat 263 35, mkdir 83 -, mkdirat 258 34,
rmdir 84 -, creat 85 -, link 86 -, linkat 265 37, symlink 88 -, symlinkat 266 36, mknod 133 -, mknodat 259 33,
chmod 90 -, fchmod 91 52, fchmodat 268 53, chown 92 -, fchown 93 55, lchown 94 -, fchownat 260 54, truncate 76 45,
ftruncate 77 46, fallocate 285 47, utimensat 280 88, setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, mount 165 40,
umount2 166 39, pivot_root 155 41, chroot 161 51, unshare 272 97, setns 308 268, bpf 321 280, perf_event_open 298 241,
userfaultfd 323 282, io_uring_setup 425 425, io_uring_enter 426 426, keyctl 250 219, add_key 248 217,
request_key 249 218, init_module 175 105, finit_module 313 273, open_by_handle_at 304 265, prlimit64 302 261,
setrlimit 160 164, personality 135 92, reboot 169 142, shmget 29 194, shmat 30 196, msgget 68 186, msgsnd 69 189,
semget 64 190, mq_open 240 180, utime 132 -, utimes 235 -, futimesat 261 -, removexattr 197 14, lremovexattr 198 15,
fremovexattr 199 16, fchmodat2 452 452, open_tree 428 428, move_mount 429 429, fsopen 430 430, fsconfig 431 431,
fsmount 432 432, mount_setattr 442 442
""")
_ABSENT = _numbers("clone3 435 435, openat2 437 437")
"""Answered as if the kernel didn't know them: the C library then uses the older call, whose arguments can be looked
at."""
_OPEN, _OPENAT = (2, None), (257, 56)
_CLONE = (56, 220)
_CLONE_THREAD = 0x00010000
"""A thread is bound by everything that binds its process; a decoder of pictures needs one."""


class Confinement:
    """The measures as this machine allows them, made ready once, so that taking them costs a forked child nothing."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        program = _program(platform.machine())
        self._code = ctypes.create_string_buffer(program, len(program)) if program else None
        self._ruleset = _ruleset(self._libc, _readable())

    def take(self, seconds: float, megabytes: int) -> tuple[str, ...]:
        """Takes this process's freedoms, for ever; gives the names of the measures in force beside the limits.

        ``seconds`` are of processor time, and ``WALL`` times as many by the clock; ``megabytes`` are those that it may
        take more than it has.
        """
        libc = self._libc
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _limit(seconds, megabytes)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return ()
        in_force = []
        if self._ruleset >= 0 and libc.syscall(_RESTRICT_SELF, self._ruleset, 0) == 0:
            in_force.append(LANDLOCK)
        # Last: it forbids what the others need.
        if self._code is not None:
            header = struct.pack("@HP", len(self._code) // 8, ctypes.addressof(self._code))
            if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.c_char_p(header), 0, 0) == 0:
                in_force.append(SECCOMP)
        return tuple(in_force)


@cache
def measures() -> tuple[str, ...]:
    """The measures that this machine allows beside the limits; tried in a child of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, " ".join(Confinement().take(5, 64)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        said = answer.read().decode()
    os.waitpid(child, 0)
    return tuple(said.split())


def _limit(seconds: float, megabytes: int) -> None:
    page = resource.getpagesize()
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 no path to speak of
        most = int(statm.read().split()[0]) * page + megabytes * 1024 * 1024
    whole = int(seconds) + 1
    for kind, limit in (
        (resource.RLIMIT_AS, most),
        (resource.RLIMIT_CPU, whole),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(kind, (limit, limit))
    for number, timer, after in (
        (signal.SIGPROF, signal.ITIMER_PROF, seconds),
        (signal.SIGALRM, signal.ITIMER_REAL, seconds * WALL),
    ):
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(timer, after)


_RANDOM = (Path("/dev/urandom"), Path("/dev/random"))
"""What a library asks that takes no answer from the system call."""


def _readable() -> list[Path]:
    """Python, its packages and the system's libraries; of cpdocs the package alone, not the folder that it may lie
    in; and where random numbers come from."""
    python = {sysconfig.get_path(each) for each in ("stdlib", "platstdlib", "purelib", "platlib")}
    system = {"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share/zoneinfo"}
    # Where an installation keeps its packages in another place than its own (a path file names it).
    found = filter(None, map(find_spec, ("pikepdf", "PIL", "pypdfium2")))
    packages = {str(Path(each.origin).parent.parent) for each in found if each.origin}
    package = Path(cpdocs.__file__).parent
    return [path for path in (*map(Path, sorted(python | packages | system)), package) if path.is_dir()] + [
        path for path in _RANDOM if path.is_char_device()
    ]


def _instruction(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _program(machine: str) -> bytes | None:
    """The filter in classic BPF, or None for a machine whose numbers aren't known here."""
    if machine not in _MACHINES:
        return None
    audit, column = _MACHINES[machine]
    steps = [
        _instruction(_LOAD_WORD, 4),
        _instruction(_IF_EQUAL, audit, 1, 0),
        _instruction(_RETURN, _KILL_ANSWER),
        _instruction(_LOAD_WORD, 0),
    ]
    if machine == "x86_64":
        steps += [_instruction(_IF_AT_LEAST, _X32, 0, 1), _instruction(_RETURN, _KILL_ANSWER)]
    for answer, table in ((_EPERM_ANSWER, _FORBIDDEN), (_ENOSYS_ANSWER, _ABSENT)):
        for numbers in table.values():
            number = numbers[column]
            if number is not None:
                steps += [_instruction(_IF_EQUAL, number, 0, 1), _instruction(_RETURN, answer)]
    clone = _CLONE[column]
    steps += [
        _instruction(_IF_EQUAL, clone, 0, 4),
        _instruction(_LOAD_WORD, 16),
        _instruction(_IF_ANY_BIT, _CLONE_THREAD, 1, 0),
        _instruction(_RETURN, _EPERM_ANSWER),
        _instruction(_RETURN, _ALLOW),
    ]
    for numbers, argument in ((_OPEN, 1), (_OPENAT, 2)):
        number = numbers[column]
        if number is not None:
            # The flags' lower half; a call whose flags would write is refused, another may go on.
            steps += [
                _instruction(_IF_EQUAL, number, 0, 4),
                _instruction(_LOAD_WORD, 16 + 8 * argument),
                _instruction(_IF_ANY_BIT, _WRITING, 0, 1),
                _instruction(_RETURN, _EPERM_ANSWER),
                _instruction(_RETURN, _ALLOW),
            ]
    return b"".join([*steps, _instruction(_RETURN, _ALLOW)])


_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_NO_TCP = 3
_TCP_SINCE = 4


def _ruleset(libc: ctypes.CDLL, readable: Iterable[Path]) -> int:
    """The descriptor of a Landlock ruleset: no file can be opened but those below ``readable``, those only for reading,
    and no TCP connection made. -1 where the kernel has none."""
    version = libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return -1
    rights = (1 << (13 if version == 1 else 14 if version == 2 else 15)) - 1
    attributes = struct.pack("=QQ", rights, _NO_TCP)
    ruleset = int(libc.syscall(_CREATE_RULESET, ctypes.c_char_p(attributes), 16 if version >= _TCP_SINCE else 8, 0))
    if ruleset < 0:
        return -1
    for path in readable:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", _READ_FILE | (_READ_FOLDER if path.is_dir() else 0), opened)
        failed = libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.c_char_p(rule), 0) != 0
        os.close(opened)
        if failed:
            os.close(ruleset)
            return -1
    return ruleset
