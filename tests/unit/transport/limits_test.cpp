#include <initializer_list>
#include <string>

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <parley/parley.hpp>

#include "conformance/item.hpp"
#include "conformance/venue.hpp"
#include "support/catch.hpp"

/// What each transport gives to an unprivileged user: its defaults fit, and who asks for more is told the limit, the
/// question and what to do. (Of rt_signal, whose limit shows when signals wait: conformance/rt_signal_test.cpp.)

namespace parley::conformance {

namespace {

/// Of this process, for good: no limit is lifted for it.
void give_up_privileges() {
    ::__user_cap_header_struct whose{_LINUX_CAPABILITY_VERSION_3, 0};
    ::__user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
    PARLEY_CHECK_IN_CHILD(::syscall(SYS_capset, &whose, none) == 0);
}

/// Opens what needs the room: `open(name)`. Checks what the refusal says.
template <class Open>
void ask_for_too_much(const std::string& name, std::initializer_list<const char*> told, Open open) {
    child unprivileged{"unprivileged", [&] {
                           give_up_privileges();
                           std::string text = "opened";
                           try {
                               open(name);
                           } catch (const error& caught) {
                               text = caught.what();
                               PARLEY_CHECK_IN_CHILD(caught.code() == errc::no_space);
                           }
                           for (const char* part : told) {
                               if (text.find(part) == std::string::npos) {
                                   test::fail_in_child(__FILE__, __LINE__,
                                                       ("'" + text + "' does not say " + part).c_str());
                               }
                           }
                       }};
    CHECK(unprivileged.join_ok());
}

template <class C>
void open_mailbox(const std::string& name) {
    const sender<C> out{name};
}
template <class C>
void open_both_ends(const std::string& name) {
    const receiver<C> in{name};
    const sender<C> out{name};
}
template <class C>
void open_pair(const std::string&) {
    const auto ends = C::pair();
    sender<C> out{from_descriptor, ::dup(ends.first.descriptor())};
}

template <class C>
void send_one_by_default() {
    INFO(C::describe());
    const auto name = fresh_name<C>("limits");
    child unprivileged{"unprivileged", [&] {
                           give_up_privileges();
                           receiver<C> in{name};
                           sender<C> out{name};
                           PARLEY_CHECK_IN_CHILD(out.send_for(item::make(1, 1), 2s));
                           PARLEY_CHECK_IN_CHILD(in.receive().number == 1);
                       }};
    CHECK(unprivileged.join_ok());
    std::error_code ignored;
    C::remove(name, ignored);
}

}  // namespace

TEST_CASE("mqueue: more messages, or larger ones, than the system gives") {
    ask_for_too_much(unique_name("limits"),
                     {"11 messages", "bounded<11>", "/proc/sys/fs/mqueue/msg_max allows", "sysctl fs.mqueue.msg_max",
                      "smaller bounded<N>"},
                     open_mailbox<channel<item, mqueue, bounded<11>>>);
}

TEST_CASE("mqueue: more bytes than the user may have in queues") {
    ask_for_too_much(unique_name("limits"), {"RLIMIT_MSGQUEUE", "ulimit -q", "smaller bounded<N>"},
                     [](const std::string& name) {
                         const ::rlimit little{512, 512};  // less than this queue needs, whatever others have
                         PARLEY_CHECK_IN_CHILD(::setrlimit(RLIMIT_MSGQUEUE, &little) == 0);
                         open_mailbox<channel<item, mqueue>>(name);
                     });
}

TEST_CASE("sysv_mqueue: more bytes than the system gives") {
    ask_for_too_much(unique_name("limits"),
                     {"bounded<4096>", "/proc/sys/kernel/msgmnb allows", "sysctl kernel.msgmnb", "smaller bounded<N>"},
                     open_mailbox<channel<item, sysv_mqueue, bounded<4096>>>);
}

TEST_CASE("fifo: more pages than the system gives") {
    ask_for_too_much(unique_name("limits"),
                     {"1024 messages", "bounded<1024>", "/proc/sys/fs/pipe-max-size allows", "sysctl fs.pipe-max-size",
                      "smaller bounded<N>"},
                     open_mailbox<channel<item, fifo, bounded<1024>>>);
}

TEST_CASE("pipe: more pages than the system gives") {
    ask_for_too_much({},
                     {"1024 messages", "bounded<1024>", "/proc/sys/fs/pipe-max-size allows", "sysctl fs.pipe-max-size",
                      "smaller bounded<N>"},
                     open_pair<channel<item, pipe, port, bounded<1024>>>);
}

TEMPLATE_TEST_CASE("sockets that connect: more than the buffers that the system gives", "", unix_stream, unix_seqpacket,
                   tcp) {
    using C = channel<item, TestType, port, bounded<1'000'000>>;
    const auto name = fresh_name<C>("limits");
    ask_for_too_much(name, {name.c_str(), "bounded<1000000>", "net.core.wmem_max allows", "sysctl", "or bounded<"},
                     open_both_ends<C>);
}

TEMPLATE_TEST_CASE("by default every transport works for an unprivileged user", "", shm, sysv_shm, mapped_file, mqueue,
                   sysv_mqueue, fifo, unix_stream, unix_seqpacket, unix_datagram, tcp, udp) {
    send_one_by_default<channel<item, TestType, port>>();
}

}  // namespace parley::conformance
