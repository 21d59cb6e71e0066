#!/usr/bin/env python3
"""Passes if a file does not compile, and the compiler says why in the sentence that the file expects.

A file opens with the comment `// expect: <sentence>`, which must stand within the first ten lines of the compiler's
output, and may go on with `// expect-not: <text>`, which must stand nowhere in it. Both may be there several times.
"""

import argparse
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import compiler  # noqa: E402

FIRST_LINES = 10


def expectations(source):
    """The sentences that must be there and the texts that must not, from the comments at the top of the file."""
    wanted, unwanted = [], []
    for line in source.read_text(encoding="utf-8").splitlines():
        if not line.startswith("//"):
            break
        key, _, text = line[2:].strip().partition(": ")
        if key == "expect":
            wanted.append(text.strip())
        elif key == "expect-not":
            unwanted.append(text.strip())
    return wanted, unwanted


def complaints(arguments, source):
    """What is wrong with the file's refusal, one sentence each, and the compiler's output."""
    wanted, unwanted = expectations(source)
    if not all(wanted) or not wanted:
        return ["the file does not open with '// expect: <sentence>'"], []
    compiles, output = compiler.compile_only(arguments, source)
    if compiles:
        return ["it compiles, and should not"], output
    found = []
    for sentence in wanted:
        if not any(sentence in line for line in output[:FIRST_LINES]):
            later = next((number for number, line in enumerate(output, 1) if sentence in line), None)
            place = f"only in line {later}" if later else "nowhere"
            found.append(f"not within the first {FIRST_LINES} lines of the output ({place}): {sentence}")
    for text in unwanted:
        if any(text in line for line in output):
            found.append(f"in the output, and should not be: {text}")
    return found, output


SELF_TEST = [
    # (passes, source)
    (True, '// expect: wrong word\nstatic_assert(false, "wrong word");\n'),
    (True, '// expect: wrong word\n// expect-not: other\nstatic_assert(false, "wrong word");\n'),
    (False, "// expect: wrong word\nint right;\n"),
    (False, '// expect: wrong word\nstatic_assert(false, "other word");\n'),
    (False, '// expect: wrong word\n// expect-not: ord\nstatic_assert(false, "wrong word");\n'),
    (False, '// expect: wrong word\n// expect: too\nstatic_assert(false, "wrong word");\n'),
    (False, '// expect: wrong word\n' + 'static_assert(false, "first");\n' * 10 + 'static_assert(false, "wrong word");\n'),
    (False, 'static_assert(false, "wrong word");\n'),
    (False, '// expect:\nstatic_assert(false, "wrong word");\n'),
]


def self_test(arguments):
    """Whether this script accepts and refuses as it says."""
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "case.cpp"
        for passes, text in SELF_TEST:
            source.write_text(text, encoding="utf-8")
            found, _ = complaints(arguments, source)
            if passes != (not found):
                wrong += 1
                print(f"should {'pass' if passes else 'fail'}, but says {found}:\n{text}")
    return wrong == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    compiler.add_arguments(parser)
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--precompile", metavar="HEADER", help="make --precompiled from it, for the tests to come")
    parser.add_argument("source", nargs="?", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.self_test:
        return 0 if self_test(arguments) else 1
    if arguments.precompile:
        good, output = compiler.precompile(arguments, arguments.precompile)
        print("\n".join(output))
        return 0 if good else 1
    found, output = complaints(arguments, arguments.source)
    for complaint in found:
        print(f"{arguments.source}: {complaint}")
    if found and output:
        print("the compiler said:")
        print("\n".join(f"{number:4} {line}" for number, line in enumerate(output[:40], 1)))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
