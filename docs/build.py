#!/usr/bin/env python3
"""Builds the site of the documentation with Doxygen, and passes if it has nothing to complain of and all links lead
somewhere."""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

import filter as doxygen_filter

TREE = pathlib.Path(__file__).resolve().parent.parent


def prepare(folder):
    """Puts what Doxygen reads into `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    sources = [*(TREE / "docs" / "pages").glob("*.md"), *(TREE / "include").rglob("*.hpp")]
    for source in sources:
        text = source.read_text(encoding="utf-8")
        made = doxygen_filter.page(text, source.stem) if source.suffix == ".md" else doxygen_filter.header(text)
        target = folder / source.relative_to(TREE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(made, encoding="utf-8")


def version():
    return re.search(r"^    VERSION (\S+)$", (TREE / "CMakeLists.txt").read_text(encoding="utf-8"), re.MULTILINE).group(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--doxygen", default="doxygen")
    parser.add_argument("--into", type=pathlib.Path, default=TREE / "build" / "docs")
    arguments = parser.parse_args()
    if not shutil.which(arguments.doxygen):
        print("not run: doxygen is missing")
        return 77
    site = arguments.into.resolve()
    source = site.parent / (site.name + "-source")
    prepare(source)
    shutil.rmtree(site, ignore_errors=True)
    site.mkdir(parents=True)
    environment = {**os.environ, "PARLEY_VERSION": version(), "PARLEY_SOURCE": str(source), "PARLEY_DOCS": str(site)}
    done = subprocess.run(
        [arguments.doxygen, "docs/Doxyfile"],
        cwd=TREE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        check=False,
    )
    sys.stdout.write(done.stdout.replace(f"{source}/", ""))
    if done.returncode != 0:
        return 1
    links = TREE / "tests" / "docs" / "links.py"
    return subprocess.run([sys.executable, "-B", str(links), str(site)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
