#!/usr/bin/env python3
"""What a translation unit with parley costs the compiler, in seconds and memory, beside one with Boost's message_queue.

The sources are compiled in turn, so that whatever else the machine does meets all of them; the medians are printed.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

TWO_CHANNELS = """
using orders = parley::channel<int, parley::bounded<16>>;
using answers = parley::channel<double, parley::bounded<16>>;

int main() {
    parley::sender<orders> out{"orders"};
    parley::receiver<orders> in{"orders"};
    out.send(1);
    parley::sender<answers> back{"answers"};
    parley::receiver<answers> answer{"answers"};
    back.send(in.receive());
    return answer.receive() > 0 ? 0 : 1;
}
"""

WORDS = [
    "addressing/mailbox.hpp",
    "buffering/bounded.hpp",
    "channel.hpp",
    "lifetime/kernel.hpp",
    "synchronization/blocking.hpp",
    "transport/shm.hpp",
    "wait/condvar.hpp",
]

SOURCES = {
    "parley.hpp, two channels": "#include <parley/parley.hpp>\n" + TWO_CHANNELS,
    "their words only, two channels": "".join(f"#include <parley/{word}>\n" for word in WORDS) + TWO_CHANNELS,
    "parley.hpp, included": "#include <parley/parley.hpp>\nint main() {}\n",
    "message_queue.hpp, two queues": """
#include <boost/interprocess/ipc/message_queue.hpp>

namespace ipc = boost::interprocess;

template <class Message>
Message through(const char* name, Message sent) {
    ipc::message_queue queue(ipc::open_or_create, name, 16, sizeof(Message));
    queue.send(&sent, sizeof(sent), 0);
    Message received{};
    ipc::message_queue::size_type size = 0;
    unsigned priority = 0;
    queue.receive(&received, sizeof(received), size, priority);
    return received;
}

int main() { return through<double>("answers", through<int>("orders", 1)) > 0 ? 0 : 1; }
""",
    "message_queue.hpp, included": "#include <boost/interprocess/ipc/message_queue.hpp>\nint main() {}\n",
}


def compiled(command):
    """Returns the seconds of processor that it took and the most memory that one of its processes had, in MiB."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = 0  # it is over: nobody is to wait for it again
    if status != 0:
        sys.exit(f"does not compile: {' '.join(command)}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measured(compiler, level, times, folder):
    found = {name: [] for name in SOURCES}
    for _ in range(times):
        for number, (name, text) in enumerate(SOURCES.items()):
            source = pathlib.Path(folder) / f"{number}.cpp"
            source.write_text(text)
            command = [compiler, "-std=c++20", level, "-I", str(ROOT / "include")]
            found[name].append(compiled([*command, "-c", str(source), "-o", str(source.with_suffix(".o"))]))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compilers", nargs="+", default=["g++", "clang++"])
    parser.add_argument("--levels", nargs="+", default=["O0", "O2"], metavar="LEVEL")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    print("| compiler | source | seconds | MiB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for compiler in filter(shutil.which, arguments.compilers):
            for level in arguments.levels:
                for name, runs in measured(compiler, f"-{level}", arguments.times, folder).items():
                    seconds, memory = (statistics.median(values) for values in zip(*runs))
                    print(f"| {compiler} -{level} | {name} | {seconds:.2f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
