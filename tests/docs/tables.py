#!/usr/bin/env python3
"""Passes if the tables in a Markdown file are those that a program prints; --write puts them there.

A table stands between `<!-- generated: name -->` and `<!-- end -->`, in the file and in what the program prints. The
file has every table that the program prints, each once, and no other.
"""

import argparse
import difflib
import pathlib
import re
import subprocess
import sys

SECTION = re.compile(r"^<!-- generated: (?P<name>.*) -->\n(?P<body>(?:(?!<!-- ).*\n)*)<!-- end -->\n", re.MULTILINE)
MARK = re.compile(r"^<!-- (?:generated: .*|end) -->$", re.MULTILINE)


def sections(text):
    """The tables in a text by their names, or an error in words."""
    found = list(SECTION.finditer(text))
    names = [match["name"] for match in found]
    if len(MARK.findall(text)) != 2 * len(found):
        raise ValueError("a mark '<!-- generated: name -->' or '<!-- end -->' lacks its other half")
    if len(set(names)) != len(names):
        raise ValueError(f"a table is there twice: {', '.join(names)}")
    return {match["name"]: match["body"] for match in found}


def complaints(document, printed):
    """What is wrong with the tables of a document, one sentence each."""
    try:
        there, wanted = sections(document), sections(printed)
    except ValueError as error:
        return [str(error)]
    if not wanted:
        return ["the program prints no table"]
    found = [f"the table '{name}' is missing: write its two marks where it should be" for name in wanted if name not in there]
    found += [f"nothing prints a table '{name}'" for name in there if name not in wanted]
    for name in there:
        if name in wanted and there[name] != wanted[name]:
            lines = difflib.unified_diff(
                there[name].splitlines(), wanted[name].splitlines(), "written", "printed", n=0, lineterm=""
            )
            found.append(f"the table '{name}' is out of date; './dev docs-tables' renews it:\n" + "\n".join(lines))
    return found


def renewed(document, printed):
    """The document with the tables as they are printed."""
    wanted = sections(printed)
    return SECTION.sub(lambda match: section(match["name"], wanted.get(match["name"], match["body"])), document)


def section(name, body):
    return f"<!-- generated: {name} -->\n{body}<!-- end -->\n"


SELF_TEST = [
    # (passes, passes when renewed, document, printed)
    (True, True, "a\n" + section("t", "| 1 |\n") + "b\n", section("t", "| 1 |\n")),
    (True, True, section("t", "1\n") + section("u", "2\n"), section("u", "2\n") + section("t", "1\n")),
    (False, True, "a\n" + section("t", "| 1 |\n") + "b\n", section("t", "| 2 |\n")),
    (False, True, "a\n" + section("t", "") + "b\n", section("t", "| 2 |\n\n3\n")),
    (False, False, "a\n", section("t", "1\n")),
    (False, False, section("t", "1\n") + section("u", "1\n"), section("t", "1\n")),
    (False, False, section("t", "1\n") * 2, section("t", "1\n")),
    (False, False, section("t", "1\n") + "<!-- end -->\n", section("t", "1\n")),
    (False, False, "<!-- generated: t -->\n" + section("t", "1\n"), section("t", "1\n")),
    (False, False, "a\n", "1\n"),
]


def self_test():
    """Whether this script accepts and refuses as it says, and changes nothing but tables."""
    wrong = 0
    for passes, passes_renewed, document, printed in SELF_TEST:
        results = [not complaints(document, printed), not complaints(renewed(document, printed), printed)]
        if results != [passes, passes_renewed]:
            wrong += 1
            print(f"should be {[passes, passes_renewed]}, is {results}:\n{document}")
        if SECTION.sub("", renewed(document, printed)) != SECTION.sub("", document):
            wrong += 1
            print(f"changes more than tables:\n{document}")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="prints the tables")
    parser.add_argument("--write", action="store_true", help="renew the tables in the file")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("markdown", nargs="?", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.self_test:
        return 0 if self_test() else 1
    printed = subprocess.run([arguments.program], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
    document = arguments.markdown.read_text(encoding="utf-8")
    if arguments.write:
        document = renewed(document, printed)
        arguments.markdown.write_text(document, encoding="utf-8")
    found = complaints(document, printed)
    for complaint in found:
        print(f"{arguments.markdown}: {complaint}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
