// One of two programs that are the same but for the layout version: versions.older and versions.newer.
//
//   peer <kind> hold <name>     opens both ends, says "ready", passes a message for each line that comes, and says "ok"
//   peer <kind> send <name>     opens a sending end, and sends
//   peer <kind> receive <name>  opens a receiving end
//
// The two that come to what another program holds print the category and the text of what that throws. To what has no
// name only a child comes: for a line "lend <program> <kind> send|receive" the holder starts that program with the
// number of a descriptor instead of a name.

#include <array>
#include <chrono>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <parley/parley.hpp>

namespace {

using namespace std::chrono_literals;

using few = parley::bounded<4>;
constexpr int more_than_fit = 6;  // who learns what the other is by an answer must have waited for one

template <class C>
struct two_ends {
    using channel = C;
    explicit two_ends(const std::string& name) : in(name), out(name) {}
    bool pass(int number) {
        out.send(number);
        return in.receive_for(30s) == number;
    }
    parley::receiver<C> in;
    parley::sender<C> out;
};

template <class C>
void send(const std::string& name) {
    parley::sender<C> out{name};
    for (int number = 0; number < more_than_fit; ++number) {
        static_cast<void>(out.send_for(number, 30s));
    }
}

template <class C>
void receive(const std::string& name) {
    parley::receiver<C> in{name};
}

/// The name of somebody else near that one; between machines, another port of the same.
template <class C>
std::string near(const std::string& name, int number) {
    if constexpr (C::transport::capabilities.crosses_machines) {
        const auto port = name.rfind(':') + 1;
        return name.substr(0, port) + std::to_string(std::stoi(name.substr(port)) + number);
    } else {
        return name + "." + std::to_string(number);
    }
}

template <class C>
struct two_endpoints {
    using channel = C;
    explicit two_endpoints(const std::string& name) : one(name), two(near<C>(name, 1)) {}
    bool pass(int number) {
        two.send(one.name(), number);
        const auto letter = one.receive_for(30s);  // from anybody, so strangers are heard too
        return letter && letter->second == number;
    }
    parley::endpoint<C> one;
    parley::endpoint<C> two;
};

template <class C>
void write_to(const std::string& name) {
    parley::endpoint<C> stranger{near<C>(name, 2)};
    try {
        for (int number = 0; number < more_than_fit; ++number) {
            static_cast<void>(stranger.send_for(name, number, 30s));
        }
    } catch (const parley::error&) {
        // One that cannot be talked to stops nobody else's messages; that it is there is told once at most.
        parley::endpoint<C> fellow{near<C>(name, 3)};
        fellow.send(stranger.name(), 7);
        std::error_code code;
        auto letter = stranger.receive_for(30s, code);
        if (!letter && code == parley::errc::incompatible) {
            letter = stranger.receive_for(30s, code);
        }
        if (!letter || letter->second != 7) {
            throw std::runtime_error("another one's message did not come: " + code.message());
        }
        throw;
    }
}

template <class C>
void take_name(const std::string& name) {
    parley::endpoint<C> same{name};
}

template <class C>
struct two_paired {
    using channel = C;
    explicit two_paired(const std::string&) {}
    bool pass(int number) {
        ends.first.send(number);
        return ends.second.receive_for(30s) == number;
    }

    /// Runs "<program> <kind> <role>" with an end of the role.
    bool lend(const std::string& command) const {
        std::istringstream words(command);
        std::string program;
        std::string kind;
        std::string role;
        words >> program >> kind >> role;
        const int lent = ::dup(role == "send" ? ends.first.descriptor() : ends.second.descriptor());
        auto number = std::to_string(lent);
        std::array<char*, 5> arguments{program.data(), kind.data(), role.data(), number.data(), nullptr};
        ::pid_t child = 0;
        const bool started = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments.data(), environ) == 0;
        ::close(lent);
        int status = -1;
        return started && ::waitpid(child, &status, 0) == child && status == 0;
    }

    decltype(C::pair()) ends = C::pair();
};

/// An end of that role which a parent has lent.
template <class C>
void take_over(std::string_view role, int descriptor) {
    if constexpr (C::addressing::pairwise) {
        parley::link<C> side{parley::from_descriptor, descriptor, role == "send" ? 0U : 1U};
        static_cast<void>(side.core());
    } else if (role == "send") {
        parley::sender<C> out{parley::from_descriptor, descriptor};
        static_cast<void>(out.core());
    } else {
        parley::receiver<C> in{parley::from_descriptor, descriptor};
        static_cast<void>(in.core());
    }
}

