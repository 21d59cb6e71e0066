#pragma once

#include "message.hpp"

#include <cstddef>
#include <deque>

namespace bench {

/// So many channels between two processes, each message over the next of them: the setup of a ping-pong. Who receives
/// knows where from; what grows is how long ago the memory of a channel was last looked at.
template <class Setup, std::size_t channels>
class in_turn {
    /// The same side of each.
    template <class End>
    class ends {
    public:
        template <class Open>
        ends(std::deque<Setup>& all, Open open) {
            for (Setup& each : all) {
                all_.emplace_back(open, each);
            }
        }

        void send(const message& given) { current().send(given); }
        [[nodiscard]] message receive() { return current().receive(); }

    private:
        /// Constructs in its place what cannot be moved.
        struct holder {
            template <class Open>
            holder(Open open, Setup& from) : end(open(from)) {}
            End end;
        };

        /// To and fro over one channel: two calls, then the next.
        End& current() { return all_[calls_++ / 2 % channels].end; }

        std::deque<holder> all_;
        std::size_t calls_ = 0;
    };

public:
    in_turn() : all_(channels) {}

    [[nodiscard]] auto left() {
        return ends<decltype(all_.front().left())>(all_, [](Setup& each) { return each.left(); });
    }
    [[nodiscard]] auto right() {
        return ends<decltype(all_.front().right())>(all_, [](Setup& each) { return each.right(); });
    }

private:
    std::deque<Setup> all_;
};

}  // namespace bench
