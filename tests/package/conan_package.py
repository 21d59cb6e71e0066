#!/usr/bin/env python3
"""Makes the Conan package, runs its test package, and uses it from a project outside the tree.

All of it in a Conan home of its own with no remote: Boost is that of the machine, which the profile says.
"""

import argparse
import os
import pathlib
import re
import shutil
import sys

from consumer import ROOT, SAYS, build_and_run, elsewhere, has, project, run, skip, version_in_cmake

PROFILE = """\
include({detected})

[settings]
compiler.cppstd={standard}

[platform_requires]
boost/{boost}
{tests}
[conf]
tools.build:compiler_executables={{"cpp": "{compiler}"}}
tools.cmake.cmake_layout:test_folder={work}/test_package
tools.cmake.cmaketoolchain:generator=Ninja
tools.cmake.cmaketoolchain:user_presets=
"""

# Beside the C++ compiler the one for C, by which Conan knows what they are.
COMPILERS = {"g++": "gcc", "clang++": "clang"}


def boost_version(compiler):
    said = run("sh", "-c", f"echo '#include <boost/version.hpp>' | {compiler} -x c++ -E -dM -")
    number = int(re.search(r"#define BOOST_VERSION (\d+)", said).group(1))
    return f"{number // 100000}.{number // 100 % 1000}.{number % 100}"


class Conan:
    def __init__(self, arguments):
        self.program = arguments.conan
        self.work = arguments.work
        # An empty home each time: what an earlier run made must not be what this one finds.
        shutil.rmtree(str(self.work), ignore_errors=True)
        self.work.mkdir(parents=True)
        self.home = self.work / "home"
        self("remote", "disable", "*")

    def __call__(self, *arguments, **variables):
        environment = {**os.environ, "CONAN_HOME": str(self.home), **variables}
        return run(self.program, *arguments, env=environment, cwd=str(self.work))

    def profile(self, compiler, standard, tests=""):
        """Writes the profile for the compiler, and returns its name."""
        detected = f"detected-{COMPILERS[compiler]}"
        self("profile", "detect", "--name", detected, CC=COMPILERS[compiler], CXX=compiler)
        name = f"parley-{COMPILERS[compiler]}"
        (self.home / "profiles" / name).write_text(
            PROFILE.format(
                detected=detected,
                standard=standard,
                boost=boost_version(compiler),
                tests=tests,
                compiler=compiler,
                work=self.work,
            )
        )
        return name


def check(what, found):
    if not found:
        sys.exit(f"{what}, it should")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conan", type=pathlib.Path, required=True, help="the program")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder to work in; it is emptied")
    parser.add_argument("--cmake", default="cmake")
    arguments = parser.parse_args()
    if not arguments.conan.exists():
        skip("Conan is missing; ./dev conan installs it")
    arguments.conan = arguments.conan.absolute()
    arguments.work = arguments.work.resolve()
    here = [compiler for compiler in COMPILERS if has(compiler)]
    conan = Conan(arguments)
    version = version_in_cmake()

    # The versions of what tests need: no matter which, in the range that the recipe gives.
    makes = conan.profile(here[0], 20, tests="catch2/2.13.10\nbenchmark/1.7.1\n")
    print(f"conan create, with {here[0]}")
    said = conan("create", ROOT, "--profile:all", makes, "--build=missing")
    check(f"the package is not called parley/{version}", f"parley/{version}" in said)
    check("the test package does not run two processes", SAYS in said)
    graph = conan("graph", "info", ROOT, "--profile:all", makes, "-c", "tools.build:skip_test=False")
    check("the tests do not require their libraries", "catch2/2.13.10" in graph and "benchmark/1.7.1" in graph)

    # Another compiler and another standard, and still no need to build: there is one package for all.
    uses = conan.profile(here[-1], 23)
    print(f"conan install in a project outside the tree, with {here[-1]}")
    with elsewhere() as folder:
        source = project("find_package", folder)
        wants = f"[requires]\nparley/{version}\n\n[generators]\nCMakeDeps\nCMakeToolchain\n"
        (source / "conanfile.txt").write_text(wants)
        conan("install", source, "--output-folder", source / "build", "--profile:all", uses, "--build=never")
        build_and_run(
            source,
            arguments.cmake,
            *["-G", "Ninja"],
            f"-DCMAKE_TOOLCHAIN_FILE={source / 'build' / 'conan_toolchain.cmake'}",
            "-DCMAKE_BUILD_TYPE=Release",
            f"-DPARLEY_VERSION={version}",
        )


if __name__ == "__main__":
    main()
