#pragma once

/// A channel of numbers as a program without exceptions sees it: nothing of parley, and an error code for everything.

#include <memory>
#include <system_error>

class number_sender {
public:
    number_sender(const char* name, std::error_code& code) noexcept;
    ~number_sender();
    void send(int number, std::error_code& code) noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

class number_receiver {
public:
    number_receiver(const char* name, std::error_code& code) noexcept;
    ~number_receiver();

    /// Waits. After an error, 0.
    int receive(std::error_code& code) noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

void remove_numbers(const char* name, std::error_code& code) noexcept;
