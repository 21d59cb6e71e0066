// One of two programs that are the same but for the layout version: versions.older and versions.newer.
//
//   peer <kind> hold <name>     opens both ends, says "ready", passes a message for each line that comes, and says "ok"
//   peer <kind> send <name>     opens a sending end, and sends
//   peer <kind> receive <name>  opens a receiving end
//
// The two that come to what another program holds print the category and the text of what that throws. To what has no
// name only a child comes: for a line "lend <program> <kind> send|receive" the holder starts that program with the
// number of a descriptor instead of a name.

#include <iostream>
#include <span>

#include "peer.hpp"

namespace versions {
namespace {

constexpr kind kinds[] = {
    {"mailbox", run<parley::channel<int, parley::shm, parley::mailbox, few>>},
    {"port", run<parley::channel<int, parley::shm, parley::port, few>>},
    {"direct", run<parley::channel<int, parley::shm, parley::direct, few>>},
    {"pool", run<parley::channel<int, parley::shm, parley::mailbox, few, parley::map>>},
    {"queue", run<parley::channel<int, parley::mqueue, parley::mailbox, few>>},
    {"pool_direct", run<parley::channel<int, parley::shm, parley::direct, few, parley::map>>},
    {"system_v", run<parley::channel<int, parley::sysv_shm, parley::mailbox, few>>},
    {"system_v_queue", run<parley::channel<int, parley::sysv_mqueue, parley::mailbox, few>>},
    {"file", run<parley::channel<int, parley::mapped_file, parley::mailbox, few>>},
    {"fifo", run<parley::channel<int, parley::fifo, parley::mailbox, few>>},
    {"nameless", run_pair<parley::channel<int, parley::anonymous_shm, parley::mailbox, few>>},
    {"nameless_direct", run_pair<parley::channel<int, parley::anonymous_shm, parley::direct, few>>},
    {"pipe", run_pair<parley::channel<int, parley::pipe, parley::port, few>>},
    {"pipe_direct", run_pair<parley::channel<int, parley::pipe, parley::direct, few>>},
};

int play(std::string_view name, std::string_view role, const std::string& channel_name) {
    for (const auto& some : {std::span<const kind>(kinds), kinds_of_streams(), kinds_of_datagrams()}) {
        for (const auto& each : some) {
            if (each.name == name) {
                return each.play(role, channel_name);
            }
        }
    }
    std::cerr << "no such kind\n";
    return 2;
}

}  // namespace
}  // namespace versions

int main(int count, char** arguments) {
    if (count != 4) {
        std::cerr << "usage: peer <kind> hold|send|receive <name>\n";
        return 2;
    }
    return versions::play(arguments[1], arguments[2], arguments[3]);
}
