#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <parley/parley.hpp>

// Defaults, order, descriptions, and the rules one by one; one negative beside each positive.

namespace compositions {

struct half_coded {
    int value;
};

}  // namespace compositions

template <>
struct parley::codec<compositions::half_coded> {
    static constexpr std::size_t max_size = 4;
};

namespace compositions {

using namespace parley;

struct order {
    std::uint64_t id;
    double price;
};

template <class Axis, class... Policies>
using word = typename compose::composition<int, Policies...>::template word<Axis>;

// Defaults.
static_assert(std::is_same_v<word<transport_axis>, shm>);
static_assert(std::is_same_v<word<addressing_axis>, mailbox>);
static_assert(std::is_same_v<word<synchronization_axis>, blocking>);
static_assert(std::is_same_v<word<buffering_axis>, bounded<1024>>);
static_assert(std::is_same_v<word<lifetime_axis>, kernel_lifetime>);
// The lifetime follows the transport, and the addressing before it.
static_assert(std::is_same_v<word<lifetime_axis, mapped_file>, filesystem_lifetime>);
static_assert(std::is_same_v<word<lifetime_axis, anonymous_shm>, owner_lifetime>);
static_assert(std::is_same_v<word<lifetime_axis, port, mapped_file>, owner_lifetime>);
static_assert(std::is_same_v<word<lifetime_axis, mapped_file, owner_lifetime>, owner_lifetime>);

// The buffering follows the transport and the message: what everybody has without privileges.
struct page {
    char text[4000];
};
struct book {
    page pages[100];
};
template <class Message, class... Policies>
using buffering_of = typename compose::composition<Message, Policies...>::template word<buffering_axis>;
static_assert(std::is_same_v<buffering_of<int, mqueue>, bounded<10>>);
static_assert(std::is_same_v<buffering_of<int, sysv_mqueue>, bounded<16>>);
static_assert(std::is_same_v<buffering_of<int, fifo>, bounded<16>>);
static_assert(std::is_same_v<buffering_of<int, parley::pipe>, bounded<16>>);
static_assert(std::is_same_v<buffering_of<page, mqueue>, bounded<10>>);
static_assert(!std::is_same_v<buffering_of<page, sysv_mqueue>, bounded<16>>);
static_assert(std::is_same_v<buffering_of<page, fifo>, bounded<16>>);
static_assert(std::is_same_v<buffering_of<book, mqueue, direct>, bounded<1>>);
static_assert(std::is_same_v<buffering_of<book, sysv_mqueue, direct>, bounded<1>>);
static_assert(buffering_of<book, fifo, direct>::capacity < 16);
static_assert(buffering_of<int, tcp>::capacity > buffering_of<book, tcp>::capacity);
static_assert(buffering_of<int, udp>::capacity > buffering_of<page, udp>::capacity);
static_assert(std::is_same_v<buffering_of<book, shm>, bounded<1024>>);
static_assert(std::is_same_v<buffering_of<int, mqueue, unbounded>, unbounded>);
// What travels counts, and with map that is a reference.
static_assert(buffering_of<book, tcp>::capacity != buffering_of<int, tcp>::capacity);
static_assert(std::is_same_v<buffering_of<book, unix_stream, port, parley::map>,
                             buffering_of<pool::block_reference, unix_stream, port>>);
static_assert(std::is_same_v<buffering_of<book, mqueue, parley::map>, bounded<10>>);
// With raw it is the kernel's.
static_assert(std::is_same_v<buffering_of<int, tcp, raw>, bounded_by_kernel>);
static_assert(std::is_same_v<buffering_of<int, fifo, raw>, bounded_by_kernel>);
static_assert(!std::is_same_v<buffering_of<int, tcp, framed>, bounded_by_kernel>);
static_assert(std::is_same_v<word<framing_axis>, framed> && std::is_same_v<word<framing_axis, tcp, raw>, raw>);
static_assert(std::is_same_v<word<payload_axis>, parley::copy>);
static_assert(std::is_same_v<word<payload_axis, parley::map, fifo, port>, parley::map>);
static_assert(std::is_same_v<word<lifetime_axis, tcp>, owner_lifetime>);
static_assert(std::is_same_v<word<lifetime_axis, mqueue>, kernel_lifetime>);

// Any order.
using one_way = channel<order, shm, mailbox, blocking, bounded<8>, kernel_lifetime>;
using other_way = channel<order, kernel_lifetime, bounded<8>, blocking, mailbox, shm>;
using short_way = channel<order, bounded<8>>;
using another = channel<order, bounded<9>>;
static_assert(one_way::description == other_way::description && one_way::fingerprint == other_way::fingerprint);
static_assert(one_way::fingerprint == short_way::fingerprint && one_way::fingerprint != another::fingerprint);
static_assert(std::is_same_v<one_way::message, order>);
static_assert(std::is_same_v<other_way::word<buffering_axis>, bounded<8>>);

static_assert(channel<order>::description ==
              "message 16 bytes, alignment 8 {u64, f64}; shm; mailbox<any, at_most_once>; "
              "blocking_on<condvar> to blocking_on<condvar>; bounded<1024>; kernel_lifetime");
static_assert(channel<int, direct, anonymous_shm, zero, parley::sync<nonblocking, blocking_on<spin>>>::description ==
              "message 4 bytes, alignment 4 i32; anonymous_shm; direct; "
              "nonblocking to blocking_on<spin>; zero; owner_lifetime");

static_assert(channel<int, mqueue>::description ==
              "message 4 bytes, alignment 4 i32; mqueue; mailbox<any, at_most_once>; "
              "blocking_on<condvar> to blocking_on<condvar>; bounded<10>; kernel_lifetime");
// Framing is told when it is raw.
static_assert(channel<int, tcp, port, nonblocking, raw>::description ==
              "message 4 bytes, alignment 4 i32; tcp; port; nonblocking to nonblocking; bounded_by_kernel; "
              "owner_lifetime; raw");

// What becomes of the bytes is told when they stay.
static_assert(channel<int, parley::map>::description ==
              "message 4 bytes, alignment 4 i32; shm; mailbox<any, at_most_once>; "
              "blocking_on<condvar> to blocking_on<condvar>; bounded<1024>; kernel_lifetime; map");
static_assert(channel<int, parley::copy>::description == channel<int>::description);
static_assert(channel<int, adaptive<100>>::description ==
              "message 4 bytes, alignment 4 i32; shm; mailbox<any, at_most_once>; "
              "blocking_on<condvar> to blocking_on<condvar>; bounded<1024>; kernel_lifetime; adaptive<100>");

// Two spellings of one meaning.
static_assert(channel<int, shm, parley::copy>::fingerprint == channel<int, shm>::fingerprint);
static_assert(channel<int, tcp, port, framed>::fingerprint == channel<int, tcp, port>::fingerprint);
static_assert(channel<int, parley::sync<blocking, blocking>>::fingerprint == channel<int, blocking>::fingerprint);
static_assert(channel<int, parley::sync<blocking, nonblocking>>::fingerprint !=
              channel<int, parley::sync<nonblocking, blocking>>::fingerprint);

// Every word is in the fingerprint.
static_assert(channel<int, sysv_shm>::fingerprint != channel<int, shm>::fingerprint);
static_assert(channel<int, direct>::fingerprint != channel<int, mailbox>::fingerprint);
static_assert(channel<int, blocking_on<futex>>::fingerprint != channel<int, blocking>::fingerprint);
static_assert(channel<int, unbounded>::fingerprint != channel<int>::fingerprint);
static_assert(channel<int, owner_lifetime>::fingerprint != channel<int>::fingerprint);
static_assert(channel<int, tcp, port, bounded_by_kernel, raw>::fingerprint !=
              channel<int, tcp, port, bounded_by_kernel>::fingerprint);
static_assert(channel<int, parley::map>::fingerprint != channel<int>::fingerprint);
static_assert(channel<int, map_by<many_segments>>::fingerprint != channel<int, parley::map>::fingerprint);
static_assert(channel<int, map_by<one_segment>>::fingerprint == channel<int, parley::map>::fingerprint);
static_assert(channel<int, adaptive<8>>::fingerprint != channel<int, adaptive<9>>::fingerprint);
static_assert(channel<unsigned>::fingerprint != channel<int>::fingerprint);

// The same number from every compiler.
static_assert(channel<order>::fingerprint == 0x11b66b01ef09bb4e);

// The policies as such.
static_assert(composable<int> && !composable<int, int> && !composable<int, round_robin> && !composable<int, void>);
struct undefined;
static_assert(composable<int, shm> && !composable<int, undefined> && !composable<int, shm&> && !composable<int, shm*>);
struct carrier_pigeon {
    using axis = transport_axis;
};
static_assert(composable<int, sysv_shm> && !composable<int, carrier_pigeon>);
struct no_axis_of_ours {
    using axis = int;
};
static_assert(!composable<int, no_axis_of_ours>);
static_assert(composable<int, shm, mailbox> && !composable<int, shm, sysv_shm> && !composable<int, zero, zero>);
static_assert(composable<int, parley::map> && composable<int, parley::copy>);
static_assert(!composable<int, parley::map, parley::copy> && !composable<int, parley::copy, parley::copy>);
static_assert(composable<int, blocking> && !composable<int, blocking, parley::sync<blocking, blocking>>);
static_assert(composable<int, mailbox_by<exclusive>> && !composable<int, mailbox_by<exclusive, any>>);
static_assert(composable<int, mailbox_by<at_least_once>> && !composable<int, mailbox_by<at_least_once, at_most_once>>);
static_assert(composable<int, blocking_on<futex>> && !composable<int, blocking_on<nonblocking>>);
static_assert(composable<int, parley::sync<blocking, nonblocking>> &&
              !composable<int, parley::sync<blocking, condvar>>);
static_assert(composable<int, bounded<1>> && !composable<int, bounded<0>>);

// The message.
static_assert(composable<order> && !composable<order*> && !composable<const order> && !composable<order&>);
static_assert(composable<bytes<64>> && !composable<std::string> && !composable<bytes<0>>);
// To ask is no error where the message cannot even be measured, and what follows from its size is no question.
static_assert(!composable<std::string, adaptive<>> && !composable<std::string, mqueue, adaptive<>>);
static_assert(!composable<std::string, sysv_mqueue> && !composable<void, adaptive<>> && !composable<void, fifo>);
static_assert(!composable<const int, mqueue, adaptive<>> && !composable<int&, sysv_mqueue>);
static_assert(!composable<order[2]> && !composable<void> && !composable<undefined> && !composable<void()>);
struct node {
    int value;
    node* next;
};
static_assert(!composable<half_coded>);
static_assert(!composable<node> && !composable<std::string_view>);

// What fits together.
static_assert(composable<int, zero, parley::sync<blocking, nonblocking>> && !composable<int, zero, nonblocking>);
static_assert(composable<int, bounded<1>, nonblocking>);
static_assert(composable<int, bounded<1>, mailbox_by<at_least_once>>);
static_assert(!composable<int, zero, mailbox_by<at_least_once>>);
static_assert(composable<int, port, owner_lifetime> && !composable<int, port, kernel_lifetime>);
static_assert(composable<int, port, mapped_file> && !composable<int, port, mapped_file, filesystem_lifetime>);
static_assert(composable<int, mapped_file, filesystem_lifetime> && !composable<int, shm, filesystem_lifetime>);
static_assert(composable<int, mapped_file, owner_lifetime> && !composable<int, mapped_file, kernel_lifetime>);
static_assert(composable<int, sysv_shm, kernel_lifetime> && !composable<int, anonymous_shm, kernel_lifetime>);
static_assert(composable<int, direct, owner_lifetime> && composable<int, direct, mapped_file>);

// What transports in the kernel cannot.
static_assert(composable<int, mqueue, mailbox> && !composable<int, mqueue, mailbox_by<round_robin>>);
static_assert(composable<int, shm, mailbox_by<exclusive>> && !composable<int, fifo, mailbox_by<exclusive>>);
static_assert(composable<int, tcp, port> && !composable<int, tcp, mailbox>);
static_assert(composable<int, fifo, mailbox> && !composable<int, parley::pipe, mailbox>);
static_assert(composable<int, sysv_mqueue, kernel_lifetime> && !composable<int, fifo, kernel_lifetime>);
static_assert(composable<int, tcp, port, zero> && !composable<int, udp, port, zero>);
static_assert(composable<int, unix_seqpacket, direct, zero> && !composable<int, unix_datagram, direct, zero>);
static_assert(composable<int, unix_datagram, port, unbounded> && !composable<int, udp, port, unbounded>);
static_assert(composable<int, fifo, bounded<8>> && !composable<int, fifo, bounded<10>>);
static_assert(composable<int, mqueue, bounded<10>> && composable<int, fifo, unbounded> && composable<int, fifo, zero>);
static_assert(composable<int, udp, port, bounded_by_kernel> && !composable<int, shm, bounded_by_kernel>);
static_assert(composable<int, tcp, port, framed> && composable<int, shm, framed>);
static_assert(composable<int, tcp, port, raw> && !composable<int, shm, raw> &&
              !composable<int, tcp, port, raw, framed>);
static_assert(composable<int, tcp, direct> && !composable<int, tcp, direct, raw>);
static_assert(composable<int, tcp, port, raw, unbounded> && !composable<int, tcp, port, raw, bounded<8>>);
static_assert(composable<int, tcp, port, raw, bounded_by_kernel> && !composable<int, tcp, port, raw, zero>);
static_assert(composable<int, fifo, raw, bounded<8>> && !composable<int, fifo, raw, bounded<10>>);
using either = std::variant<int, double>;
static_assert(composable<bytes<64>, tcp, port, raw> && !composable<either, tcp, port, raw>);
static_assert(composable<either, tcp, port>);
static_assert(composable<page, mqueue> && !composable<book, mqueue> && composable<book, mqueue, direct>);
static_assert(composable<page, udp, direct> && !composable<book, udp, direct>);
static_assert(composable<book, tcp, port> && composable<book, shm>);
// The header counts: a datagram's worth of bytes is a message with raw only.
static_assert(composable<bytes<udp::capabilities.largest_unit>, udp, port, raw>);
static_assert(!composable<bytes<udp::capabilities.largest_unit>, udp, port>);
static_assert(!composable<bytes<udp::capabilities.largest_unit + 1>, udp, port, raw>);

// Where messages can stay in memory while references travel.
static_assert(composable<int, fifo, port, parley::map> && composable<int, parley::pipe, port, parley::map>);
static_assert(composable<int, shm, parley::map> && composable<int, anonymous_shm, parley::map>);
static_assert(composable<int, unix_stream, port, parley::map> && !composable<int, tcp, port, parley::map>);
static_assert(composable<int, tcp, port, parley::copy> && !composable<int, udp, port, parley::map>);
static_assert(composable<int, shm, direct, parley::map> && !composable<int, tcp, direct, parley::map>);
static_assert(composable<int, rt_signal, direct, parley::copy> && !composable<int, rt_signal, direct, parley::map>);
static_assert(composable<int, mqueue, parley::map> && !composable<int, mqueue, owner_lifetime, parley::map>);
static_assert(composable<int, mapped_file, port, parley::map> && !composable<int, mapped_file, parley::map>);
static_assert(composable<int, mapped_file, direct, owner_lifetime, parley::map> &&
              !composable<int, mapped_file, direct, parley::map>);
static_assert(composable<int, fifo, port, raw, parley::copy> && !composable<int, fifo, port, raw, parley::map>);
static_assert(composable<int, fifo, port, framed, parley::map>);
// Wherever the blocks are.
using many = map_by<many_segments>;
static_assert(composable<int, shm, many> && !composable<int, anonymous_shm, many>);
static_assert(composable<int, shm, direct, many> && !composable<int, unix_stream, direct, many>);
static_assert(composable<int, unix_stream, port, many> && !composable<int, tcp, port, many>);
static_assert(composable<int, mqueue, many> && !composable<int, mqueue, owner_lifetime, many>);
static_assert(composable<book, mqueue, many> && !composable<int, parley::map, many>);
// Only the reference has to fit.
static_assert(composable<book, mqueue, parley::map> && !composable<book, mqueue, parley::copy>);
static_assert(composable<bytes<64 << 20>, unix_datagram, port, parley::map>);
// Or the message up to the threshold.
static_assert(composable<bytes<64 << 20>, unix_datagram, port, adaptive<>>);
static_assert(composable<bytes<64 << 20>, mqueue, adaptive<>> && !composable<bytes<64 << 20>, mqueue, adaptive<8192>>);
static_assert(composable<bytes<100>, mqueue, adaptive<8192>> && composable<bytes<64 << 20>, fifo, port, adaptive<>>);
static_assert(!composable<int, tcp, port, adaptive<>> && composable<int, shm, direct, adaptive<>>);
static_assert(!composable<int, parley::map, adaptive<>> && composable<int, anonymous_shm, adaptive<>>);

// A transport may be another with raw: a signal has many senders then.
static_assert(composable<int, rt_signal, direct> && !composable<int, rt_signal, port>);
static_assert(composable<int, rt_signal, port, raw> && !composable<int, rt_signal, direct, raw>);
static_assert(composable<int, rt_signal, direct, unbounded> && !composable<int, rt_signal, port, raw, unbounded>);
static_assert(composable<std::uint32_t, rt_signal, direct> && !composable<std::uint64_t, rt_signal, direct>);

// Transports that there are not yet: the rules ask for capabilities.
template <bool ManySenders, bool ManyReceivers, bool Redelivers>
struct line {
    using axis = transport_axis;
    using natural_lifetime = owner_lifetime;
    static constexpr std::string_view name = "line";
    static constexpr transport::capabilities capabilities{
        .many_senders = ManySenders, .many_receivers = ManyReceivers, .redelivers = Redelivers};
};
static_assert(composable<int, line<false, false, false>, direct> && !composable<int, line<false, false, false>, port>);
static_assert(composable<int, line<true, false, false>, port> && !composable<int, line<true, false, false>, mailbox>);
static_assert(composable<int, line<true, true, false>, mailbox>);
static_assert(!composable<int, line<true, true, false>, mailbox_by<at_least_once>>);
static_assert(composable<int, line<true, true, true>, mailbox_by<at_least_once>>);

// What a word inherits it need not say: an addressing of one's own.
struct careful_port : port {
    using delivery = at_least_once;
};
struct plain_port : port {};
static_assert(composable<int, plain_port> && !composable<int, careful_port>);

}  // namespace compositions
