"""The program between us and a connector: a network of its own without a way out but our proxy, then the connector.

Run as `python -I -S walled.py SOCKET WALL COMMAND...`; imports nothing of ours. It makes a network namespace (Linux,
with user namespaces), listens there on loopback and hands that socket over SOCKET to us, who accept on it from outside:
what the connector asks of 127.0.0.1 is answered by our proxy (`gate.py`), and nothing else is there to be asked. Where
no namespace can be made it listens on the machine's own loopback, and Landlock (Linux 6.7) refuses TCP to any other
port; with WALL `none` nothing is refused. Either way HTTPS_PROXY and its like name that socket, and the first message
on SOCKET says which it is.
"""

import ctypes
import os
import socket
import struct
import sys
from pathlib import Path

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF, _NO_NEW_PRIVILEGES = 444, 445, 446, 38
_CONNECT_TCP, _OF_PORT, _FIRST_WITH_TCP = 2, 2, 4
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


def keep_to(port: int) -> bool:
    """Whether the kernel now refuses this process TCP to any other port (UDP it does not)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1) < _FIRST_WITH_TCP:
        return False
    rules = struct.pack("=QQ", 0, _CONNECT_TCP)
    ruleset = libc.syscall(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), 0)
    failed = libc.syscall(_ADD_RULE, ruleset, _OF_PORT, struct.pack("=QQ", _CONNECT_TCP, port), 0)
    failed = failed or libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return ruleset >= 0 and not failed and not libc.syscall(_RESTRICT_SELF, ruleset, 0)


def main() -> None:
    number, wall, *command = sys.argv[1:]
    said, why = "none", why_not() if wall != "none" else ""
    if wall != "none" and not why:
        leave_the_network()
        said = "namespace"
    with socket.socket(fileno=int(number)) as ours, socket.socket(socket.AF_INET) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        port = listening.getsockname()[1]
        if why and keep_to(port):
            said = "port"
        socket.send_fds(ours, [f"{said} {why}".encode()], [listening.fileno()])
    os.environ.update(dict.fromkeys(_NAMES, f"http://127.0.0.1:{port}"), no_proxy="", NO_PROXY="")
    os.execv(command[0], command)


main()
