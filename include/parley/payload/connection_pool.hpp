#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>

#include <parley/os/clock.hpp>
#include <parley/os/descriptor.hpp>
#include <parley/os/error.hpp>
#include <parley/payload/staying_pool.hpp>
#include <parley/pool/block.hpp>
#include <parley/pool/member.hpp>

/// Pools that connections bring along. The side that calls makes the memory, writes messages there, and passes it to
/// the other side, which reads them; it has no name, and goes when neither side works with it any more. So what is in a
/// connection and where it lies end together, and a process that is killed leaves nothing.
///
/// A connection that is made anew brings another pool. What is in hands from the one before stays usable there: a
/// message until it is released, a loan until it is let go; but it cannot be sent any more.

namespace parley::payload {

template <class C, class Travelling>
class connection_pool {
    using pool_type = pool_of<C>;

public:
    using lender = typename pool_type::lender;
    using borrower = typename pool_type::borrower;

    /// Of the side that calls. `pool_size` as in `options`.
    [[nodiscard]] static std::shared_ptr<connection_pool> made(std::uint64_t pool_size) {
        auto result = std::make_shared<connection_pool>();
        result->file_ = lender::create_nameless(pool_type::identity);
        result->lender_.emplace(
            pool::nameless{result->file_.get(), pool_type::limit(pool_size), pool_type::identity, one_each});
        return result;
    }

    /// Of the other side. Throws where that is no pool of this composition, or could be cut short.
    [[nodiscard]] static std::shared_ptr<connection_pool> passed(os::descriptor&& given) {
        auto result = std::make_shared<connection_pool>();
        result->borrower_.emplace(pool::nameless{given.get(), pool_type::limit(0), pool_type::identity, one_each});
        return result;
    }

    connection_pool() = default;
    connection_pool(const connection_pool&) = delete;
    connection_pool& operator=(const connection_pool&) = delete;
    ~connection_pool() = default;

    /// For the other side, which has it after `passed_on`.
    [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
    void passed_on() noexcept { file_.reset(); }

    /// Whether a message lies here, or nowhere.
    [[nodiscard]] bool carries(const Travelling& what) const noexcept {
        if constexpr (requires { what.is_small(); }) {
            return what.is_small() || what.reference().pool == lender_->mark();
        } else {
            return what.pool == lender_->mark();
        }
    }

    [[nodiscard]] lender& out() noexcept { return *lender_; }
    [[nodiscard]] borrower& in() noexcept { return *borrower_; }

private:
    static constexpr bool one_each = true;

    os::descriptor file_;
    std::optional<lender> lender_;
    std::optional<borrower> borrower_;
};

/// The pool where a link's next message is written: that of its connection, or of a pair, the one that came with its
/// end. To a sender it is a `pool::lender`. `Inner`: the core of the transport's link.
template <class C, class Inner>
class departing_pool {
    using lender = typename pool_of<C>::lender;

public:
    explicit departing_pool(Inner& inner) noexcept : inner_(&inner) {}
    departing_pool(Inner& inner, std::shared_ptr<lender> given)
        : inner_(&inner), current_(std::move(given)), is_fixed_(true) {}

    /// Null also while there is no connection.
    [[nodiscard]] std::byte* lend(std::size_t size) {
        find();
        auto* result = current_ != nullptr ? current_->lend(size) : nullptr;
        if (result != nullptr) {
            has_block_ = true;
            if (in_hand_ != current_) {
                in_hand_ = current_;
            }
        } else if (current_ == nullptr && !has_block_) {
            in_hand_.reset();  // its connection has gone, and would leave it here
        }
        return result;
    }

    [[nodiscard]] std::size_t capacity() const noexcept { return in_hand_->capacity(); }
    [[nodiscard]] pool::block_reference hand_over(std::size_t length) noexcept { return in_hand_->hand_over(length); }
    void handed_over() noexcept {
        in_hand_->handed_over();
        has_block_ = false;
    }
    void keep() noexcept { in_hand_->keep(); }
    void put_back() noexcept {
        in_hand_->put_back();
        has_block_ = false;
    }

    [[nodiscard]] bool wait(os::deadline until) requires pool_of<C>::waiter::waits {
        if (current_ != nullptr) {
            return current_->wait(until);
        }
        constexpr ::timespec moment{0, 2'000'000};  // until there is a connection
        ::nanosleep(&moment, nullptr);
        return !until.passed();
    }

    // Whether the pool is of any use, the link says.
    void check_known_open() const noexcept {}
    [[nodiscard]] bool is_nameless() const noexcept { return true; }

private:
    void find() {
        if (!is_fixed_) {
            const auto companion = inner_->sender().companion();
            if (companion == nullptr) {
                current_.reset();
            } else if (current_.get() != &companion->out()) {
                current_ = {companion, &companion->out()};
            }
        }
    }

    Inner* inner_;
    std::shared_ptr<lender> current_;
    std::shared_ptr<lender> in_hand_;  ///< where the last block is from
    bool has_block_ = false;
    bool is_fixed_ = false;
};

/// The pool where the last message lies that a link gave: that of the connection that it came over, or of a pair, the
/// one that came with its end. To a receiver it is a `pool::borrower`.
template <class C, class Inner>
class arriving_pool {
    using borrower = typename pool_of<C>::borrower;

public:
    explicit arriving_pool(Inner& inner) noexcept : inner_(&inner) {}
    arriving_pool(Inner& inner, std::shared_ptr<borrower> given)
        : inner_(&inner), in_hand_(std::move(given)), is_fixed_(true) {}

    [[nodiscard]] const std::byte* hold(const pool::block_reference& given) {
        if (!is_fixed_) {
            const auto& companion = inner_->receiver().last_companion();
            in_hand_ = {companion, &companion->in()};
        }
        try {
            return in_hand_->hold(given);
        } catch (const error& failure) {
            if (failure.code() == errc::corrupt) {
                refuse_last();
            } else {
                forget();
            }
            throw;
        } catch (...) {
            forget();
            throw;
        }
    }
    /// What the last message led to is none: that is told once, and ends the connection that it came over, or else a
    /// stranger could have every call tell of it. A pair has no strangers, and goes on.
    void refuse_last() {
        forget();
        if (!is_fixed_) {
            inner_->receiver().refuse_last();
        }
    }
    [[nodiscard]] std::size_t capacity() const noexcept { return in_hand_->capacity(); }
    void release() noexcept {
        in_hand_->release();
        forget();
    }

    // A block that is lost is lost with its connection: nobody looks for any.
    void begin() const noexcept {}
    void end() const noexcept {}
    void link_was_empty() const noexcept {}
    [[nodiscard]] bool time_to_judge() const noexcept { return false; }
    void prepare_to_judge() const noexcept {}
    void judge() const noexcept {}
    [[nodiscard]] os::clock::duration patience() const noexcept { return os::look_around_interval; }

private:
    /// Nothing is in hand: the connection may have gone, and would leave its pool here.
    void forget() noexcept {
        if (!is_fixed_) {
            in_hand_.reset();
        }
    }

    Inner* inner_;
    std::shared_ptr<borrower> in_hand_;
    bool is_fixed_ = false;
};

}  // namespace parley::payload
