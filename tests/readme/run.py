#!/usr/bin/env python3
"""Compiles every ```cpp block of a Markdown file.

A block stands alone as a source file, unless the line before it says otherwise:
  <!-- compile: body -->        statements: compiled inside a function, below the last block that stands alone
  <!-- compile: skip why -->    not compiled, but counted and named
"""

import argparse
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import compiler  # noqa: E402

FLAGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused"]
MARK = re.compile(r"^\s*<!--\s*compile:\s*(\S+)\s*(.*?)\s*-->\s*$")


def blocks(text):
    """Yields (line number of the first line, mark, reason, code) for each ```cpp block."""
    lines = text.splitlines()
    start, mark, reason = None, "", ""
    for number, line in enumerate(lines, 1):
        if start is None and line.strip() == "```cpp":
            found = MARK.match(lines[number - 2]) if number > 1 else None
            mark, reason = found.groups() if found else ("alone", "")
            start = number + 1
        elif start is not None and line.strip() == "```":
            yield start, mark, reason, "\n".join(lines[start - 1 : number - 1]) + "\n"
            start = None
    if start is not None:
        raise ValueError(f"line {start - 1}: the ```cpp block has no end")


def check(arguments, markdown, text):
    """Compiles the blocks; returns how many compiled, were skipped and failed."""
    compiled = skipped = failed = 0
    above = "#include <parley/parley.hpp>\n"
    with tempfile.TemporaryDirectory() as folder:
        for start, mark, reason, code in blocks(text):
            here = f'#line {start} "{markdown}"\n{code}'
            if mark == "alone":
                source = above = here
            elif mark == "body":
                includes = "".join(f"{line}\n" for line in code.splitlines() if line.startswith("#include"))
                if includes:
                    here = here.replace("#include", "// #include")
                source = f"{includes}{above}\nvoid readme_block();\nvoid readme_block() {{\n{here}}}\n"
            elif mark == "skip" and reason:
                skipped += 1
                print(f"{markdown}:{start}: skipped: {reason}")
                continue
            else:
                failed += 1
                print(f"{markdown}:{start}: unknown mark, or skipped without a reason: {mark} {reason}")
                continue
            path = pathlib.Path(folder) / f"block_{start}.cpp"
            path.write_text(source, encoding="utf-8")
            good, output = compiler.compile_only(arguments, path, FLAGS)
            if good:
                compiled += 1
            else:
                failed += 1
                print(f"{markdown}:{start}: the block does not compile:\n" + "\n".join(output[:40]))
    return compiled, skipped, failed


SELF_TEST = [
    # (compiled, skipped, failed), Markdown
    ((1, 0, 0), "```cpp\nint one;\n```\n"),
    ((0, 0, 1), "```cpp\nint one\n```\n"),
    ((2, 0, 0), "```cpp\nint one;\n```\n<!-- compile: body -->\n```cpp\n#include <cstdio>\n++one;\n```\n"),
    ((1, 0, 1), "```cpp\nint one;\n```\n<!-- compile: body -->\n```cpp\n++two;\n```\n"),
    ((0, 1, 0), "<!-- compile: skip a picture -->\n```cpp\n...\n```\n"),
    ((0, 0, 1), "<!-- compile: skip -->\n```cpp\n...\n```\n"),
    ((0, 0, 0), "```sh\n...\n```\n"),
]


def self_test(arguments):
    """Whether this script accepts and refuses as it says. Needs nothing of the library."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "parley").mkdir()
        (pathlib.Path(folder) / "parley" / "parley.hpp").touch()
        arguments.include = [folder]
        for expected, text in SELF_TEST:
            counted = check(arguments, "case.md", text)
            if counted != expected:
                wrong += 1
                print(f"expected {expected}, counted {counted}:\n{text}")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    compiler.add_arguments(parser)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("markdown", nargs="?", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.self_test:
        return 0 if self_test(arguments) else 1
    compiled, skipped, failed = check(arguments, arguments.markdown, arguments.markdown.read_text(encoding="utf-8"))
    print(f"{arguments.markdown}: {compiled} blocks compile, {skipped} skipped, {failed} fail")
    if compiled == 0:
        print("no block was compiled: nothing is shown to work")
    return 0 if failed == 0 and compiled > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
