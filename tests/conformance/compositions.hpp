#pragma once

#include <tuple>
#include <utility>

#include <parley/parley.hpp>

#include "conformance/item.hpp"

/// THE list of compositions that the suites of this folder run over.
///
/// The words of the axes other than the transport are listed once, in `on`; every transport gets all of them. The list
/// is not the full product, which tests/static covers: each word stands beside each word of every other axis at least
/// once. A new transport is one test file for each of `mailboxes`, `ports` and `links` that it can do.

namespace parley::conformance {

template <class... Lists>
using joined = decltype(std::tuple_cat(std::declval<Lists>()...));

template <class Transport>
struct on {
    template <class... Words>
    using c = parley::channel<item, Transport, Words...>;

    using bounded_mailboxes = std::tuple<                                                                       //
        c<>,                                                                                                    //
        c<bounded<3>, blocking_on<futex>>,                                                                      //
        c<bounded<1>, nonblocking, owner_lifetime>,                                                             //
        c<bounded<3>, sync<nonblocking, blocking>, mailbox_by<at_least_once>>,                                  //
        c<bounded<1>, sync<blocking_on<futex>, nonblocking>>,                                                   //
        c<bounded<3>, blocking_on<spin>, mailbox_by<exclusive>>,                                                //
        c<bounded<1>, blocking, mailbox_by<round_robin>>,                                                       //
        c<bounded<1024>, sync<blocking_on<spin>, blocking_on<futex>>, mailbox_by<round_robin, at_least_once>>,  //
        c<bounded<3>, sync<blocking, blocking_on<spin>>, mailbox_by<exclusive, at_least_once>, owner_lifetime>>;

    using unbounded_mailboxes = std::tuple<                               //
        c<unbounded>,                                                     //
        c<unbounded, nonblocking, mailbox_by<exclusive, at_least_once>>,  //
        c<unbounded, blocking_on<spin>, mailbox_by<at_least_once>>,       //
        c<unbounded, sync<nonblocking, blocking_on<futex>>, mailbox_by<round_robin>, owner_lifetime>>;

    using zero_mailboxes = std::tuple<                                         //
        c<zero>,                                                               //
        c<zero, blocking_on<futex>, mailbox_by<round_robin>>,                  //
        c<zero, blocking_on<spin>, owner_lifetime>,                            //
        c<zero, sync<nonblocking, blocking>>,                                  //
        c<zero, sync<blocking, nonblocking>, mailbox_by<exclusive>>,           //
        c<zero, sync<nonblocking, blocking_on<spin>>, mailbox_by<exclusive>>,  //
        c<zero, sync<blocking_on<futex>, nonblocking>, mailbox_by<round_robin>>>;

    using mailboxes = joined<bounded_mailboxes, unbounded_mailboxes, zero_mailboxes>;

    using ports = std::tuple<                              //
        c<port>,                                           //
        c<port, bounded<1>, nonblocking>,                  //
        c<port, bounded<3>, sync<nonblocking, blocking>>,  //
        c<port, unbounded, blocking_on<futex>>,            //
        c<port, unbounded, sync<blocking, nonblocking>>,   //
        c<port, zero, blocking_on<futex>>,                 //
        c<port, zero, sync<nonblocking, blocking>>,        //
        c<port, zero, sync<blocking_on<spin>, nonblocking>>>;

    using links = std::tuple<                                      //
        c<direct>,                                                 //
        c<direct, bounded<1>, nonblocking>,                        //
        c<direct, bounded<3>, sync<nonblocking, blocking>>,        //
        c<direct, bounded<3>, blocking_on<spin>>,                  //
        c<direct, unbounded, blocking_on<futex>, owner_lifetime>,  //
        c<direct, unbounded, sync<blocking, nonblocking>>,         //
        c<direct, zero>,                                           //
        c<direct, zero, sync<nonblocking, blocking_on<futex>>>,    //
        c<direct, zero, sync<blocking, nonblocking>, owner_lifetime>>;
};

}  // namespace parley::conformance
