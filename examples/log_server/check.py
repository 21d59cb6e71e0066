"""Two clients log at the same time, a second server is refused, and the port goes with its owner."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import signal
import subprocess

from checking import Program, expect, expect_nothing_left, unique_name

NAME = unique_name()
LINES = [f"line {n}" for n in range(200)]

server = Program("server", NAME)
expect("the server", server.line(), "listening")

refusal = Program("server", NAME).end(status=1)
if not any(NAME in line for line in refusal):
    sys.exit(f"the refusal does not say of what: {refusal}")

clients = [Program("client", NAME, f"{who}: ", stdin=subprocess.PIPE) for who in ("a", "b")]
for client in clients:
    expect("a client", client.end(text="\n".join(LINES) + "\n"), [])

server.process.send_signal(signal.SIGINT)  # what the clients have sent is printed all the same
logged = server.end()
expect("the numbers", [line.split(" ")[0] for line in logged], [str(n) for n in range(1, 2 * len(LINES) + 1)])
for who in ("a", "b"):
    mine = [line.split(": ", 1)[1] for line in logged if f" {who}: " in line]
    expect(f"what {who} has logged", mine, LINES)
expect_nothing_left(NAME)
