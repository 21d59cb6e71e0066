"""Counts texts over every composition and compares with wc(1); kills workers; interrupts a job."""

import collections
import os
import random
import re
import signal
import string
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from checking import PROGRAMS, Program, expect

WORDCOUNT = os.path.join(PROGRAMS, "wordcount")
C_LOCALE = dict(os.environ, LC_ALL="C")


def make_texts(folder):
    """Files with everything that could be counted wrongly."""
    chance = random.Random(1)
    words = ["".join(chance.choices(string.ascii_letters, k=chance.randint(1, 12))) for _ in range(3000)]
    contents = {
        "plain": "\n".join(" ".join(chance.choices(words, k=chance.randint(0, 15))) for _ in range(6000)) + "\n",
        "empty": "",
        "no newline at the end": "one two\nthree",
        "other spaces": "a\tb\vc\fd\r\ne  f \n \n\n  g\n",
        "one long line": " ".join(chance.choices(words, k=8000)),
        "long words": "x" * 1022 + " " + "y" * 1023 + "\n" + "z" * 5000 + " end\n" + "w" * 100000 + "\n",
        "only spaces": " " * 5000 + "\n",
        "not ASCII": "d\u00e9j\u00e0 vu \u2014 \u00fcber\n",
    }
    # Spaces at, before and after the place where a message is full.
    contents["edges"] = "".join("v" * n + " " + "u" * 40 + "\n" for n in range(1000, 1050))
    paths = []
    for name, content in contents.items():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w", newline="", encoding="utf-8") as file:
            file.write(content)
    licenses = "/usr/share/common-licenses"
    if os.path.isdir(licenses):
        paths += sorted(os.path.join(licenses, name) for name in os.listdir(licenses))
    return paths


def read_all(paths):
    contents = []
    for path in paths:
        with open(path, "rb") as file:
            contents.append(file.read())
    return contents


def wc(contents):
    """What wc says: lines, words, bytes, of all together."""
    # Before coreutils 9.5, wc sees no word in bytes that the C locale cannot print: put others in their place.
    printable = bytes(b if b < 128 and chr(b) in string.printable else ord("x") for b in range(256))
    total = [0, 0, 0]
    for content in contents:
        counted = subprocess.run(["wc", "-l", "-w", "-c"], input=content.translate(printable), env=C_LOCALE,
                                 stdout=subprocess.PIPE, check=True).stdout.split()
        total = [a + int(b) for a, b in zip(total, counted)]
    return tuple(total)


def top(contents, how_many):
    words = collections.Counter(word[:64] for content in contents for word in content.split())
    order = sorted(words.items(), key=lambda entry: (-entry[1], entry[0]))
    return [(times, word.decode(errors="replace")) for word, times in order[:how_many]]


def totals(output):
    found = re.search(r"^(\d+) files, (\d+) lines, (\d+) words, (\d+) bytes$", "\n".join(output), re.M)
    if not found:
        sys.exit("no totals in:\n" + "\n".join(output))
    return tuple(map(int, found.groups()))


def compositions():
    listed = subprocess.run([WORDCOUNT, "--help"], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    return re.findall(r"^  (\w+) ", listed[listed.index("Compositions:"):], re.M)


def leftovers(pid):
    folders = ["/dev/shm", tempfile.gettempdir()]
    return [name for folder in folders for name in os.listdir(folder) if f"wordcount-{pid}-" in name]


def check_every_composition(paths):
    contents = read_all(paths)
    expected = (len(paths),) + wc(contents)
    first = top(contents, 20)
    names = compositions()
    if len(names) < 6:
        sys.exit(f"only {names}")
    for name in names:
        job = Program("wordcount", "--composition", name, "--top", 20, *paths)
        output = job.end()
        expect(f"the totals over {name}", totals(output), expected)
        words = [(int(times), word) for times, word in (line.split() for line in output[:20])]
        expect(f"the first words over {name}", words, first)
        if "equal to the count by one process" not in output:
            sys.exit(f"{name}: not equal:\n" + "\n".join(output))
        expect(f"left by {name}", leftovers(job.process.pid), [])


def check_standard_input():
    job = Program("wordcount", "-", "--workers", 1, stdin=subprocess.PIPE)
    expect("standard input", totals(job.end(text="to be or\nnot to be\n")), (1, 2, 6, 19))


def check_killing(paths):
    for name in ("shm", "at_least_once", "round_robin", "zero", "mqueue"):
        for _ in range(3):
            job = Program("wordcount", "--composition", name, "--kill-worker", *paths)
            output = "\n".join(job.end())  # by its status, it has compared what was lost with what may be
            if "killed on the way: worker" not in output:
                sys.exit(f"{name}: nobody was killed:\n{output}")
            if name == "at_least_once" and "lost:" in output:
                sys.exit(f"{name}: something was lost:\n{output}")
            expect(f"left by {name}", leftovers(job.process.pid), [])


def check_interruption(paths):
    job = subprocess.Popen([WORDCOUNT, "--composition", "zero"] + paths * 200, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, start_new_session=True)
    while not leftovers(job.pid):  # until it is under way
        if job.poll() is not None:
            sys.exit(f"the job to be interrupted ended with {job.returncode}")
        time.sleep(0.001)
    os.killpg(job.pid, signal.SIGINT)  # as Ctrl-C does: to all its processes
    expect("the interrupted job", job.wait(timeout=60), 130)
    try:
        os.killpg(job.pid, 0)
        sys.exit("processes are left")
    except ProcessLookupError:
        pass
    expect("left by the interrupted job", leftovers(job.pid), [])


with tempfile.TemporaryDirectory() as folder:
    texts = make_texts(folder)
    check_every_composition(texts)
    check_standard_input()
    check_killing(texts)
    check_interruption(texts)
