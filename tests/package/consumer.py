"""What the tests of the package share: a project in a place of its own, built and run there."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SAYS = "the numbers of another process add up to 5050"

SKIPPED = 77  # what ctest is told to take for "not run"


def skip(why):
    print(f"not run: {why}")
    sys.exit(SKIPPED)


def run(*command, **keywords):
    """Returns what the command prints; if it fails, prints that, and ends."""
    command = [str(part) for part in command]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        universal_newlines=True,
        check=False,
        **keywords,
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nended with {done.returncode}: {' '.join(command)}")
    return done.stdout


def elsewhere():
    """A folder outside the tree, so that nothing is found by being near."""
    return tempfile.TemporaryDirectory(prefix="parley-package-")


def project(name, folder):
    """Copies the project tests/package/<name> into `folder`, with the program that uses parley."""
    copied = pathlib.Path(folder) / "consumer"
    shutil.copytree(str(HERE / name), str(copied))
    shutil.copy(str(ROOT / "test_package" / "consumer.cxx"), str(copied))
    return copied


def build_and_run(source, cmake, *configuration, **keywords):
    run(cmake, "-S", source, "-B", source / "build", *configuration, **keywords)
    run(cmake, "--build", source / "build", **keywords)
    run_consumer(source / "build" / "consumer")


def run_consumer(program):
    said = run(program).strip()
    if said != SAYS:
        sys.exit(f"the consumer says:\n{said}\ninstead of:\n{SAYS}")
    print(said)


def version_in_cmake():
    """The one place that has it. conanfile.py reads it for itself: where that runs, this file is not."""
    return re.search(r"project\(\s*parley\s+VERSION\s+([0-9.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def has(program):
    return shutil.which(program) is not None


def without_git_variables():
    """An environment in which git takes its folder from nowhere else, even when a hook runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
