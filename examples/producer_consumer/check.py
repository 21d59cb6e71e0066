"""A producer and a consumer, whichever starts first."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from checking import Program, expect, expect_nothing_left, unique_name

NAME = unique_name()
SENT = [f"sent {n}" for n in range(1, 11)]
RECEIVED = [f"received {n}: {20 + n / 2:.1f} degrees" for n in range(1, 11)]

for first, second in [("producer", "consumer"), ("consumer", "producer")]:
    programs = {first: Program(first, NAME), second: Program(second, NAME)}
    expect("the producer", programs["producer"].end(), SENT)
    expect("the consumer", programs["consumer"].end(), RECEIVED)
expect_nothing_left(NAME)
