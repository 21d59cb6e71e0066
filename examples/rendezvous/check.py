"""The sender cannot send while nobody is there, and can when somebody is."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from checking import Program, expect, expect_nothing_left, unique_name

NAME = unique_name()

give = Program("give", NAME)
expect("alone", give.line(), "nobody is waiting")
take = Program("take", NAME)
expect("took", take.end(), ["took 1", "took 2", "took 3"])
expect("gave", give.end(), ["1 was taken", "2 was taken", "3 was taken"])
expect_nothing_left(NAME)
