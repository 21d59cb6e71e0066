"""What the checks of the examples share: real processes with a limit of time, and names that no other run uses."""

import os
import subprocess
import sys

PROGRAMS = sys.argv[1]  # the folder with the programs of the example
LIMIT = 60  # seconds after which a process hangs


def unique_name():
    return f"example-check-{os.getpid()}"


class Program:
    """A running program of the example."""

    def __init__(self, program, *arguments, **keywords):
        self.name = " ".join([program, *map(str, arguments)])
        self.process = subprocess.Popen(
            [os.path.join(PROGRAMS, program), *map(str, arguments)],
            stdin=keywords.get("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            universal_newlines=True,
        )

    def line(self):
        """The next line that it prints."""
        return self.process.stdout.readline().rstrip("\n")

    def end(self, status=0, text=None):
        """The lines that it still prints until it ends, with `text` as its input."""
        try:
            output, _ = self.process.communicate(text, timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output, _ = self.process.communicate()
            sys.exit(f"{self.name}: hangs after printing:\n{output}")
        if self.process.returncode != status:
            sys.exit(f"{self.name}: ended with {self.process.returncode}, expected {status}, printed:\n{output}")
        return output.splitlines()


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}:\n  expected {expected!r}\n  found    {found!r}")


def expect_nothing_left(name):
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    own = os.path.join(runtime, "parley") if runtime else f"/tmp/parley-{os.geteuid()}"
    for folder in ("/dev/shm", "/dev/mqueue", own):
        left = [entry for entry in os.listdir(folder) if name in entry] if os.path.isdir(folder) else []
        expect(f"left in {folder}", left, [])
