// One of two programs that are the same but for the layout version: versions.older and versions.newer.
//
//   peer <kind> hold <name>     opens both ends, says "ready", passes a message for each line that comes, and says "ok"
//   peer <kind> send <name>     opens a sending end, and sends
//   peer <kind> receive <name>  opens a receiving end
//
// The two that come to what another program holds print the category and the text of what that throws.

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

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

template <class C>
struct two_endpoints {
    using channel = C;
    explicit two_endpoints(const std::string& name) : one(name), two(name + ".friend") {}
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
    parley::endpoint<C> stranger{name + ".stranger"};
    try {
        for (int number = 0; number < more_than_fit; ++number) {
            static_cast<void>(stranger.send_for(name, number, 30s));
        }
    } catch (const parley::error&) {
        // One that cannot be talked to stops nobody else's messages; that it is there is told once at most.
        parley::endpoint<C> fellow{name + ".fellow"};
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

template <class Held>
int hold(const std::string& name) {
    Held held(name);
    std::cout << "ready" << std::endl;
    int number = 0;
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << (held.pass(++number) ? "ok" : "lost") << std::endl;
    }
    Held::channel::remove(name);
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
    if constexpr (C::addressing::pairwise) {
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
