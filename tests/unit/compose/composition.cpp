#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <parley/parley.hpp>

#include "support/catch.hpp"

namespace {

struct order {
    std::uint64_t id;
    double price;
};

template <class... Policies>
using composed = parley::compose::composition<order, Policies...>;

}  // namespace

TEST_CASE("a description tells the message and every word") {
    CHECK(std::string{composed<>::description} ==
          "message 16 bytes, alignment 8 {u64, f64}; shm; mailbox<any, at_most_once>; "
          "blocking_on<condvar> to blocking_on<condvar>; bounded<1024>; kernel_lifetime");
    CHECK(
        std::string{composed<parley::port, parley::mapped_file, parley::unbounded, parley::nonblocking>::description} ==
        "message 16 bytes, alignment 8 {u64, f64}; mapped_file; port; nonblocking to nonblocking; unbounded; "
        "owner_lifetime");
}

TEST_CASE("the order of the policies does not matter") {
    using namespace parley;
    const std::set<std::string_view> descriptions{
        composed<sysv_shm, direct, nonblocking, bounded<7>, owner_lifetime>::description,
        composed<owner_lifetime, bounded<7>, nonblocking, direct, sysv_shm>::description,
        composed<bounded<7>, sysv_shm, owner_lifetime, direct, nonblocking>::description};
    CHECK(descriptions.size() == 1);
}

TEST_CASE("another word on any axis is another fingerprint") {
    using namespace parley;
    const std::vector<std::uint64_t> all{
        composed<>::fingerprint,
        composed<sysv_shm>::fingerprint,
        composed<mapped_file>::fingerprint,
        composed<anonymous_shm>::fingerprint,
        composed<direct>::fingerprint,
        composed<port>::fingerprint,
        composed<mailbox_by<round_robin>>::fingerprint,
        composed<mailbox_by<exclusive>>::fingerprint,
        composed<mailbox_by<at_least_once>>::fingerprint,
        composed<nonblocking>::fingerprint,
        composed<parley::sync<blocking, nonblocking>>::fingerprint,
        composed<parley::sync<nonblocking, blocking>>::fingerprint,
        composed<blocking_on<spin>>::fingerprint,
        composed<blocking_on<futex>>::fingerprint,
        composed<zero>::fingerprint,
        composed<bounded<1>>::fingerprint,
        composed<unbounded>::fingerprint,
        composed<owner_lifetime>::fingerprint,
        composed<parley::map>::fingerprint,
        compose::composition<std::uint64_t>::fingerprint,
    };
    CHECK(std::set<std::uint64_t>{all.begin(), all.end()}.size() == all.size());
}

TEST_CASE("a channel is its composition") {
    using made = parley::channel<order, parley::bounded<8>, parley::direct>;
    CHECK(made::description == composed<parley::direct, parley::bounded<8>>::description);
    CHECK(made::fingerprint == composed<parley::direct, parley::bounded<8>>::fingerprint);
}
