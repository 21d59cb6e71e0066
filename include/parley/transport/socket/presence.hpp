#pragma once

#include <cstddef>
#include <string>

#include <parley/os/error.hpp>

namespace parley::transport::socket {

/// What a side does on a connection.
enum class role { sends, receives, both };

/// What one side knows of the other.
enum class presence {
    unknown,    ///< never heard of
    here,       ///< there, as far as one can know
    left,       ///< it said goodbye
    died,       ///< it was killed: the connection ended without a goodbye
    garbage,    ///< it wrote what no peer writes that keeps the rules
    another,    ///< it speaks of another channel
    crowded,    ///< it has as many connections as it may have
    exhausted,  ///< it has no descriptor, or no memory, for what a connection brings along
};

/// Whether nothing more will come from, or go to, a peer in that state.
[[nodiscard]] constexpr bool is_over(presence state) noexcept {
    return state != presence::here && state != presence::unknown;
}

/// Connections that one receiver has at a time, at most.
inline constexpr std::size_t most_connections = 1024;

/// Throws what a call is to say that meets such an end. `waiting`: on what; `died`: what to say of a death.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_ended(presence how, const std::string& where, errc died,
                                                               const char* remedy) {
    switch (how) {
        case presence::died:
            throw_error(died, where + ": the process at the other end was killed; " + remedy);
        case presence::garbage:
            throw_error(errc::corrupt, where + ": what came from the other end is no frame of parley's; " + remedy);
        case presence::crowded:
            throw_error(errc::too_many_participants, where + " has " + std::to_string(most_connections) +
                                                         " connections, as many as it may; let one leave, or divide "
                                                         "them among several channels");
        case presence::exhausted:
            throw_error(errc::no_space, where +
                                            ": the other end has no descriptor or memory left for what this connection "
                                            "brings along; let its process have more (ulimit -n), or let a peer leave");
        default:
            throw_error(errc::closed, where + " is closed: it was removed, or the other end has left; " + remedy);
    }
}

}  // namespace parley::transport::socket
