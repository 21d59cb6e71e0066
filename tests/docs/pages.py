#!/usr/bin/env python3
"""Makes one test program of all the code on a page of the documentation.

  ```cpp      as tests/readme/run.py says: alone, `compile: body`, `compile: skip why`; and `<!-- compile: global -->`
              for what cannot stand in a namespace, such as a specialization of parley::codec. What has a `main`, and
              each body, is run: a TEST_CASE each.
  ```sh       says before it what is done with it (```python likewise):
                <!-- run -->                     it is run, and must succeed
                <!-- run: beside when TEST -->   it is run beside the block of C++ above it, when the shell finds TEST true
                <!-- run: skip why -->           it is not run
  ```text     with <!-- prints --> before it is what the block above it writes to the standard output.
"""

import argparse
import pathlib
import re
import sys

MARK = re.compile(r"^\s*<!--\s*(compile|run|prints)\s*:?\s*(\S*)\s*(.*?)\s*-->\s*$")
FENCE = re.compile(r"^```(\w*)\s*$")
COMMANDS = {"sh": "", "python": "python3 -B - <<'PYTHON'\n{}PYTHON\n"}


class Mistake(Exception):
    """Something on the page is not as it must be."""


class Block:
    """A fenced block: its language, the words of the mark before it, where it begins, and what it says."""

    def __init__(self, language, mark, line, text):
        self.language, self.mark, self.line, self.text = language, mark, line, text

    def script(self):
        return COMMANDS[self.language].format(self.text) or self.text


def blocks(page):
    """Every fenced block of a page."""
    lines = page.splitlines()
    start = language = None
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if start is None and fence:
            start, language = number, fence.group(1)
        elif start is not None and line.rstrip() == "```":
            mark = MARK.match(lines[start - 2]) if start > 1 else None
            yield Block(language, mark.groups() if mark else None, start + 1, "\n".join(lines[start : number - 1]) + "\n")
            start = None
    if start is not None:
        raise Mistake(f"{start}: the block has no end")


def literal(text):
    """A string of C++."""
    return f'R"page({text})page"'


class Program:
    """The source, as the blocks are added to it."""

    def __init__(self, page):
        self.page, self.includes, self.parts, self.above = page, [], [], "page"
        self.names = set()  # what the page may call a channel
        self.cases = []  # [line, statement, script beside it, what it prints]

    def here(self, block, code):
        kept = []
        for line in code.splitlines():
            if line.startswith("#include"):
                if line not in self.includes:
                    self.includes.append(line)
                line = "//"
            kept.append(line)
        return f'#line {block.line} "{self.page}"\n' + "\n".join(kept) + "\n"

    def add_cpp(self, block):
        kind, word, rest = block.mark or ("compile", "alone", "")
        if kind != "compile":
            raise Mistake(f"{block.line}: the mark of a block of C++ is 'compile'")
        name = f"block_{block.line}"
        if word == "alone":
            code, has_main = re.subn(r"^int main\(.*\) \{$", "static void run() {", block.text, flags=re.MULTILINE)
            self.above = name
            self.parts.append(f"namespace {name} {{\n{self.here(block, code)}}}\n")
            if has_main:
                self.cases.append([block.line, f"{name}::run();", "", None])
        elif word == "body":
            body = f"static void {name}() {{\n{self.here(block, block.text)}}}\n"
            self.parts.append(f"namespace {self.above} {{\n{body}}}\n")
            self.cases.append([block.line, f"{self.above}::{name}();", "", None])
        elif word == "global":
            self.parts.append(self.here(block, block.text))
        elif word != "skip" or not rest:
            raise Mistake(f"{block.line}: unknown mark, or skipped without a reason")

    def add_script(self, block):
        kind, word, rest = block.mark or ("", "", "")
        if kind != "run":
            raise Mistake(f"{block.line}: write <!-- run -->, <!-- run: beside when ... --> or <!-- run: skip why -->")
        if word == "":
            self.cases.append([block.line, f"parley::docs::stage::shell({literal(block.script())});", "", None])
        elif word == "beside" and rest.startswith("when ") and self.cases:
            wait = f"until {rest[len('when '):]}; do sleep 0.01; done\n"
            self.cases[-1][2] += wait + block.script()
        elif word != "skip" or not rest:
            raise Mistake(f"{block.line}: unknown mark, or skipped without a reason")

    def add(self, block):
        if block.language == "cpp":
            self.names |= set(re.findall(r'"([A-Za-z][\w-]*)"', block.text))
            self.add_cpp(block)
        elif block.language in COMMANDS:
            self.add_script(block)
        elif block.mark and block.mark[0] == "prints":
            if not self.cases:
                raise Mistake(f"{block.line}: nothing above it prints")
            self.cases[-1][3] = block.text.rstrip("\n")
        elif block.mark:
            raise Mistake(f"{block.line}: a mark that means nothing here")

    def source(self):
        head = [f"// Made from {self.page} by tests/docs/pages.py.", *self.includes, '#include "docs/stage.hpp"',
                '#include "support/catch.hpp"', "#include <parley/parley.hpp>"]
        names = ", ".join(f'"{name}"' for name in sorted(self.names))
        tests = []
        for line, statement, beside, printed in self.cases:
            run = f"here.run([] {{ {statement} }}, {literal(beside)})"
            check = f"CHECK({run} == {literal(printed)});" if printed is not None else f"static_cast<void>({run});"
            tests.append(f'TEST_CASE("line {line}") {{\n    parley::docs::stage here(std::set<std::string>{{{names}}});\n    {check}\n}}\n')
        return "\n".join([*head, "", *self.parts, f'#line 1 "the cases of {self.page}"', *tests])


