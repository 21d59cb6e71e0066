#include "../support/shared.hpp"
#include "peer_series.hpp"

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>

#include <nng/nng.h>
#include <nng/protocol/pair0/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <sched.h>
#include <unistd.h>

namespace bench {

namespace {

void check(int result, const char* call) {
    if (result != 0) {
        throw std::runtime_error(std::string(call) + ": " + nng_strerror(result));
    }
}

/// A socket of one process. What is on its way when a socket closes is lost, so that each waits for the other to be
/// done first.
template <class Message>
class nng_end {
public:
    nng_end(int (*open)(nng_socket*), const std::string& address, bool listens, std::atomic<int>& done) : done_(done) {
        check(open(&socket_), "opening a socket");
        check(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0), "NNG_OPT_RECVMAXSZ");  // no limit
        if (listens) {
            check(nng_listen(socket_, address.c_str(), nullptr, 0), "nng_listen");
        } else {
            connect(address);
        }
    }
    nng_end(const nng_end&) = delete;
    nng_end& operator=(const nng_end&) = delete;
    ~nng_end() {
        done_.fetch_add(1, std::memory_order_acq_rel);
        while (done_.load(std::memory_order_acquire) < 2) {
            ::sched_yield();
        }
        nng_close(socket_);
    }

    void send(const Message& given) {
        // nng_send wants memory that it may change, and does not change what it copies.
        check(nng_send(socket_, const_cast<Message*>(&given), sizeof given, 0), "nng_send");
    }

    [[nodiscard]] Message receive() {
        Message taken;
        std::size_t size = sizeof taken;
        check(nng_recv(socket_, &taken, &size, 0), "nng_recv");
        if (size != sizeof taken) {
            throw std::runtime_error("a message of another size");
        }
        return taken;
    }

private:
    /// Until the other side listens. nng itself would try again after a tenth of a second, within what is measured.
    void connect(const std::string& address) {
        for (;;) {
            const int result = nng_dial(socket_, address.c_str(), nullptr, 0);
            if (result != NNG_ECONNREFUSED) {
                check(result, "nng_dial");
                return;
            }
            ::sched_yield();
        }
    }

    std::atomic<int>& done_;
    nng_socket socket_ = NNG_SOCKET_INITIALIZER;
};

/// Over a Unix socket: pair to and fro, push to pull one way.
template <class Message>
class nng {
    using end = nng_end<Message>;

public:
    using message_type = Message;

    nng() = default;
    explicit nng(crowd) {}

    [[nodiscard]] end left() const { return end(nng_pair0_open, address_, true, *done_); }
    [[nodiscard]] end right() const { return end(nng_pair0_open, address_, false, *done_); }
    [[nodiscard]] end producer() const { return end(nng_push0_open, address_, true, *done_); }
    [[nodiscard]] end consumer() const { return end(nng_pull0_open, address_, false, *done_); }

private:
    [[nodiscard]] static std::string fresh_address() {
        static int runs = 0;
        return "abstract://parley-bench-" + std::to_string(::getpid()) + "-" + std::to_string(runs++);
    }
    std::string address_ = fresh_address();
    shared<std::atomic<int>> done_;
};

}  // namespace

void add_nng(suite& measured) {
    const std::string who = "peer.nng";
    add_latency<nng<message>>(measured, who);
    add_latency<nng<message_of<1024>>>(measured, who);
    add_latency<nng<message_of<16384>>>(measured, who);
    add_latency<nng<message_of<65536>>>(measured, who);
    add_sleeping_latency<nng<message>>(measured, who);
    add_stream<nng<message>, false>(measured, who);
}

}  // namespace bench
