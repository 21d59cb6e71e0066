"""Three workers share the tasks: each is done exactly once."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from checking import Program, expect, expect_nothing_left, unique_name

NAME = unique_name()
HOW_MANY = 5000

workers = [Program("work", NAME) for _ in range(3)]
for worker in workers:
    expect("a worker", worker.line(), "ready")
expect("the post", Program("post", NAME, HOW_MANY).end(), [f"posted {HOW_MANY} tasks"])
done = [line for worker in workers for line in worker.end()]
expect("the tasks", sorted(done), sorted(f"{n} squared is {n * n}" for n in range(1, HOW_MANY + 1)))
expect_nothing_left(NAME)
