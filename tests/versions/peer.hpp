#pragma once

#include <array>
#include <chrono>
#include <iostream>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <parley/parley.hpp>

/// What the programs of peer.cpp do, for every channel alike.

namespace versions {

using namespace std::chrono_literals;

using few = parley::bounded<4>;
inline constexpr int more_than_fit = 6;  // who learns what the other is by an answer must have waited for one

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

template <class Out>
void send_some(Out& out) {
    for (int number = 0; number < more_than_fit; ++number) {
        static_cast<void>(out.send_for(number, 30s));
    }
}

template <class C>
void send(const std::string& name) {
    parley::sender<C> out{name};
    send_some(out);
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

/// What a call that meets another version says of it.
template <class Call>
std::string met(Call call) {
    try {
        call();
        return "nothing is in the way\n";
    } catch (const parley::error& refused) {
        return (refused.code() == parley::errc::incompatible ? "incompatible: " : "otherwise: ") +
               std::string(refused.what()) + '\n';
    }
}

template <class In>
void receive_some(In& in) {
    for (int number = 0; number < more_than_fit; ++number) {
        static_cast<void>(in.receive_for(30s));
    }
}

template <class C>
struct two_paired {
    using channel = C;
    using pair_type = decltype(C::pair());
    explicit two_paired(const std::string&) {}
    bool pass(int number) {
        ends.first.send(number);
        return ends.second.receive_for(30s) == number;
    }

    /// Starts "<program> <kind> <role>" with an end of the role. An end of two sockets is one process's at a time:
    /// there it is one of another pair, and this process tells how it fares with the other end.
    [[nodiscard]] bool lend(const std::string& command) const {
        std::istringstream words(command);
        std::string program;
        std::string kind;
        std::string role;
        words >> program >> kind >> role;
        const auto end_of = [&role](const pair_type& of) {
            return role == "send" ? of.first.descriptor() : of.second.descriptor();
        };
        if constexpr (shared) {
            return start(program, kind, role, end_of(ends)).ended_well();
        } else {
            std::string told;
            child started;
            {
                auto others = C::pair();
                started = start(program, kind, role, end_of(others));
                told =
                    role == "send" ? use<true>(others.first, others.second) : use<false>(others.second, others.first);
            }
            const bool well = started.ended_well();
            std::cout << "here: " << told;
            return well;
        }
    }

    /// Whether an end may be held by several processes.
    static constexpr bool shared = !C::transport::capabilities.named;

private:
    struct child {
        ::pid_t number = 0;
        [[nodiscard]] bool ended_well() const {
            int status = -1;
            return number != 0 && ::waitpid(number, &status, 0) == number && status == 0;
        }
    };

    static child start(std::string& program, std::string& kind, std::string& role, int descriptor) {
        const int lent = ::dup(descriptor);
        auto number = std::to_string(lent);
        std::array<char*, 5> arguments{program.data(), kind.data(), role.data(), number.data(), nullptr};
        child result;
        if (::posix_spawn(&result.number, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) {
            result.number = 0;
        }
        ::close(lent);
        return result;
    }

    template <bool Receives, class Lent, class Own>
    static std::string use(Lent& lent, Own& own) {
        { const auto gone = std::move(lent); }
        return met([&] {
            if constexpr (Receives) {
                receive_some(own);
            } else {
                send_some(own);
            }
        });
    }

    pair_type ends = C::pair();
};

/// An end of that role which a parent has lent.
template <class C>
void take_over(std::string_view role, int descriptor) {
    const auto sends = role == "send";
    if constexpr (C::addressing::pairwise) {
        parley::link<C> side{parley::from_descriptor, descriptor, sends ? 0U : 1U};
        static_cast<void>(side.core());
        if (sends) {
            send_some(side);
        } else if (!two_paired<C>::shared) {
            receive_some(side);
        }
    } else if (sends) {
        parley::sender<C> out{parley::from_descriptor, descriptor};
        send_some(out);
    } else {
        parley::receiver<C> in{parley::from_descriptor, descriptor};
        static_cast<void>(in.core());
        if (!two_paired<C>::shared) {
            receive_some(in);
        }
    }
}

template <class Held>
int hold(const std::string& name) {
    Held held(name);
    std::cout << "ready" << std::endl;
    int number = 0;
    for (std::string line; std::getline(std::cin, line);) {
        bool done = false;
        if constexpr (!requires { held.lend(line); }) {
            done = held.pass(++number);
        } else {
            constexpr std::string_view lend = "lend ";
            done = line.starts_with(lend) ? held.lend(line.substr(lend.size())) : held.pass(++number);
        }
        std::cout << (done ? "ok" : "lost") << std::endl;
    }
    if constexpr (!requires(std::string line) { held.lend(line); }) {
        Held::channel::remove(name);
    }
    return 0;
}

template <class Call>
int meet(Call call) {
    std::cout << met(call);
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

template <class C>
int run_pair(std::string_view role, const std::string& name) {
    return role == "hold" ? hold<two_paired<C>>(name) : meet([&] { take_over<C>(role, std::stoi(name)); });
}

/// What can be asked for.
struct kind {
    std::string_view name;
    int (*play)(std::string_view role, const std::string& channel_name);
};

/// Sockets are compiled on their own: together the kinds would take a minute.
[[nodiscard]] std::span<const kind> kinds_of_streams();
/// Of peer_datagrams.cpp.
[[nodiscard]] std::span<const kind> kinds_of_datagrams();

}  // namespace versions