def program(name, page):
    """The source of the page's program, or None if there is nothing to run."""
    result = Program(name)
    for block in blocks(page):
        result.add(block)
    return result.source() if result.cases else None


SELF_TEST = [
    # what the program has in it (None: there is none; a number: where the mistake is), the page
    (["block_2::run();", "static void run() {"], "```cpp\nint main() {\n}\n```\n"),
    (["block_2::block_6();"], "```cpp\nint one;\n```\n<!-- compile: body -->\n```cpp\none = 1;\n```\n"),
    (["#include <cstdio>\n"], "<!-- compile: body -->\n```cpp\n#include <cstdio>\n```\n"),
    (None, "```cpp\nint one;\n```\n"),
    (None, "<!-- compile: skip a picture -->\n```cpp\n...\n```\n"),
    ("2", "<!-- compile: skip -->\n```cpp\n...\n```\n"),
    (["shell(R\"page(true\n)page\")"], "<!-- run -->\n```sh\ntrue\n```\n"),
    (["until test -p x; do sleep 0.01; done\ntrue"],
     "<!-- compile: body -->\n```cpp\n;\n```\n<!-- run: beside when test -p x -->\n```sh\ntrue\n```\n"),
    (["== R\"page(one)page\""], "<!-- run -->\n```sh\necho one\n```\n<!-- prints -->\n```text\none\n```\n"),
    (["python3 -B - <<'PYTHON'\npass\nPYTHON"], "<!-- run -->\n```python\npass\n```\n"),
    ("2", "```sh\ntrue\n```\n"),
    ("3", "<!-- run: skip -->\n```sh\ntrue\n```\n"),
    ("3", "<!-- prints -->\n```text\none\n```\n"),
    ("1", "```cpp\n"),
]


def self_test():
    """Whether this script accepts and refuses as it says."""
    wrong = 0
    for expected, page in SELF_TEST:
        try:
            made = program("case.md", page)
            good = made is None if expected is None else not isinstance(expected, str) and made and all(part in made for part in expected)
        except Mistake as mistake:
            made, good = mistake, isinstance(expected, str)
        if not good:
            wrong += 1
            print(f"expected {expected}, is {made}:\n{page}")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("page", nargs="?", type=pathlib.Path)
    parser.add_argument("source", nargs="?", type=pathlib.Path, help="written if it changes; removed if there is nothing to run")
    arguments = parser.parse_args()
    if arguments.self_test:
        return 0 if self_test() else 1
    try:
        made = program(arguments.page, arguments.page.read_text(encoding="utf-8"))
    except Mistake as mistake:
        print(f"{arguments.page}:{mistake}")
        return 1
    if made is None:
        if arguments.source.exists():
            arguments.source.unlink()
    elif not arguments.source.exists() or arguments.source.read_text(encoding="utf-8") != made:
        arguments.source.parent.mkdir(parents=True, exist_ok=True)
        arguments.source.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
