#pragma once

#include <string>
#include <string_view>

#include <parley/os/error.hpp>

namespace parley::transport::datagram {

/// What one side knows of the other.
enum class fate {
    alive,
    unknown,   ///< nothing speaks against it
    left,      ///< in good order, or its name was removed
    died,      ///< its socket is gone, and it has not taken leave
    stranger,  ///< it is of another composition
    crowded,   ///< it has as many peers as it may
};

/// Throws what a sender's call is to say of such an end. `there` and `asked` describe the compositions.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_end(fate how, const std::string& where,
                                                             const std::string& there, std::string_view asked) {
    const auto who = "sending to " + where;
    switch (how) {
        case fate::stranger:
            throw_error(
                errc::incompatible,
                who + ": it is another channel:\n  there:  " + there + "\n  asked:  " + std::string(asked) +
                    "\nuse the same message and policies, and the same layout version of parley, on every side");
        case fate::crowded:
            throw_error(errc::too_many_participants, who + ": it has as many links as it may; let one leave");
        case fate::died:
            throw_error(errc::peer_died, who +
                                             ": the only process that could have ended this wait was killed; start it "
                                             "again, then open the channel anew (a link works again by itself)");
        default:
            throw_error(errc::closed, who + ": the receiver has gone; open the channel again when there is a new one");
    }
}

}  // namespace parley::transport::datagram
