#!/usr/bin/env python3
"""Uses parley in one of the ways to get it: configures, builds and runs a project outside the tree."""

import argparse
import pathlib
import re
import shutil
import sys

from consumer import ROOT, build_and_run, elsewhere, has, project, run, run_consumer, skip, without_git_variables


def moved(prefix, folder):
    """What was installed, in another place: a package has to work wherever somebody puts it."""
    return pathlib.Path(shutil.copytree(str(prefix), str(pathlib.Path(folder) / "prefix")))


def with_cmake(arguments, name, folder, *configuration, **keywords):
    build_and_run(
        project(name, folder),
        arguments.cmake,
        *["-G", arguments.generator],
        f"-DCMAKE_CXX_COMPILER={arguments.compiler}",
        f"-DCMAKE_CXX_STANDARD={arguments.standard}",
        "-DCMAKE_CXX_STANDARD_REQUIRED=ON",
        *configuration,
        **keywords,
    )


def find_package(arguments, folder):
    prefix = moved(arguments.prefix, folder)
    with_cmake(
        arguments,
        "find_package",
        folder,
        f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DPARLEY_VERSION={arguments.version}",
    )


def add_subdirectory(arguments, folder):
    with_cmake(arguments, "add_subdirectory", folder, f"-DPARLEY_SOURCE={ROOT}")


def fetch_content(arguments, folder):
    """What is fetched is the last commit, by its hash: there may be no branch. What is not committed is not tried."""
    if not has("git"):
        skip("git is missing")
    # git refuses a clone of what belongs to somebody else, as a tree does that was mounted into a container.
    settings = pathlib.Path(folder) / "gitconfig"
    settings.write_text("[safe]\n\tdirectory = *\n")
    environment = {**without_git_variables(), "GIT_CONFIG_GLOBAL": str(settings), "GIT_TERMINAL_PROMPT": "0"}
    if not (ROOT / ".git").exists():
        skip("the sources are no clone")
    commit = run("git", "-C", ROOT, "rev-parse", "HEAD", env=environment).strip()
    with_cmake(
        arguments,
        "fetch_content",
        folder,
        f"-DPARLEY_REPOSITORY=file://{ROOT}",
        f"-DPARLEY_COMMIT={commit}",
        env=environment,
    )


def pkg_config(arguments, folder):
    if not has("pkg-config"):
        skip("pkg-config is missing")
    files = moved(arguments.prefix, folder) / "share" / "pkgconfig"
    found = run("env", f"PKG_CONFIG_PATH={files}", "pkg-config", "--modversion", "parley").strip()
    if found != arguments.version:
        sys.exit(f"pkg-config found parley {found} instead of {arguments.version}")
    flags = run("env", f"PKG_CONFIG_PATH={files}", "pkg-config", "--cflags", "--libs", "parley").split()
    program = pathlib.Path(folder) / "consumer"
    source = ROOT / "test_package" / "consumer.cxx"
    run(arguments.compiler, f"-std=c++{arguments.standard}", source, *flags, "-o", program)
    run_consumer(program)


def no_exceptions(arguments, folder):
    with_cmake(arguments, "no_exceptions", folder, f"-DCMAKE_PREFIX_PATH={moved(arguments.prefix, folder)}")


def headers(arguments, _):
    """What is installed is every header, and no other."""
    ours, installed = (
        {str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()}
        for tree in (ROOT / "include", arguments.prefix / "include")
    )
    if not ours or ours != installed:
        sys.exit(f"not installed: {sorted(ours - installed)}\nnot ours: {sorted(installed - ours)}")


def version(arguments, _):
    """CHANGELOG.md begins with the version, and the README names no other."""
    newest = re.search(r"^## +(\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if not newest or newest.group(1) != arguments.version:
        sys.exit(f"CHANGELOG.md does not begin with {arguments.version}")
    minor = ".".join(arguments.version.split(".")[:2])
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\bparley/([0-9][0-9.]*)", readme) + re.findall(r"find_package\(parley ([0-9][0-9.]*)", readme)
    if not named:
        sys.exit("README.md names no version")
    for one in named:
        if one not in (arguments.version, minor):
            sys.exit(f"README.md names parley {one}; it is {arguments.version}")


WAYS = [find_package, add_subdirectory, fetch_content, pkg_config, no_exceptions, headers, version]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=[way.__name__ for way in WAYS])
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--generator", default="Ninja")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--standard", default="20")
    parser.add_argument("--prefix", type=pathlib.Path, help="where parley is installed")
    parser.add_argument("--version", help="the version that is expected")
    arguments = parser.parse_args()
    if not has(arguments.compiler):
        skip(f"{arguments.compiler} is missing")
    with elsewhere() as folder:
        {way.__name__: way for way in WAYS}[arguments.way](arguments, folder)


if __name__ == "__main__":
    main()