template <class Held>
int hold(const std::string& name) {
    Held held(name);
    std::cout << "ready" << std::endl;
    int number = 0;
    for (std::string line; std::getline(std::cin, line);) {
        bool done = false;
        if constexpr (Held::channel::transport::capabilities.named) {
            done = held.pass(++number);
        } else {
            constexpr std::string_view lend = "lend ";
            done = line.starts_with(lend) ? held.lend(line.substr(lend.size())) : held.pass(++number);
        }
        std::cout << (done ? "ok" : "lost") << std::endl;
    }
    if constexpr (Held::channel::transport::capabilities.named) {
        Held::channel::remove(name);
    }
    return 0;
}

template <class Call>
int meet(Call call) {
    try {
        call();
        std::cout << "nothing is in the way\n";
    } catch (const parley::error& refused) {
        std::cout << (refused.code() == parley::errc::incompatible ? "incompatible: " : "otherwise: ") << refused.what()
                  << '\n';
    }
    return 0;
}

template <class C>
int run(std::string_view role, const std::string& name) {
    if constexpr (!C::transport::capabilities.named) {
        return role == "hold" ? hold<two_paired<C>>(name) : meet([&] { take_over<C>(role, std::stoi(name)); });
    } else if constexpr (C::addressing::pairwise) {
        return role == "hold"   ? hold<two_endpoints<C>>(name)
               : role == "send" ? meet([&] { write_to<C>(name); })
                                : meet([&] { take_name<C>(name); });
    } else {
        return role == "hold"   ? hold<two_ends<C>>(name)
               : role == "send" ? meet([&] { send<C>(name); })
                                : meet([&] { receive<C>(name); });
    }
}

/// What can be asked for.
struct kind {
    std::string_view name;
    int (*play)(std::string_view role, const std::string& channel_name);
};

constexpr kind kinds[] = {
    {"mailbox", run<parley::channel<int, parley::shm, parley::mailbox, few>>},
    {"port", run<parley::channel<int, parley::shm, parley::port, few>>},
    {"direct", run<parley::channel<int, parley::shm, parley::direct, few>>},
    {"pool", run<parley::channel<int, parley::shm, parley::mailbox, few, parley::map>>},
    {"queue", run<parley::channel<int, parley::mqueue, parley::mailbox, few>>},
    {"stream", run<parley::channel<int, parley::unix_stream, parley::port, few>>},
    {"datagram", run<parley::channel<int, parley::unix_datagram, parley::port, few>>},
    {"stream_direct", run<parley::channel<int, parley::unix_stream, parley::direct, few>>},
    {"pool_direct", run<parley::channel<int, parley::shm, parley::direct, few, parley::map>>},
    {"system_v", run<parley::channel<int, parley::sysv_shm, parley::mailbox, few>>},
    {"system_v_queue", run<parley::channel<int, parley::sysv_mqueue, parley::mailbox, few>>},
    {"file", run<parley::channel<int, parley::mapped_file, parley::mailbox, few>>},
    {"fifo", run<parley::channel<int, parley::fifo, parley::mailbox, few>>},
    {"packets", run<parley::channel<int, parley::unix_seqpacket, parley::port, few>>},
    {"packets_direct", run<parley::channel<int, parley::unix_seqpacket, parley::direct, few>>},
    {"datagram_direct", run<parley::channel<int, parley::unix_datagram, parley::direct, few>>},
    {"stream_abstract", run<parley::channel<int, parley::unix_stream, parley::port, few>>},
    {"packets_abstract", run<parley::channel<int, parley::unix_seqpacket, parley::port, few>>},
    {"datagram_abstract", run<parley::channel<int, parley::unix_datagram, parley::port, few>>},
    {"tcp", run<parley::channel<int, parley::tcp, parley::port, few>>},
    {"tcp_direct", run<parley::channel<int, parley::tcp, parley::direct, few>>},
    {"udp", run<parley::channel<int, parley::udp, parley::port, few>>},
    {"udp_direct", run<parley::channel<int, parley::udp, parley::direct, few>>},
    {"nameless", run<parley::channel<int, parley::anonymous_shm, parley::mailbox, few>>},
    {"nameless_direct", run<parley::channel<int, parley::anonymous_shm, parley::direct, few>>},
    {"pipe", run<parley::channel<int, parley::pipe, parley::port, few>>},
    {"pipe_direct", run<parley::channel<int, parley::pipe, parley::direct, few>>},
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 4) {
        std::cerr << "usage: peer <kind> hold|send|receive <name>\n";
        return 2;
    }
    for (const auto& each : kinds) {
        if (each.name == arguments[1]) {
            return each.play(arguments[2], arguments[3]);
        }
    }
    std::cerr << "no such kind\n";
    return 2;
}
