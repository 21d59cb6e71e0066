"""Three processes ask, one before there is anybody to answer; and a name has one owner."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

import signal

from checking import Program, expect, expect_nothing_left, unique_name

NAME = unique_name()

early = Program("ask", "1 2 3", NAME)
answer = Program("answer", 3, NAME)
expect("asked early", early.end(), ["1 2 3 -> 6"])
expect("answered", answer.line(), "answered 6")

second = Program("answer", 1, NAME)
refusal = second.end(status=-signal.SIGABRT)  # by an exception that nobody caught
if not any(NAME in line for line in refusal):
    sys.exit(f"the refusal does not say of what: {refusal}")

later = [Program("ask", "40 2", NAME), Program("ask", "-1 1", NAME)]
expect("asked later", later[0].end(), ["40 2 -> 42"])
expect("asked later", later[1].end(), ["-1 1 -> 0"])
expect("answered", sorted(answer.end()), ["answered 0", "answered 42"])
expect_nothing_left(NAME)
