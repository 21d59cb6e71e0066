#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include <parley/parley.hpp>

#include "conformance/item.hpp"

/// THE list of compositions that the suites of this folder run over.
///
/// The words of the axes other than the transport are listed once for all memory, in `in_memory`, and once for all that
/// the kernel carries, in `in_kernel`; every transport gets all of them that compile on it, which is what its
/// capabilities say. The list is not the full product, which tests/static covers: each word stands beside each word of
/// every other axis at least once. With `map` the transport sees another message and the same words, so that each
/// algorithm stands once. A new transport is a line in tests/CMakeLists.txt.

namespace parley::conformance {

template <class... Lists>
using joined = decltype(std::tuple_cat(std::declval<Lists>()...));

/// The policies of a composition, still without message and transport.
template <class... Words>
struct words {};

template <class Transport, class List>
struct those_that_compile;

template <class Transport, class... Lists>
struct those_that_compile<Transport, std::tuple<Lists...>> {
    template <class... Words>
    static auto select(words<Words...>) {
        if constexpr (composable<item, Transport, Words...>) {
            return std::tuple<std::type_identity<channel<item, Transport, Words...>>>{};
        } else {
            return std::tuple<>{};
        }
    }
    template <class... Channels>
    static std::tuple<Channels...> unwrap(std::tuple<std::type_identity<Channels>...>);

    using type = decltype(unwrap(std::tuple_cat(select(Lists{})...)));
};

/// For `shm`, which stands for all memory.
struct in_memory {
    using bounded_mailboxes = std::tuple<                                                                           //
        words<>,                                                                                                    //
        words<bounded<3>, blocking_on<futex>>,                                                                      //
        words<bounded<1>, nonblocking, owner_lifetime>,                                                             //
        words<bounded<3>, sync<nonblocking, blocking>, mailbox_by<at_least_once>>,                                  //
        words<bounded<1>, sync<blocking_on<futex>, nonblocking>>,                                                   //
        words<bounded<3>, blocking_on<spin>, mailbox_by<exclusive>>,                                                //
        words<bounded<1>, blocking, mailbox_by<round_robin>>,                                                       //
        words<bounded<1024>, sync<blocking_on<spin>, blocking_on<futex>>, mailbox_by<round_robin, at_least_once>>,  //
        words<bounded<3>, sync<blocking, blocking_on<spin>>, mailbox_by<exclusive, at_least_once>, owner_lifetime>>;

    using unbounded_mailboxes = std::tuple<                                   //
        words<unbounded>,                                                     //
        words<unbounded, nonblocking, mailbox_by<exclusive, at_least_once>>,  //
        words<unbounded, blocking_on<spin>, mailbox_by<at_least_once>>,       //
        words<unbounded, sync<nonblocking, blocking_on<futex>>, mailbox_by<round_robin>, owner_lifetime>>;

    using zero_mailboxes = std::tuple<                                             //
        words<zero>,                                                               //
        words<zero, blocking_on<futex>, mailbox_by<round_robin>>,                  //
        words<zero, blocking_on<spin>, owner_lifetime>,                            //
        words<zero, sync<nonblocking, blocking>>,                                  //
        words<zero, sync<blocking, nonblocking>, mailbox_by<exclusive>>,           //
        words<zero, sync<nonblocking, blocking_on<spin>>, mailbox_by<exclusive>>,  //
        words<zero, sync<blocking_on<futex>, nonblocking>, mailbox_by<round_robin>>>;

    using ports = std::tuple<                                  //
        words<port>,                                           //
        words<port, bounded<1>, nonblocking>,                  //
        words<port, bounded<3>, sync<nonblocking, blocking>>,  //
        words<port, unbounded, blocking_on<futex>>,            //
        words<port, unbounded, sync<blocking, nonblocking>>,   //
        words<port, zero, blocking_on<futex>>,                 //
        words<port, zero, sync<nonblocking, blocking>>,        //
        words<port, zero, sync<blocking_on<spin>, nonblocking>>>;

    using mapped_mailboxes = std::tuple<  //
        words<parley::map>,               //
        words<parley::map, bounded<1>, nonblocking, mailbox_by<round_robin, at_least_once>>,
        words<parley::map, bounded<3>, sync<blocking_on<futex>, nonblocking>, mailbox_by<exclusive>>,
        words<parley::map, unbounded, sync<nonblocking, blocking>>,  //
        words<map_by<many_segments>, bounded<3>>,                    //
        words<parley::map, zero, blocking_on<spin>>>;

    using mapped_ports = std::tuple<  //
        words<parley::map, port, bounded<3>, sync<nonblocking, blocking_on<futex>>>,
        words<parley::map, port, unbounded>,  //
        words<parley::map, port, zero, sync<blocking, nonblocking>>>;

    using links = std::tuple<                                          //
        words<direct>,                                                 //
        words<direct, bounded<1>, nonblocking>,                        //
        words<direct, bounded<3>, sync<nonblocking, blocking>>,        //
        words<direct, bounded<3>, blocking_on<spin>>,                  //
        words<direct, unbounded, blocking_on<futex>, owner_lifetime>,  //
        words<direct, unbounded, sync<blocking, nonblocking>>,         //
        words<direct, zero>,                                           //
        words<direct, zero, sync<nonblocking, blocking_on<futex>>>,    //
        words<direct, zero, sync<blocking, nonblocking>, owner_lifetime>>;

