#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/check.hpp"
#include "conformance/compositions.hpp"
#include "conformance/pools.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// `options::huge_pages`: messages pass as always, and lie in huge pages where the kernel has them.

namespace parley::conformance {

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

/// How many bytes of files in /dev/shm this process has mapped as huge pages.
std::size_t in_huge_pages() {
    std::ifstream in("/proc/self/smaps");
    std::size_t sum = 0;
    bool of_ours = false;
    for (std::string line; std::getline(in, line);) {
        std::istringstream fields(line);
        std::string first;
        fields >> first;
        if (first.ends_with(':')) {
            std::size_t kibibytes = 0;
            if (of_ours && first == "ShmemPmdMapped:" && fields >> kibibytes) {
                sum += kibibytes * 1024;
            }
        } else {
            of_ours = line.find(" /dev/shm/") != std::string::npos;  // one that had no name then is #inode (deleted)
        }
    }
    return sum;
}

/// Whether the kernel makes huge pages of what is reserved in /dev/shm, as it says of a small file there.
bool kernel_has_huge_pages() {
    constexpr std::size_t huge = 2 * mebibyte;
    const auto path = "/dev/shm/" + unique_name("huge-pages");
    const os::descriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    REQUIRE(file);
    REQUIRE(::posix_fallocate(file.get(), 0, static_cast<::off_t>(2 * huge)) == 0);
    auto* room = ::mmap(nullptr, 3 * huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(room != MAP_FAILED);
    auto* aligned = static_cast<std::byte*>(room) + (huge - reinterpret_cast<std::uintptr_t>(room) % huge) % huge;
    REQUIRE(::mmap(aligned, 2 * huge, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file.get(), 0) == aligned);
    static_cast<void>(::madvise(aligned, 2 * huge, 25));  // MADV_COLLAPSE
    std::memset(aligned, 1, 2 * huge);
    const bool has = in_huge_pages() != 0;
    ::munmap(room, 3 * huge);
    ::unlink(path.c_str());
    return has;
}

struct answers {
    std::atomic<std::size_t> at_sender{0};
    std::atomic<std::size_t> at_receiver{0};
};

/// Messages that fill most of a block, all of them written and read, between two processes that ask for huge pages or
/// do not.
template <class C>
void pass(bool asked, answers& found) {
    constexpr std::uint64_t count = 12;
    constexpr auto size = C::message::max_size / 4 * 3;
    const auto name = fresh_name<C>("huge-pages");
    const options given{.pool_size = 32 * mebibyte, .huge_pages = asked};
    receiver<C> in{name, given};
    steps step;
    child sending{"sender", [&] {
                      sender<C> out{name, given};
                      for (std::uint64_t number = 0; number < count; ++number) {
                          auto loan = out.loan(size);
                          loan.resize(size);
                          pattern{number}.write(loan.room().first(size));
                          out.send(std::move(loan));
                      }
                      found.at_sender.store(in_huge_pages());
                      PARLEY_CHECK_IN_CHILD(step.await(1));  // a port stays until it has been seen
                  }};
    for (std::uint64_t number = 0; number < count; ++number) {
        const auto held = in.take();
        CHECK(held.content().size() == size);
        CHECK(pattern{number}.is_in(held.content()));
    }
    found.at_receiver.store(in_huge_pages());
    step.reach(1);
    CHECK(sending.join_ok());
    std::error_code ignored;
    C::remove(name, ignored);
    CHECK(left_of(name).empty());
}

}  // namespace

using large = bytes<4 * mebibyte - 8>;                                           // with its length a block of 4 MiB
using with_large_messages = std::tuple<channel<large, parley::map, bounded<4>>,  //
                                       channel<large, map_by<many_segments>, bounded<4>>,  //
                                       channel<large, adaptive<>, bounded<4>>,             //
                                       channel<large, parley::map, unix_stream, port>,     //
                                       channel<bytes<65536 - 8>, parley::map, bounded<4>>,
                                       channel<bytes<5 * mebibyte>, parley::map, bounded<4>>>;

TEMPLATE_LIST_TEST_CASE("huge pages: large messages lie in them where they are asked for and to be had", "",
                        with_large_messages) {
    using C = TestType;
    const about composition{C::describe()};
    shared<answers> found;
    const bool before = kernel_has_huge_pages();
    pass<C>(true, *found);
    // Memory may have been too much in pieces at one moment and not at another.
    const auto as_the_kernel_has = [&](bool some) { return some == before || some == kernel_has_huge_pages(); };
    CAPTURE(before, found->at_sender.load(), found->at_receiver.load());
    CHECK(as_the_kernel_has(found->at_sender.load() != 0));
    CHECK(as_the_kernel_has(found->at_receiver.load() != 0));
    pass<C>(false, *found);
    CHECK((found->at_sender.load() == 0 || kernel_has_huge_pages()));
}

}  // namespace parley::conformance
