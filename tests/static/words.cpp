#include <string_view>
#include <type_traits>

#include <parley/parley.hpp>

// Each word keeps the contract of its axis, and of no other; one negative beside each positive.

namespace words {

using namespace parley;

// transport
struct nameless_transport {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr transport::capabilities capabilities = shm::capabilities;
};
struct transport_without_lifetime {
    using axis = transport_axis;
    static constexpr std::string_view name = "transport_without_lifetime";
    static constexpr transport::capabilities capabilities{};
};
struct minimal_transport : transport_without_lifetime {
    using natural_lifetime = owner_lifetime;
};
static_assert(transport_word<minimal_transport>);
static_assert(!transport_word<nameless_transport>);
static_assert(!transport_word<transport_without_lifetime>);
static_assert(transport_word<shm> && transport_word<sysv_shm>);
static_assert(transport_word<mapped_file> && transport_word<anonymous_shm>);
static_assert(!transport_word<mailbox> && !transport_word<int>);

static_assert(shm::capabilities.named && !anonymous_shm::capabilities.named);
static_assert(shm::capabilities.survives_processes && !anonymous_shm::capabilities.survives_processes);
static_assert(mapped_file::capabilities.survives_reboot && !shm::capabilities.survives_reboot);
static_assert(sysv_shm::capabilities.survives_processes && !sysv_shm::capabilities.survives_reboot);
static_assert(std::is_same_v<shm::natural_lifetime, kernel_lifetime>);
static_assert(std::is_same_v<sysv_shm::natural_lifetime, kernel_lifetime>);
static_assert(std::is_same_v<mapped_file::natural_lifetime, filesystem_lifetime>);
static_assert(std::is_same_v<anonymous_shm::natural_lifetime, owner_lifetime>);
static_assert(!transport::capabilities{}.many_senders);

static_assert(transport_word<mqueue> && transport_word<sysv_mqueue> && transport_word<parley::pipe>);
static_assert(transport_word<fifo> && transport_word<unix_stream> && transport_word<unix_seqpacket>);
static_assert(transport_word<unix_datagram> && transport_word<tcp> && transport_word<udp>);
static_assert(transport_word<rt_signal>);
static_assert(!transport_word<raw> && !transport_word<bounded_by_kernel>);
static_assert(rt_signal::capabilities.headless && !udp::capabilities.headless);
static_assert(rt_signal::raw_capabilities.many_senders && !rt_signal::capabilities.many_senders);
static_assert(rt_signal::capabilities.lossless && !rt_signal::raw_capabilities.lossless);
static_assert(mqueue::capabilities.survives_processes && !fifo::capabilities.survives_processes);
static_assert(fifo::capabilities.many_receivers && !parley::pipe::capabilities.many_receivers);
static_assert(fifo::capabilities.powers_of_two && !mqueue::capabilities.powers_of_two);
static_assert(mqueue::capabilities.priorities && !sysv_mqueue::capabilities.priorities);
static_assert(sysv_mqueue::capabilities.selects_by_type && !mqueue::capabilities.selects_by_type);
static_assert(mqueue::capabilities.pollable && !sysv_mqueue::capabilities.pollable);
static_assert(unix_seqpacket::capabilities.keeps_boundaries && !unix_stream::capabilities.keeps_boundaries);
static_assert(unix_stream::capabilities.rendezvous && !unix_datagram::capabilities.rendezvous);
static_assert(tcp::capabilities.crosses_machines && !unix_stream::capabilities.crosses_machines);
static_assert(unix_datagram::capabilities.lossless && !udp::capabilities.lossless);
static_assert(udp::capabilities.kernel_buffer && !shm::capabilities.kernel_buffer);
static_assert(tcp::capabilities.raw && !shm::capabilities.raw);
static_assert(fifo::capabilities.direction == transport::directions::simplex);
static_assert(mqueue::capabilities.direction == transport::directions::half_duplex);
static_assert(tcp::capabilities.direction == transport::directions::duplex);
static_assert(shm::capabilities.largest_unit == transport::any_size);
static_assert(udp::capabilities.largest_unit != transport::any_size);
static_assert(std::is_same_v<mqueue::natural_lifetime, kernel_lifetime>);
static_assert(std::is_same_v<sysv_mqueue::natural_lifetime, kernel_lifetime>);
static_assert(std::is_same_v<fifo::natural_lifetime, owner_lifetime>);
static_assert(std::is_same_v<tcp::natural_lifetime, owner_lifetime>);

// addressing
static_assert(addressing_word<direct> && addressing_word<port> && addressing_word<mailbox>);
static_assert(!addressing_word<shm> && !addressing_word<any> && !addressing_word<int>);
static_assert(direct::pairwise && !mailbox::pairwise);
static_assert(port::owned && !mailbox::owned && !direct::owned);
static_assert(mailbox::many_senders && !direct::many_senders);
static_assert(mailbox::many_receivers && !port::many_receivers);
static_assert(port::many_senders && !direct::many_receivers);

static_assert(selection_word<any> && selection_word<round_robin> && selection_word<exclusive>);
static_assert(!selection_word<at_most_once> && !selection_word<mailbox>);
static_assert(delivery_word<at_most_once> && delivery_word<at_least_once>);
static_assert(!delivery_word<any> && !delivery_word<shm>);
static_assert(at_least_once::redelivers && !at_most_once::redelivers);
static_assert(round_robin::takes_turns && !any::takes_turns && !exclusive::takes_turns);
static_assert(exclusive::one_at_a_time && !any::one_at_a_time && !round_robin::one_at_a_time);

static_assert(std::is_same_v<mailbox, mailbox_by<>>);
static_assert(std::is_same_v<mailbox, mailbox_by<at_most_once, any>>);
static_assert(!std::is_same_v<mailbox, mailbox_by<round_robin>>);
static_assert(std::is_same_v<mailbox_by<round_robin, at_least_once>, mailbox_by<at_least_once, round_robin>>);
static_assert(!std::is_same_v<mailbox_by<exclusive>, mailbox_by<exclusive, at_least_once>>);
static_assert(mailbox_by<exclusive>::name.view() == "mailbox<exclusive, at_most_once>");
static_assert(mailbox_by<at_least_once>::name.view() == "mailbox<any, at_least_once>");
static_assert(mailbox_by<any>::well_formed && !mailbox_by<any, any>::well_formed);
static_assert(!mailbox_by<at_most_once, at_least_once>::well_formed);
static_assert(!mailbox_by<int>::well_formed && !mailbox_by<any, shm>::well_formed);

// synchronization
static_assert(wait_strategy<spin> && wait_strategy<condvar> && wait_strategy<futex>);
static_assert(!wait_strategy<int> && !wait_strategy<nonblocking>);
static_assert(!spin::sleeps && condvar::sleeps && futex::sleeps);

static_assert(synchronization_word<blocking> && synchronization_word<nonblocking>);
static_assert(synchronization_word<parley::sync<blocking, nonblocking>>);
static_assert(!synchronization_word<spin> && !synchronization_word<mailbox>);
static_assert(synchronization_side<blocking> && synchronization_side<nonblocking>);
static_assert(!synchronization_side<parley::sync<blocking, blocking>> && !synchronization_side<condvar>);
static_assert(std::is_same_v<blocking, blocking_on<condvar>>);
static_assert(!std::is_same_v<blocking, blocking_on<futex>>);
static_assert(blocking::waits && !nonblocking::waits);
static_assert(std::is_same_v<parley::sync<nonblocking, blocking_on<spin>>::receiver_side::strategy, spin>);
static_assert(std::is_void_v<parley::sync<nonblocking, blocking_on<spin>>::sender_side::strategy>);
static_assert(blocking_on<futex>::well_formed && !blocking_on<int>::well_formed);
static_assert(parley::sync<blocking, nonblocking>::well_formed && !parley::sync<blocking, int>::well_formed);
static_assert(!parley::sync<blocking_on<shm>, nonblocking>::well_formed);
static_assert(parley::sync<nonblocking, blocking>::name.view() == "nonblocking to blocking_on<condvar>");
static_assert(std::string_view{nonblocking::name} == std::string_view{parley::sync<nonblocking, nonblocking>::name});
static_assert(std::string_view{blocking::name} != std::string_view{nonblocking::name});

// buffering
static_assert(buffering_word<zero> && buffering_word<bounded<1>> && buffering_word<unbounded>);
static_assert(!buffering_word<shm> && !buffering_word<int>);
static_assert(zero::capacity == 0 && bounded<7>::capacity == 7 && unbounded::capacity == buffering::without_limit);
static_assert(zero::rendezvous && !bounded<1>::rendezvous && !unbounded::rendezvous);
static_assert(buffering_word<bounded_by_kernel> && !buffering_word<raw>);
static_assert(bounded_by_kernel::capacity == buffering::as_the_kernel_says && !bounded_by_kernel::rendezvous);
static_assert(buffering::as_the_kernel_says != buffering::without_limit);
static_assert(bounded<1024>::name.view() == "bounded<1024>");
static_assert(bounded<1024>::name.view() != bounded<1023>::name.view());

// framing
struct framing_that_says_nothing_of_others {
    using axis = framing_axis;
    static constexpr std::string_view name = "framing_that_says_nothing_of_others";
    static constexpr bool implied = false;
};
static_assert(framing_word<framed> && framing_word<raw>);
static_assert(!framing_word<framing_that_says_nothing_of_others> && !framing_word<bounded_by_kernel>);
static_assert(raw::foreign && !framed::foreign);
static_assert(framed::implied && !raw::implied);

// payload
struct payload_that_may_be_anywhere {
    using axis = payload_axis;
    static constexpr std::string_view name = "payload_that_may_be_anywhere";
};
struct nameless_payload {
    using axis = payload_axis;
    static constexpr bool stays = false;
};
static_assert(payload_word<parley::copy> && payload_word<parley::map>);
static_assert(!payload_word<payload_that_may_be_anywhere> && !payload_word<nameless_payload>);
static_assert(!payload_word<raw> && !payload_word<shm> && !framing_word<parley::map>);
static_assert(parley::map::stays && !parley::copy::stays);
static_assert(parley::copy::implied && !compose::word_of<parley::map, framing_axis>);
static_assert(std::is_same_v<parley::copy::travelling<double>, double>);
static_assert(std::is_same_v<parley::map::travelling<double>, pool::block_reference>);
static_assert(std::is_same_v<parley::map, map_by<one_segment>> && std::string_view{parley::map::name} == "map");
static_assert(payload_word<map_by<many_segments>> && map_by<many_segments>::stays && !payload_word<many_segments>);
static_assert(std::string_view{map_by<many_segments>::name} == "map_by<many_segments>");
static_assert(std::is_same_v<map_by<many_segments>::travelling<double>, pool::block_reference>);
template <class Word>
concept stores_blocks = requires {
    typename map_by<Word>;
};
static_assert(stores_blocks<one_segment> && stores_blocks<many_segments>);
static_assert(!stores_blocks<parley::map> && !stores_blocks<shm> && !stores_blocks<int>);
static_assert(std::is_same_v<adaptive<>::segments, one_segment>);
static_assert(payload_word<adaptive<>> && payload_word<adaptive<0>> && adaptive<>::stays);
static_assert(std::is_same_v<adaptive<8>::travelling<double>, double>);
static_assert(std::is_same_v<adaptive<7>::travelling<double>, pool::block_reference>);
static_assert(payload::room_of<adaptive<100>::travelling<bytes<1000>>> == 112);  // its length, and whole words
static_assert(payload::room_of<adaptive<100>::travelling<bytes<10>>> == 24);
static_assert(payload::room_of<adaptive<0>::travelling<bytes<10>>> == 8);
static_assert(payload::room_of<adaptive<~std::size_t{0}>::travelling<bytes<10>>> == 24);
static_assert(payload::room_of<adaptive<100>::travelling<std::variant<bytes<1000>, char>>> == 120);  // and which
static_assert(payload::room_of<parley::map::travelling<bytes<10>>> == 0);

// lifetime
static_assert(lifetime_word<owner_lifetime> && lifetime_word<kernel_lifetime> && lifetime_word<filesystem_lifetime>);
static_assert(!lifetime_word<shm> && !lifetime_word<int>);
static_assert(owner_lifetime::until == lifetime::end::owner && kernel_lifetime::until != lifetime::end::owner);

// Each axis says of a word whether it is one of its own.
static_assert(compose::sound_word_of<shm, transport_axis> && !compose::sound_word_of<shm, addressing_axis>);
static_assert(compose::sound_word_of<port, addressing_axis> && !compose::sound_word_of<port, lifetime_axis>);
static_assert(compose::sound_word_of<parley::map, payload_axis> && !compose::sound_word_of<raw, payload_axis>);
static_assert(compose::word_of<nameless_transport, transport_axis> &&
              !compose::sound_word_of<nameless_transport, transport_axis>);
static_assert(compose::word<zero> && !compose::word<any> && !compose::word<void> && !compose::word<int&>);

}  // namespace words