    using mapped_links = std::tuple<  //
        words<parley::map, direct>,   //
        words<parley::map, direct, bounded<3>, sync<nonblocking, blocking_on<futex>>>,
        words<parley::map, direct, unbounded, sync<blocking, nonblocking>, owner_lifetime>,
        words<parley::map, direct, zero, blocking_on<spin>>>;
};

/// For memory that is named in other ways: the algorithms are those of `shm`.
struct in_other_memory {
    using bounded_mailboxes = std::tuple<                                           //
        words<>,                                                                    //
        words<bounded<3>, sync<nonblocking, blocking>, mailbox_by<at_least_once>>,  //
        words<bounded<1>, blocking_on<futex>, mailbox_by<round_robin>, owner_lifetime>>;
    using unbounded_mailboxes = std::tuple<  //
        words<unbounded>,                    //
        words<unbounded, nonblocking, mailbox_by<exclusive, at_least_once>>>;
    using zero_mailboxes = std::tuple<words<zero>, words<zero, sync<nonblocking, blocking>>>;
    using ports = std::tuple<                                 //
        words<port>,                                          //
        words<port, bounded<1>, nonblocking>,                 //
        words<port, unbounded, sync<blocking, nonblocking>>,  //
        words<port, zero, blocking_on<futex>>>;
    using mapped_mailboxes = std::tuple<  //
        words<parley::map, bounded<3>, mailbox_by<at_least_once>>, words<parley::map, zero>>;
    using mapped_ports = std::tuple<words<parley::map, port>>;
    using links = std::tuple<                                          //
        words<direct>,                                                 //
        words<direct, bounded<3>, sync<nonblocking, blocking>>,        //
        words<direct, unbounded, blocking_on<futex>, owner_lifetime>,  //
        words<direct, zero, sync<blocking, nonblocking>>>;
    using mapped_links = std::tuple<words<parley::map, direct, owner_lifetime>>;
};

/// The bounds are such as every transport of the kernel gives to an unprivileged user.
struct in_kernel {
    using bounded_mailboxes = std::tuple<  //
        words<>,                           //
        words<bounded<4>, sync<nonblocking, blocking>>>;
    using unbounded_mailboxes = std::tuple<words<unbounded>>;
    using zero_mailboxes = std::tuple<                      //
        words<zero>,                                        //
        words<zero, sync<nonblocking, blocking_on<spin>>>,  //
        words<zero, sync<blocking, nonblocking>>>;
    using ports = std::tuple<                                  //
        words<port>,                                           //
        words<port, bounded<1>, sync<blocking, nonblocking>>,  //
        words<port, unbounded>,                                //
        words<port, zero>,                                     //
        words<port, zero, sync<nonblocking, blocking>>>;
    using mapped_mailboxes = std::tuple<  //
        words<parley::map>, words<parley::map, zero>>;
    using mapped_ports = std::tuple<  //
        words<parley::map, port, bounded<4>, sync<blocking, nonblocking>>, words<parley::map, port, unbounded>>;
    using links = std::tuple<                                    //
        words<direct>,                                           //
        words<direct, bounded<4>, sync<nonblocking, blocking>>,  //
        words<direct, unbounded, blocking_on<spin>>,             //
        words<direct, zero>,                                     //
        words<direct, zero, sync<blocking, nonblocking>>>;
    using mapped_links = std::tuple<                                          //
        words<parley::map, direct, bounded<4>, sync<blocking, nonblocking>>,  //
        words<parley::map, direct, unbounded>, words<parley::map, direct, zero>>;
};

template <class Transport>
struct on {
    template <class... Words>
    using c = parley::channel<item, Transport, Words...>;
};

namespace compositions_detail {

template <class Transport>
using lists = std::conditional_t<std::is_same_v<Transport, shm>, in_memory,
                                 std::conditional_t<Transport::capabilities.in_place, in_other_memory, in_kernel>>;

template <class Transport, class List>
using those = typename those_that_compile<Transport, List>::type;

}  // namespace compositions_detail

// One kind at a time: who wants the links does not make the compiler ask the rules about all mailboxes.
template <class T>
using bounded_mailboxes_on = compositions_detail::those<T, typename compositions_detail::lists<T>::bounded_mailboxes>;
template <class T>
using unbounded_mailboxes_on =
    compositions_detail::those<T, typename compositions_detail::lists<T>::unbounded_mailboxes>;
template <class T>
using zero_mailboxes_on = compositions_detail::those<T, typename compositions_detail::lists<T>::zero_mailboxes>;
template <class T>
using mailboxes_on = joined<bounded_mailboxes_on<T>, unbounded_mailboxes_on<T>, zero_mailboxes_on<T>>;
template <class T>
using ports_on = compositions_detail::those<T, typename compositions_detail::lists<T>::ports>;
template <class T>
using links_on = compositions_detail::those<T, typename compositions_detail::lists<T>::links>;
template <class T>
using mapped_mailboxes_on = compositions_detail::those<T, typename compositions_detail::lists<T>::mapped_mailboxes>;
template <class T>
using mapped_ports_on = compositions_detail::those<T, typename compositions_detail::lists<T>::mapped_ports>;
template <class T>
using mapped_links_on = compositions_detail::those<T, typename compositions_detail::lists<T>::mapped_links>;

}  // namespace parley::conformance
