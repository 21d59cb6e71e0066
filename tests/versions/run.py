#!/usr/bin/env python3
"""What two programs say to each other that were built with different layout versions: that they are incompatible, and why.

One of them holds a channel of each kind, the other comes to it, as each of the two in turn. Whoever comes must be told
both versions; whoever holds the channel must not notice; and when both have ended, nothing must be left.
"""

import argparse
import contextlib
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time

# Of a socket there is one owner at a time, whatever its version: whoever wants to be that too is told so.
INTERNET = ["tcp", "tcp_direct", "udp", "udp_direct"]
ABSTRACT = ["stream_abstract", "packets_abstract", "datagram_abstract"]  # no file says what is there
OWNED = ["stream", "stream_direct", "packets", "packets_direct", "datagram", "datagram_direct", *ABSTRACT, *INTERNET]

# What has no name is lent to a child. Of two sockets each process has one, and both are told; but who only receives from
# a datagram socket is not.
SOCKET_PAIRS = [f"{kind}_pair{links}" for kind in ["stream", "packets", "datagram"] for links in ["", "_direct"]]
NAMELESS = ["nameless", "nameless_direct", "pipe", "pipe_direct", *SOCKET_PAIRS]

SHARED = ["mailbox", "port", "direct", "pool", "pool_direct", "queue", "system_v", "system_v_queue", "file", "fifo"]
KINDS = [*SHARED, *OWNED, *NAMELESS]

LIMIT = 60 * float(os.environ.get("PARLEY_TEST_TIME_FACTOR", "1"))


def name_of(kind):
    """A name that nobody else has."""
    if kind in INTERNET:
        return f"127.0.0.1:{free_ports(4)}"
    name = f"versions.{kind}.{os.getpid()}"
    if kind in ABSTRACT:
        return f"@{name}"
    return f"/tmp/{name}" if kind == "file" else name


def free_ports(count):
    """The first of so many ports that follow each other and that nobody uses, outside those that the kernel gives."""
    for first in random.sample(range(20000, 30000, count), 1000):
        with contextlib.ExitStack() as sockets:
            try:
                for port in range(first, first + count):
                    for kind in [socket.SOCK_STREAM, socket.SOCK_DGRAM]:
                        sockets.enter_context(socket.socket(type=kind)).bind(("127.0.0.1", port))
                return first
            except OSError:
                continue
    raise AssertionError("no port is free")


def system_v(process=None):
    """The System V objects that this process has made or used last, or all."""
    found = set()
    for what, columns in {"shm": ["cpid"], "msg": ["lspid", "lrpid"]}.items():
        head, *lines = [line.split() for line in pathlib.Path("/proc/sysvipc", what).read_text().splitlines()]
        for line in lines:
            if process is None or all(line[head.index(column)] == str(process) for column in columns):
                found.add(f"{what} {line[1]}")
    return found


def left_of(name, process, others):
    """The objects that have the name in theirs, wherever parley makes some, and what is the process's but not `others`."""
    name = os.path.basename(name)
    user = pathlib.Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp"))
    places = ["/dev/shm", "/dev/mqueue", "/tmp", str(user), f"/tmp/parley-{os.geteuid()}", str(user / "parley")]
    found = set()
    for place in map(pathlib.Path, places):
        if place.is_dir():
            found.update(str(entry) for entry in place.iterdir() if name in entry.name)
    found.update(system_v(process) - others)
    return sorted(found)


class Holder:
    """A program that holds a channel, and can be asked whether it still works."""

    def __init__(self, program, kind, name):
        self.process = subprocess.Popen(
            [program, kind, "hold", name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.must_say("ready")

    def must_say(self, wanted):
        said = self.process.stdout.readline().strip()
        if said != wanted:
            raise AssertionError(f"the holder says '{said}' instead of '{wanted}'")

    def pass_a_message(self):
        self.process.stdin.write("again\n")
        self.must_say("ok")

    def lend(self, program, kind, role):
        """What the program says when it gets one of the holder's ends."""
        self.process.stdin.write(f"lend {program} {kind} {role}\n")
        said = ""
        while (line := self.process.stdout.readline()) not in ("ok\n", "lost\n", ""):
            said += line
        if line != "ok\n":
            raise AssertionError(f"{role} did not end well: {said}")
        return said

    def end(self):
        self.process.stdin.close()
        if self.process.wait(LIMIT) != 0:
            raise AssertionError(f"the holder ended with {self.process.returncode}")


def come(program, kind, role, name, held):
    """What the program says, while the holder is at work: of some links it hears only then who has come."""
    if kind in NAMELESS:
        return held.lend(program, kind, role)
    comer = subprocess.Popen([program, kind, role, name], stdout=subprocess.PIPE, text=True)
    try:
        give_up = time.monotonic() + LIMIT
        while comer.poll() is None and time.monotonic() < give_up:
            held.pass_a_message()
        if comer.poll() != 0:
            raise AssertionError(f"{role} ended with {comer.poll()}")
        return comer.stdout.read()
    finally:
        comer.kill()
        comer.wait()


def told_of(kind, role, said):
    """What each of those says who must be told."""
    if kind not in SOCKET_PAIRS:
        return [said]
    there, here = re.fullmatch(r"(.*\n)here: (.*\n)", said, re.DOTALL).groups()
    if kind.startswith("datagram"):
        return [there if role == "send" else here]
    return [there, here]


def check(kind, holder, comer):
    """holder and comer are pairs of a program and its version."""
    name = name_of(kind)
    others = system_v()  # of processes that had the same number once
    held = Holder(holder[0], kind, name)
    process = held.process.pid
    try:
        held.pass_a_message()
        before = left_of(name, process, others)
        for role in ["send", "receive"]:
            said = come(comer[0], kind, role, name, held)
            if role == "receive" and kind in OWNED:
                if "live owner" not in said:
                    raise AssertionError(f"{role}: {said}")
                continue
            for words in told_of(kind, role, said):
                if not words.startswith("incompatible: "):
                    raise AssertionError(f"{role}: {said}")
                for version in (holder[1], comer[1]):
                    if not re.search(rf"\bversion {version}\b", words):
                        raise AssertionError(f"{role}: version {version} is not named: {said}")
            held.pass_a_message()
        gone = set(before) - set(left_of(name, process, others))
        if gone:
            raise AssertionError(f"destroyed: {gone}")
        # One of its own version finds the channel as it was.
        said = come(holder[0], kind, "receive", name, held)
        if "incompatible" in said:
            raise AssertionError(f"one of the same version is refused: {said}")
        held.pass_a_message()
        held.end()
        if left_of(name, process, others):
            raise AssertionError(f"left behind: {left_of(name, process, others)}")
    finally:
        held.process.kill()
        held.process.wait()


def main():
    signal.alarm(int(4 * LIMIT))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--older", nargs=2, required=True, metavar=("PROGRAM", "VERSION"))
    parser.add_argument("--newer", nargs=2, required=True, metavar=("PROGRAM", "VERSION"))
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    arguments = parser.parse_args()
    failures = 0
    for kind in arguments.kinds:
        for holder, comer in [(arguments.older, arguments.newer), (arguments.newer, arguments.older)]:
            try:
                check(kind, holder, comer)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as failure:
                failures += 1
                print(f"{kind}, {holder[1]} held, {comer[1]} came: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
