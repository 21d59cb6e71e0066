"""Calls the configured compiler on one source file, for the tests that are about what compiles."""

import os
import pathlib
import subprocess


def add_arguments(parser):
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--include", action="append", default=[], help="directory searched for headers")
    parser.add_argument("--system-includes", default="", help="the same, without warnings; several with : between them")
    parser.add_argument("--precompiled", help="a header for every source, made before by --precompile")


def compile_only(arguments, source, flags=()):
    """Returns whether `source` compiles, and the lines that the compiler said."""
    if arguments.precompiled:
        flags = [*flags, "-include", arguments.precompiled]
    return _run(arguments, ["-fsyntax-only", *flags, str(source)])


def precompile(arguments, header):
    """Compiles a header so that `arguments.precompiled` means it from now on. Returns as `compile_only`."""
    made = pathlib.Path(arguments.precompiled + ".gch")  # where g++ looks for it, and clang++ too
    made.parent.mkdir(parents=True, exist_ok=True)
    return _run(arguments, ["-x", "c++-header", "-w", str(header), "-o", str(made)])


def _run(arguments, flags):
    command = [arguments.compiler, "-std=c++20", "-fdiagnostics-color=never"]
    for directory in arguments.include:
        command += ["-I", directory]
    for directory in filter(None, arguments.system_includes.split(":")):
        if os.path.realpath(directory) != "/usr/include":  # searched anyway, and must stay last
            command += ["-isystem", directory]
    done = subprocess.run(
        [*command, *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "LC_ALL": "C"},
        universal_newlines=True,
        check=False,
    )
    return done.returncode == 0, done.stdout.splitlines()
