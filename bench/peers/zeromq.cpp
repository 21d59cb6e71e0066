#include "../support/processes.hpp"
#include "peer_series.hpp"

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

#include <unistd.h>
#include <zmq.h>

namespace bench {

namespace {

int checked(int result, const char* call) {
    if (result < 0) {
        throw std::runtime_error(std::string(call) + ": " + zmq_strerror(zmq_errno()));
    }
    return result;
}

/// A socket with the context, and so the I/O thread, of its process.
template <class Message>
class zeromq_end {
public:
    zeromq_end(int type, const std::string& address, bool binds)
        : context_(zmq_ctx_new()), socket_(zmq_socket(context_, type)) {
        if (socket_ == nullptr) {
            throw std::runtime_error(std::string("zmq_socket: ") + zmq_strerror(zmq_errno()));
        }
        const int milliseconds = 1;  // not a tenth of a second, which would be within what is measured
        checked(zmq_setsockopt(socket_, ZMQ_RECONNECT_IVL, &milliseconds, sizeof milliseconds), "ZMQ_RECONNECT_IVL");
        checked(binds ? zmq_bind(socket_, address.c_str()) : zmq_connect(socket_, address.c_str()), address.c_str());
    }
    zeromq_end(const zeromq_end&) = delete;
    zeromq_end& operator=(const zeromq_end&) = delete;
    ~zeromq_end() {
        zmq_close(socket_);
        zmq_ctx_term(context_);  // when all that was sent is on its way
    }

    void send(const Message& given) { checked(zmq_send(socket_, &given, sizeof given, 0), "zmq_send"); }

    [[nodiscard]] Message receive() {
        Message taken;
        if (checked(zmq_recv(socket_, &taken, sizeof taken, 0), "zmq_recv") != static_cast<int>(sizeof taken)) {
            throw std::runtime_error("a message of another size");
        }
        return taken;
    }

private:
    void* context_;
    void* socket_;
};

/// Over a Unix socket: PAIR to and fro, PUSH to PULL one way.
template <class Message>
class zeromq {
    using end = zeromq_end<Message>;

public:
    using message_type = Message;

    zeromq() = default;
    explicit zeromq(crowd) {}

    [[nodiscard]] end left() const { return end(ZMQ_PAIR, address_, true); }
    [[nodiscard]] end right() const { return end(ZMQ_PAIR, address_, false); }
    [[nodiscard]] end producer() const { return end(ZMQ_PUSH, address_, true); }
    [[nodiscard]] end consumer() const { return end(ZMQ_PULL, address_, false); }

private:
    [[nodiscard]] static std::string fresh_address() {
        static int runs = 0;
        return "ipc://@parley-bench-" + std::to_string(::getpid()) + "-" + std::to_string(runs++);
    }
    std::string address_ = fresh_address();
};

}  // namespace

void add_zeromq(suite& measured) {
    const std::string who = "peer.zeromq";
    add_latency<zeromq<message>>(measured, who);
    add_latency<zeromq<message_of<1024>>>(measured, who);
    add_latency<zeromq<message_of<16384>>>(measured, who);
    add_latency<zeromq<message_of<65536>>>(measured, who);
    add_sleeping_latency<zeromq<message>>(measured, who);
    add_stream<zeromq<message>, false>(measured, who);
}

}  // namespace bench
