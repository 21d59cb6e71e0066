// The one source with exceptions. The forms of the calls that take a std::error_code are noexcept, and nothing else of
// parley is called.

#include "numbers.hpp"

#include <chrono>
#include <new>

#include <parley/addressing/mailbox.hpp>
#include <parley/buffering/bounded.hpp>
#include <parley/channel.hpp>
#include <parley/lifetime/kernel.hpp>
#include <parley/synchronization/blocking.hpp>
#include <parley/transport/shm.hpp>
#include <parley/wait/condvar.hpp>

using numbers = parley::channel<int, parley::bounded<4>>;

struct number_sender::state {
    state(const char* name, std::error_code& code) noexcept : out(name, code) {}
    parley::sender<numbers> out;
};

struct number_receiver::state {
    state(const char* name, std::error_code& code) noexcept : in(name, code) {}
    parley::receiver<numbers> in;
};

number_sender::number_sender(const char* name, std::error_code& code) noexcept
    : state_(new (std::nothrow) state(name, code)) {}
number_sender::~number_sender() = default;

void number_sender::send(int number, std::error_code& code) noexcept {
    if (state_) {
        state_->out.send(number, code);
    } else {
        code = parley::errc::no_space;
    }
}

number_receiver::number_receiver(const char* name, std::error_code& code) noexcept
    : state_(new (std::nothrow) state(name, code)) {}
number_receiver::~number_receiver() = default;

int number_receiver::receive(std::error_code& code) noexcept {
    if (!state_) {
        code = parley::errc::no_space;
        return 0;
    }
    return state_->in.receive_for(std::chrono::seconds(30), code).value_or(0);
}

void remove_numbers(const char* name, std::error_code& code) noexcept { numbers::remove(name, code); }
