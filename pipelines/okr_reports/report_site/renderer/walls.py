"""The walls around the process that renders pages: what it may read, that it writes and reaches nothing, its size.

Each wall goes up where the platform has it; `raise_walls` says which did. From the inside out:

- limits      `setrlimit`: memory, file size (none), open files. Linux counts memory by RLIMIT_DATA; macOS keeps the
              limit on files alone.
- audit       Python's audit events: no other file is opened, none is written, no socket, process or C library.
              Everywhere; it binds Python code, not C libraries.
- landlock    Linux from 5.13 on, by the kernel: the same files, for C libraries too; from 6.7 on no TCP.
- seccomp     Linux on x86-64 and ARM64, by the kernel: no socket of any kind, no process, no tracing.

Landlock and seccomp need no privilege and cannot be taken down again. Both are reached by ctypes: the libraries on PyPI
were pre-releases, a few months old, or needed libseccomp installed (docs/decisions/0040).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

WALLS = ("limits", "landlock", "seccomp", "audit")
PR_SET_NO_NEW_PRIVS = 38
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on every architecture
READ_FILE, READ_DIR, EXECUTE = 1 << 2, 1 << 3, 1 << 0
# how many rights over files each version of Landlock handles; later versions handle the last number
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
TCP_RIGHTS = 0b11
NOT_PERMITTED, NOT_THERE = 1, 38
CLONE_THREAD = 0x00010000
# syscall numbers: architecture -> (seccomp, clone, clone3, those refused)
SYSCALLS = {
    "x86_64": (0xC000003E, 317, 56, 435, {
        "socket": 41, "connect": 42, "sendto": 44, "sendmsg": 46, "bind": 49, "listen": 50, "socketpair": 53,
        "fork": 57, "vfork": 58, "execve": 59, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
        "bpf": 321, "execveat": 322, "userfaultfd": 323, "io_uring_setup": 425, "pidfd_getfd": 438, "kill": 62,
        "open_by_handle_at": 304, "mount": 165, "unshare": 272, "setns": 308, "add_key": 248, "keyctl": 250,
    }),
    "aarch64": (0xC00000B7, 277, 220, 435, {
        "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "connect": 203, "sendto": 206, "sendmsg": 211,
        "execve": 221, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "bpf": 280, "execveat": 281,
        "userfaultfd": 282, "io_uring_setup": 425, "pidfd_getfd": 438, "kill": 129, "open_by_handle_at": 265,
        "mount": 40, "unshare": 97, "setns": 268, "add_key": 217, "keyctl": 219,
    }),
}  # fmt: skip
SYSTEM = (
    "/usr/share/zoneinfo", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom",
    # DuckDB asks how much memory there is, and ends the process where it may not
    "/proc/self/cgroup", "/proc/self/status", "/proc/meminfo", "/proc/cpuinfo", "/sys/fs/cgroup",
)  # fmt: skip
REFUSED_EVENTS = (
    "socket.", "subprocess.", "ctypes.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.remove",
    "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.chown", "os.truncate", "os.utime",
    "os.kill", "os.putenv", "os.startfile", "shutil.", "webbrowser.", "ftplib.", "smtplib.", "urllib.", "http.", "pty.",
    "syslog.", "sqlite3.", "mmap.",
)  # fmt: skip


def raise_walls(readable: Sequence[Path], memory_mb: int, without: Sequence[str] = ()) -> list[str]:
    """Raise every wall this platform has around this process, for good, and say which. `readable`: files and folders.

    Python's own files and the package are added.
    """
    readable = [path.resolve() for path in (*readable, *own_files()) if path.exists()]
    up = []
    walls: list[tuple[str, Callable[[], bool]]] = [
        ("limits", lambda: _limit(memory_mb)),
        ("landlock", lambda: _landlock(readable)),
        ("seccomp", _seccomp),
        ("audit", lambda: _audit(readable)),
    ]
    for name, wall in walls:
        try:
            if name not in without and wall():
                up.append(name)
        except (OSError, AttributeError, ValueError, ImportError):
            continue
    return up


def own_files() -> list[Path]:
    """What Python itself needs: its libraries, this package, time zones. Of `sys.path` not the workspace."""
    libraries = {str(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    libraries |= {place for place in sys.path if Path(place).name in ("site-packages", "dist-packages", "lib-dynload")}
    return [Path(__file__).parents[2], *map(Path, (*sorted(libraries), *SYSTEM))]


def _limit(memory_mb: int) -> bool:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
    return True


def limit_processor(seconds: float) -> None:
    """From now on this process has so many seconds of a processor, whoever watches it or not."""
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    last = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (last if hard < 0 else min(last, hard), hard))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(answer: int) -> int:
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer


def landlock_version() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(int(_libc().syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)), 0)


def _landlock(readable: Iterable[Path]) -> bool:
    version = landlock_version()
    if not version:
        return False
    libc = _libc()
    files = (1 << FILE_RIGHTS.get(version, 16)) - 1
    tcp = TCP_RIGHTS if version >= 4 else 0
    rules = struct.pack("=QQ", files, tcp) if version >= 4 else struct.pack("=Q", files)
    ruleset = _checked(libc.syscall(CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0))
    try:
        for path in readable:
            there = os.open(path, os.O_PATH | os.O_CLOEXEC)  # type: ignore[attr-defined,unused-ignore]
            try:
                rights = READ_FILE | READ_DIR | EXECUTE if path.is_dir() else READ_FILE
                rule = struct.pack("=Qi", rights, there)
                _checked(libc.syscall(ADD_RULE, ruleset, 1, rule, 0))
            finally:
                os.close(there)
        _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(libc.syscall(RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)
    return True


def _seccomp() -> bool:
    if sys.platform != "linux" or platform.machine() not in SYSCALLS or struct.calcsize("P") != 8:
        return False
    machine, seccomp, clone, clone3, refused = SYSCALLS[platform.machine()]
    refuse, allow = 0x00050000 | NOT_PERMITTED, 0x7FFF0000

    def when(number: int, answer: int) -> bytes:
        """If the number loaded is this one, return the answer."""
        return struct.pack("=HBBI", 0x15, 0, 1, number) + struct.pack("=HBBI", 0x06, 0, 0, answer)

    program = struct.pack("=HBBI", 0x20, 0, 0, 4)  # the architecture
    program += struct.pack("=HBBI", 0x15, 1, 0, machine) + struct.pack("=HBBI", 0x06, 0, 0, refuse)
    program += struct.pack("=HBBI", 0x20, 0, 0, 0)  # the number of the call
    program += struct.pack("=HBBI", 0x35, 0, 1, 0x40000000) + struct.pack("=HBBI", 0x06, 0, 0, refuse)  # x32
    program += b"".join(when(number, refuse) for number in refused.values())
    program += when(clone3, 0x00050000 | NOT_THERE)  # libc falls back to clone, whose flags can be seen
    program += struct.pack("=HBBI", 0x15, 0, 3, clone) + struct.pack("=HBBI", 0x20, 0, 0, 16)
    program += struct.pack("=HBBI", 0x45, 1, 0, CLONE_THREAD) + struct.pack("=HBBI", 0x06, 0, 0, refuse)
    program += struct.pack("=HBBI", 0x06, 0, 0, allow)
    libc = _libc()
    kept = ctypes.create_string_buffer(program, len(program))
    whole = struct.pack("@HP", len(program) // 8, ctypes.addressof(kept))
    _checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _checked(libc.syscall(seccomp, 1, 1, whole))  # a filter, for all threads
    return True


def _audit(readable: Sequence[Path]) -> bool:
    roots = tuple(str(path) for path in readable)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def within(path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike):
            return True  # a descriptor that is open already
        real = os.path.realpath(os.fsdecode(path))
        return any(real == root or real.startswith(root + os.sep) for root in roots)

    def hook(event: str, given: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = (*given, None, None)[:3]
            if isinstance(flags, int) and flags & writing and not isinstance(path, int):
                raise PermissionError(errno.EACCES, "pages may not write a file", path)
            if not within(path):
                raise PermissionError(errno.EACCES, "pages may not read this file", path)
        elif event in ("os.listdir", "os.scandir") and given and not within(given[0]):
            raise PermissionError(errno.EACCES, "pages may not read this folder", given[0])
        elif event.startswith(REFUSED_EVENTS):
            raise PermissionError(f"pages may not do that ({event})")

    sys.addaudithook(hook)
    return True
