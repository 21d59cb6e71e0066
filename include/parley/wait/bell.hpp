#pragma once

#include <cstddef>
#include <optional>

#include <parley/os/doorbell.hpp>

namespace parley::waiting {

/// The bell that makes a participant's waits in a parking lot (wait/parking_lot.hpp) something for poll(2); none until
/// its handle is asked for.
class bell {
public:
    /// The descriptor to wait on. The first call hangs the bell up at the caller's berth.
    template <class Lot>
    [[nodiscard]] int handle(Lot& lot, std::size_t place) {
        if (!hung_) {
            hung_.emplace();
            lot.hang_bell(place, hung_->number());
            os::doorbell::ring(hung_->number());  // so that the first look comes by itself
        }
        return hung_->handle();
    }

    [[nodiscard]] bool hangs() const noexcept { return hung_.has_value(); }

    /// After an attempt in vain: from now on the bell rings. Then one more attempt.
    template <class Lot>
    void listen(Lot& lot, std::size_t place) noexcept {
        hung_->silence();
        lot.listen_for_bell(place);
    }

private:
    std::optional<os::doorbell> hung_;
};

}  // namespace parley::waiting
