#pragma once

#include <parley/transport/death_notice.hpp>

/// The contexts of ends that copy what they move, and so have nothing lent out (transport/link.hpp).

namespace parley::transport {

/// Of an end that keeps no account of what it has told: a link, which works again when its peer is back and tells each
/// call of a death, or one that knows of no death.
struct copying_context {
    bool loan_out = false;  ///< never: for the channel, which asks
    bool take_out = false;  ///< the same
};

/// Of an end of a channel that a death closes.
struct closing_context : copying_context {
    /// What it has told.
    [[nodiscard]] death_notice& notice() noexcept { return notice_; }

private:
    death_notice notice_;
};

}  // namespace parley::transport
