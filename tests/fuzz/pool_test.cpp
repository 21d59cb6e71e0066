#include <array>
#include <functional>
#include <optional>
#include <random>
#include <type_traits>

#include "spoil.hpp"

using namespace parley;
using namespace parley::test;

/// With `map` and `adaptive` a reference travels, and a hostile sender of the channel may send any: of blocks that
/// there are not, that are free, that are others'. The receiver gives a message or `errc::corrupt`, and reads nothing
/// outside the pool. And garbage in the pool itself.

namespace {

struct sealed {
    std::uint64_t number;
    std::uint64_t seal;
    std::array<std::uint64_t, 14> more;

    static sealed make(std::uint64_t number) {
        sealed result{number, number * 0x9e3779b97f4a7c15u + 1, {}};
        result.more.fill(number);
        return result;
    }
    [[nodiscard]] bool whole() const {
        return seal == number * 0x9e3779b97f4a7c15u + 1 && more.front() == number && more.back() == number;
    }
};

using paper = bytes<40'000>;

template <class Message>
[[nodiscard]] Message message_of(std::uint64_t number) {
    const auto content = sealed::make(number);
    if constexpr (std::is_same_v<Message, sealed>) {
        return content;
    } else {  // of all sizes, with the letter at its end
        Message result;
        result.resize(number * 97 % 20'000 + sizeof content);
        std::memset(result.data(), 0, result.size());
        std::memcpy(result.data() + result.size() - sizeof content, &content, sizeof content);
        return result;
    }
}

template <class Message>
[[nodiscard]] std::optional<sealed> letter_in(const Message& got) {
    sealed content{};
    if constexpr (std::is_same_v<Message, sealed>) {
        content = got;
    } else {
        if (got.size() < sizeof content) {
            return std::nullopt;
        }
        std::memcpy(&content, got.data() + got.size() - sizeof content, sizeof content);
    }
    return content.whole() ? std::optional(content) : std::nullopt;
}

template <class C>
[[nodiscard]] std::size_t references_to_send() {
    const std::size_t all = std::getenv("PARLEY_FUZZ_LONG") == nullptr ? 3'000 : 100'000;
    return C::template word<buffering_axis>::rendezvous ? all / 10 : all;
}

/// Whose blocks the hostile one's references may hit.
enum class aim { nobody, anybody };

/// A sender that keeps to no step: it has the transport's end, which carries references, and a place in the pool.
template <class C>
class forger {
    using pool_type = payload::pool_of<C>;
    using travelling = typename C::payload::template travelling<typename C::message>;
    using carried = payload::carried<C, travelling>;
    static constexpr std::size_t small_room = payload::room_of<travelling>;
    using end_type = typename C::transport::template sending_end<carried>;
    using wire = message::wire<typename C::message>;
    using classes = typename pool_type::classes;
    using reference = pool::block_reference;

public:
    forger(const std::string& name, std::uint64_t seed, aim at)
        : random_(seed),
          aim_(at),
          end_(end_type::open(request(name))),
          lender_(pool_type::request(request(name), pool_type::name_of(name), segment::opening::open_only), 0) {}

    /// Whether the link has taken it.
    [[nodiscard]] bool send_next() {
        if (small_room != 0 && below(2) == 0) {
            return send_small();
        }
        const auto size = below(classes::largest + 1);
        auto* bytes = lender_.lend(size);
        if (bytes == nullptr) {
            return false;
        }
        std::memset(bytes, 0, lender_.capacity());  // what good messages have left there
        for (std::size_t at = 0; at + 8 <= 64; at += 8) {
            const auto word = below(2) == 0 ? random_() : below(2 * classes::largest);
            std::memcpy(bytes + at, &word, 8);
        }
        auto made = lender_.hand_over(size);
        const auto own = made;
        const bool changed = below(4) != 0;
        if (changed) {
            change(made);
        }
        const bool sent = push(made);
        if (sent && !changed) {
            lender_.handed_over();
            if (aim_ == aim::anybody && below(4) == 0) {
                static_cast<void>(push(own));  // a second time
            }
        } else {
            lender_.keep();
            lender_.put_back();
        }
        return sent;
    }

private:
    [[nodiscard]] static segment::attachment_request request(const std::string& name) {
        segment::attachment_request result;
        result.name = name;
        result.mode = segment::opening::open_only;
        result.give_up = os::deadline::after(std::chrono::seconds(20));
        return result;
    }

    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    [[nodiscard]] std::uint32_t any() { return static_cast<std::uint32_t>(random_()); }

    [[nodiscard]] bool push(const reference& given) {
        return end_.get()->sender().try_push(end_.get()->context(), travelling(given));
    }

    /// One that travels itself, and says anything of its length.
    [[nodiscard]] bool send_small() {
        if constexpr (small_room != 0) {
            alignas(16) std::array<std::byte, small_room> content{};
            const std::span<const std::byte> sent(content.data(), 1 + below(small_room));
            const auto told = below(2) == 0 ? random_() : below(2 * small_room);
            std::memcpy(content.data(), &told, sizeof told);
            return end_.get()->sender().try_push(end_.get()->context(), travelling(sent));
        } else {
            return false;
        }
    }

    void change(reference& made) {
        switch (below(8)) {
            case 0: {
                std::array<std::uint64_t, sizeof(reference) / 8> words;
                for (auto& word : words) {
                    word = random_();
                }
                std::memcpy(static_cast<void*>(&made), words.data(), sizeof made);
                break;
            }
            case 1: {  // one bit
                std::array<std::byte, sizeof(reference)> image;
                std::memcpy(image.data(), &made, sizeof made);
                image[below(image.size())] ^= static_cast<std::byte>(1U << below(8));
                std::memcpy(static_cast<void*>(&made), image.data(), sizeof made);
                break;
            }
            case 2:
                made.where.index = static_cast<std::uint32_t>(below(1 << 21));
                break;
            case 3:
                made.where.index = static_cast<std::uint32_t>(below(16));
                if (lender_.carved(made.where.size_class) > made.where.index) {  // whoever has it now
                    const auto word = lender_.state_of(made.where).load(std::memory_order_relaxed);
                    made.generation = pool::state::of(word).generation;
                }
                break;
            case 4:
                made.where.size_class = static_cast<std::uint32_t>(below(2) == 0 ? below(classes::count + 2) : any());
                break;
            case 5:
                made.generation += static_cast<std::uint32_t>(below(9)) - 4;
                break;
            case 6:
                made.length = below(2) == 0 ? random_() : ~std::uint64_t{0} - below(64);
                break;
            default:
                made.generation = any();
                break;
        }
        if (aim_ == aim::nobody) {
            made.generation |= std::uint32_t{1} << 31;  // so many uses no block has had
        }
    }

    std::mt19937_64 random_;
    aim aim_;
    end_type end_;
    typename pool_type::lender lender_;
};

struct tally {
    std::atomic<std::size_t> put{0};
    std::atomic<std::uint64_t> sent{0};      ///< by the good one
    std::atomic<std::uint64_t> received{0};  ///< of the good one's
    std::atomic<std::size_t> strange{0};     ///< taken for messages
    std::atomic<std::size_t> again{0};       ///< of the good one's, a second time or late
    std::atomic<std::size_t> corrupt{0};
    std::atomic<std::uint64_t> next{0};                      ///< after the last that was received
    std::atomic<std::uint64_t> in_peace{~std::uint64_t{0}};  ///< the number from which on nothing hostile is about
    std::atomic<std::uint64_t> received_in_peace{0};
    std::atomic<bool> up{false};
    std::atomic<bool> over{false};  ///< the hostile one has ended
    std::atomic<bool> done{false};  ///< the good one has
};

template <class C>
void receive_all(receiver<C>& in, tally& count) {
    std::uint64_t expected = 0;
    for (;;) {
        const bool last = count.done.load();
        std::error_code code;
        const auto got = in.receive_for(std::chrono::milliseconds(20), code);
        if (code) {
            PARLEY_CHECK_IN_CHILD(code == errc::corrupt);
            count.corrupt.fetch_add(1);
        } else if (!got) {
            if (last) {
                return;
            }
        } else if (const auto letter = letter_in(*got); !letter) {
            count.strange.fetch_add(1);
        } else if (letter->number < expected) {
            count.again.fetch_add(1);
        } else {
            expected = letter->number + 1;
            count.next.store(expected);
            count.received.fetch_add(1);
            if (letter->number >= count.in_peace.load()) {
                count.received_in_peace.fetch_add(1);
            }
        }
    }
}

template <class C>
void attack(aim at) {
    INFO(C::describe());
    const auto seed = fuzz_seed();
    CAPTURE(seed);
    constexpr std::uint64_t peace = 200;
    const auto name = unique_name("fuzz-pool");
    shared<tally> count;
    child receiving(
        "receiver",
        [&] {
            receiver<C> in{create_only, name, {.pool_size = 1 << 20}};
            count->up.store(true);
            receive_all<C>(in, *count);
        },
        duration{250.0});
    REQUIRE(eventually([&] { return count->up.load() || !receiving.running(); }));
    child good(
        "good sender",
        [&] {
            sender<C> out{open_only, name};
            std::uint64_t number = 0;
            const auto send = [&] {
                PARLEY_CHECK_IN_CHILD(out.send_for(message_of<typename C::message>(number), std::chrono::seconds(60)));
                count->sent.store(++number);
            };
            while (!count->over.load()) {
                send();
            }
            for (const auto first = number; count->next.load() <= first;) {
                send();  // until whatever the hostile one left in the link has been received
            }
            count->in_peace.store(number);
            for (std::uint64_t each = 0; each < peace; ++each) {
                send();
            }
        },
        duration{250.0});
    child hostile(
        "hostile",
        [&] {
            forger<C> source(name, seed, at);
            while (count->put.load() < references_to_send<C>()) {
                if (source.send_next()) {
                    count->put.fetch_add(1);
                } else {
                    ::sched_yield();
                }
            }
        },
        duration{250.0});
    CHECK(hostile.join_ok());
    count->over.store(true);
    CHECK(good.join_ok());
    count->done.store(true);
    CHECK(receiving.join_ok());
    std::fprintf(stderr,
                 "  %s: %zu references, %zu taken for messages, %zu corrupt; %llu good ones of %llu, %zu again\n",
                 std::string(C::describe()).c_str(), count->put.load(), count->strange.load(), count->corrupt.load(),
                 static_cast<unsigned long long>(count->received.load()),
                 static_cast<unsigned long long>(count->sent.load()), count->again.load());
    CHECK(count->put.load() >= references_to_send<C>());
    CHECK(count->corrupt.load() > 0);
    if (at == aim::nobody) {
        CHECK(count->received.load() == count->sent.load());
        CHECK(count->again.load() == 0);
    } else {
        CHECK(count->received_in_peace.load() == peace);
    }
    std::error_code ignored;
    C::remove(name, ignored);
}

template <class Message, class... Words>
using mapped = channel<Message, parley::map, blocking_on<futex>, Words...>;
template <class... Words>
using scattered = channel<paper, map_by<many_segments>, blocking_on<futex>, Words...>;
template <class... Words>
using adapted = channel<paper, adaptive<1000>, blocking_on<futex>, Words...>;

/// Garbage in the pool, or in the link and in the pool.
template <class C>
void spoil_pool(std::size_t spare, bool link_too) {
    INFO(C::describe());
    const auto name = unique_name("fuzz");
    receiver<C> in{create_only, name, {.pool_size = 1 << 18}};
    const auto link = C::transport::backing_type::locate(name);
    const auto blocks = pool::backing::locate(payload::pool_of<C>::name_of(name));
    spoil_in_use<C>(name, link_too ? std::vector{link, blocks} : std::vector{blocks}, spare);
    std::error_code ignored;
    C::remove(name, ignored);
    std::filesystem::remove(link);
    std::filesystem::remove(blocks);
    pool::body_files::clear(blocks);
}

}  // namespace

/// A message whose bytes say that it goes on behind the end of its block.
template <class C>
void reach_beyond(std::uint64_t told) {
    INFO(C::describe());
    const auto name = unique_name("fuzz-pool");
    receiver<C> in{create_only, name};
    sender<C> out{name};
    const std::string text(100, 'x');
    const raw_file pool(pool::backing::locate(payload::pool_of<C>::name_of(name)));
    for (const bool lies : {true, false}) {
        REQUIRE(out.try_send(typename C::message{text}));
        const std::string_view all(reinterpret_cast<const char*>(pool.data()), pool.size());
        const auto at = all.find(text);
        REQUIRE(at != std::string_view::npos);
        if (lies) {
            std::memcpy(pool.data() + at - sizeof told, &told, sizeof told);  // its length stands before it
            std::error_code code;
            CHECK_FALSE(in.try_receive(code));
            CHECK(code == errc::corrupt);
        } else {
            CHECK(in.try_receive());
        }
        std::memset(pool.data() + at, 0, 100);
    }
    C::remove(name);
}

TEST_CASE("a message that says it is longer than its block is corrupt, and the next is not") {
    for (const std::uint64_t told : {std::uint64_t{4089}, std::uint64_t{40'000}, ~std::uint64_t{0}}) {
        reach_beyond<mapped<paper>>(told);
        reach_beyond<channel<paper, adaptive<50>>>(told);
    }
}

TEST_CASE("references to what is nobody's are corrupt, and cost the others nothing") {
    attack<mapped<sealed, port, bounded<8>>>(aim::nobody);
    attack<mapped<sealed, bounded<8>>>(aim::nobody);
    attack<mapped<sealed, zero>>(aim::nobody);
    attack<mapped<paper, unbounded, mailbox_by<at_least_once>>>(aim::nobody);
}

TEST_CASE("references to what is nobody's, where each block is a segment") {
    attack<scattered<bounded<8>>>(aim::nobody);
    attack<scattered<port, unix_stream, bounded<8>>>(aim::nobody);
}

TEST_CASE("references to what is nobody's, and small messages that are none") {
    attack<adapted<bounded<8>>>(aim::nobody);
    attack<adapted<zero>>(aim::nobody);
    attack<adapted<mqueue, bounded<8>>>(aim::nobody);
    attack<adapted<port, unix_stream, bounded<8>>>(aim::nobody);
    attack<adapted<port, unix_datagram, bounded<8>>>(aim::nobody);
}

TEST_CASE("references to what is nobody's, through the kernel") {
    attack<mapped<paper, port, fifo, bounded<8>>>(aim::nobody);
    attack<mapped<sealed, port, unix_stream, bounded<8>>>(aim::nobody);
    attack<mapped<paper, mqueue, bounded<8>>>(aim::nobody);
}

TEST_CASE("references to what is others' give wrong messages at most, and for no longer than they come") {
    attack<mapped<sealed, port, bounded<8>>>(aim::anybody);
    attack<mapped<paper, bounded<8>>>(aim::anybody);
    attack<scattered<bounded<8>>>(aim::anybody);
    attack<mapped<paper, unbounded, mailbox_by<at_least_once>>>(aim::anybody);
    attack<mapped<paper, port, fifo, bounded<8>>>(aim::anybody);
    attack<mapped<paper, port, unix_datagram, bounded<8>>>(aim::anybody);
}

TEST_CASE("garbage in pools") {
    for (const auto spare : {spare_header, header_and_all}) {
        spoil_pool<mapped<sealed, bounded<4>>>(spare, false);
        spoil_pool<mapped<paper, bounded<4>>>(spare, false);
        spoil_pool<mapped<paper, unbounded, mailbox_by<at_least_once>>>(spare, true);
        spoil_pool<mapped<sealed, zero>>(spare, true);
        spoil_pool<scattered<bounded<4>>>(spare, false);
        spoil_pool<channel<paper, parley::map, bounded<4>, nonblocking>>(spare, true);
        spoil_pool<channel<paper, adaptive<1000>, bounded<4>, nonblocking>>(spare, true);
        spoil_pool<adapted<zero>>(spare, true);
    }
}
