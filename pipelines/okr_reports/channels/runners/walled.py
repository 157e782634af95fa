"""The program between us and a connector: a network without a way out but our proxy, its own files, then the connector.

Run as `python -I -S walled.py SOCKET WALL PLACES... -- COMMAND...`; imports nothing of ours. It makes a network
namespace (Linux, with user namespaces), listens there on loopback and hands that socket over SOCKET to us, who accept
on it from outside: what the connector asks of 127.0.0.1 is answered by our proxy (`gate.py`), and nothing else is there
to be asked. Where no namespace can be made it listens on the machine's own loopback, and Landlock (Linux 6.7) refuses
TCP to any other port; with WALL `none` nothing is refused. Either way HTTPS_PROXY and its like name that socket.

Its files are held by Landlock (Linux 5.13) with either: PLACES are what it may read (`r/usr`) and what it may write too
(`w/tmp/x`), files and folders. The first message on SOCKET says what holds the network, what the files.
"""

import ctypes
import os
import socket
import stat
import struct
import sys
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_DROP, _OTHERS_FILES, _CAPABILITIES = 24, 1, 64
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF, _NO_NEW_PRIVILEGES = 444, 445, 446, 38
_BELOW, _OF_PORT, _CONNECT_TCP, _FIRST_WITH_TCP = 1, 2, 2, 4
# Rights over files: execute, write, read, list, then those of a folder; the last is to truncate.
_READ, _OF_A_FILE = 0b1101, 1 << 14 | 0b111
# How many of them the first and the last version of Landlock know that differ (ioctl on devices is left alone).
_FIRST_RIGHTS, _MOST_RIGHTS = 13, 15
_NAMES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def leave_the_network() -> None:
    """This process alone in a network with nothing but loopback. Raises OSError where the system does not allow it."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare"):
        raise OSError(0, f"{sys.platform} has no network namespaces")
    if libc.unshare(_NEW_USER | _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        wanted = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, _GET_FLAGS, wanted))[1]
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sH14x", b"lo", flags | _UP))


def why_not() -> str:
    """Why this process cannot leave the network, "" where it can: tried by another, since half of it is no way back."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            leave_the_network()
        except OSError as error:
            os.write(writing, str(error.strerror).encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    return os.read(reading, 1000).decode()


def keep_to(places: list[str], port: int) -> tuple[bool, bool]:
    """Whether the kernel now refuses this process other files, and, with a `port`, TCP to any other (UDP never)."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1) if sys.platform == "linux" else 0
    if version < 1:
        return False, False
    rights = (1 << min(_FIRST_RIGHTS + version - 1, _MOST_RIGHTS)) - 1
    tcp = _CONNECT_TCP if port and version >= _FIRST_WITH_TCP else 0
    rules = struct.pack("=QQ", rights, tcp)
    ruleset = libc.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    if ruleset < 0:
        return False, False
    failed = tcp and libc.syscall(_ADD_RULE, ruleset, _OF_PORT, struct.pack("=QQ", tcp, port), 0)
    for place in places:
        try:
            there = os.open(place[1:], os.O_PATH)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            continue  # not every system has every folder
        allowed = rights if place[0] == "w" else _READ
        allowed &= rights if stat.S_ISDIR(os.fstat(there).st_mode) else _OF_A_FILE & rights
        failed = failed or libc.syscall(_ADD_RULE, ruleset, _BELOW, struct.pack("=Qi", allowed, there), 0)
        os.close(there)
    failed = failed or libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return not failed, bool(tcp) and not failed


def leave_privileges() -> None:
    """Of what root may, the program to come may open files of others; with more it could read our environment."""
    libc = ctypes.CDLL(None)
    for capability in range(_CAPABILITIES if sys.platform == "linux" else 0):
        if capability != _OTHERS_FILES:
            libc.prctl(_DROP, capability, 0, 0, 0)


def main() -> None:
    at = sys.argv.index("--")
    number, wall, *places = sys.argv[1:at]
    command = sys.argv[at + 1 :]
    said, why = "none", why_not() if wall != "none" else ""
    if wall != "none" and not why:
        leave_the_network()
        said = "namespace"
    with socket.socket(fileno=int(number)) as ours, socket.socket(socket.AF_INET) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        port = listening.getsockname()[1]
        leave_privileges()
        holds_files, holds_port = keep_to(places, port if why else 0)
        said = "port" if holds_port else said
        socket.send_fds(ours, [f"{said} {'files' if holds_files else 'none'} {why}".encode()], [listening.fileno()])
    os.environ.update(dict.fromkeys(_NAMES, f"http://127.0.0.1:{port}"), no_proxy="", NO_PROXY="")
    os.execv(command[0], command)


main()
