"""Calls the configured compiler on one source file, for the tests that are about what compiles."""

import os
import subprocess


def add_arguments(parser):
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", action="append", default=[], help="directory searched for headers")
    parser.add_argument("--system-includes", default="", help="the same, without warnings; several with : between them")


def compile_only(arguments, source, flags=()):
    """Returns whether `source` compiles, and the lines that the compiler said."""
    command = [arguments.compiler, "-std=c++20", "-fsyntax-only", "-fdiagnostics-color=never", *flags]
    for directory in arguments.include:
        command += ["-I", directory]
    for directory in filter(None, arguments.system_includes.split(":")):
        if os.path.realpath(directory) != "/usr/include":  # searched anyway, and must stay last
            command += ["-isystem", directory]
    done = subprocess.run(
        [*command, str(source)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        universal_newlines=True,
        check=False,
    )
    return done.returncode == 0, done.stdout.splitlines()
