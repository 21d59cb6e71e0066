#pragma once

#include <concepts>
#include <string_view>

/// Wait strategies: how a blocking side spends the time until a peer wakes it.
///
/// A strategy
/// - has a `name`;
/// - says whether it `sleeps`: a peer must wake one that does, one that does not looks by itself;
/// - has a `berth`: what each participant keeps in shared memory to sleep on.

namespace parley {

struct spin;     // wait/spin.hpp: never sleeps
struct condvar;  // wait/condvar.hpp: the default
struct futex;    // wait/futex.hpp

/// A wait strategy: has what the top of this file says.
template <class Strategy>
concept wait_strategy = requires {
    typename Strategy::berth;
    std::string_view{Strategy::name};
    { Strategy::sleeps } -> std::convertible_to<bool>;
};

}  // namespace parley
