#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <parley/os/bundle.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/payload/carried.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/pool/member.hpp>

/// The ends of a channel without a name whose messages stay in pools: each is a bundle (os/bundle.hpp) of the
/// transport's own end and of the pools, which are memory without a name, too. So an end is one descriptor to hand on,
/// whatever carries the references; and the pools go with the last process that has an end, however it ends.

namespace parley::payload {

template <class C>
class bundled_pools {
    using pool_type = pool_of<C>;

public:
    /// One for each direction of a link, by the side that sends; one for a mailbox or a port.
    static constexpr std::size_t count = C::addressing::pairwise ? 2 : 1;

    /// The two ends. `pool_size` as in `options`.
    template <class Travelling>
    [[nodiscard]] static std::pair<os::descriptor, os::descriptor> pair(std::uint64_t pool_size) {
        std::array<os::descriptor, count> pools;
        for (auto& each : pools) {
            each = pool_type::lender::create_nameless(pool_type::identity);
            // Who attaches first says how large it is.
            const typename pool_type::lender first(
                pool::nameless{each.get(), pool_type::limit(pool_size), pool_type::identity});
        }
        const auto [first, second] = C::transport::template pair<carried<C, Travelling>>();
        return {bundle(first, pools), bundle(second, pools)};
    }

    /// Takes copies of all that is in the bundle. Throws `errc::corrupt` where that is something else.
    explicit bundled_pools(int bundle) : content_(os::open_bundle(bundle)) {
        if (content_.size() != 1 + count) {
            throw_error(errc::corrupt, "a descriptor that was handed over holds " + std::to_string(content_.size()) +
                                           " others, and the end of a channel whose messages stay holds " +
                                           std::to_string(1 + count) +
                                           "; hand over what descriptor() gave of an end of the same channel");
        }
    }

    /// Of the transport, which may look at it for as long as it works with it.
    [[nodiscard]] int end() const noexcept { return content_.front().get(); }
    [[nodiscard]] os::descriptor take_end() noexcept { return std::move(content_.front()); }
    [[nodiscard]] pool::nameless pool_at(std::size_t index) const noexcept {
        return {content_[1 + index].get(), pool_type::limit(0), pool_type::identity};
    }

private:
    [[nodiscard]] static os::descriptor bundle(const os::descriptor& end, std::span<const os::descriptor> pools) {
        std::vector<int> content{end.get()};
        for (const auto& each : pools) {
            content.push_back(each.get());
        }
        return os::make_bundle(content);
    }

    std::vector<os::descriptor> content_;
};

}  // namespace parley::payload
