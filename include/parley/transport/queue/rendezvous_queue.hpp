#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <parley/message/wire.hpp>
#include <parley/os/crash_point.hpp>
#include <parley/os/error.hpp>
#include <parley/ring/handoff.hpp>
#include <parley/transport/queue/bounded_queue.hpp>
#include <parley/transport/queue/objects.hpp>

/// The rendezvous over queue objects: ring/handoff.hpp keeps the desks in order, and what lies on a desk is in a queue
/// object of its own, with room for one message.
///
/// What a killed process leaves in a desk's object is cleared away by whoever finds no room there for the next message;
/// where a message has several parts, by whoever puts the next one there, before that. The word of
/// the desk (ring/handoff.hpp) alone says whether what lies in the object counts.

namespace parley::transport::queue {

template <class Message, class Backing, std::size_t Senders, std::size_t Receivers>
class rendezvous_queue {
    using wire = message::wire<Message>;
    using meeting = ring::handoff<sizeof(std::uint64_t), alignof(std::uint64_t), Senders, Receivers>;
    using slot = bounded_queue<Message, 1, Backing, 1, 1>;
    static constexpr bool in_one_unit = message::frame_header_size + wire::capacity <= Backing::object::unit;

public:
    static constexpr std::size_t object_count = Senders + Receivers;  ///< in each lane
    static constexpr bool pollable = false;                           ///< who waits looks at the desks
    static constexpr shape shape_of_object = slot::shape_of_object;
    template <std::size_t Lanes>
    using table = object_table<Lanes * object_count>;
    class producer;
    class consumer;

    template <class Segment, class End>
    static void begin(Segment& attached, std::size_t lane, std::string_view composed, int bundle, End& end) {
        begin_at_gate(attached, [&] {
            auto& records = attached.body().objects.records;
            end.begin({attached.path(), attached.permissions(), composed, records, bundle, lane * object_count});
        });
    }

private:
    /// What it takes to open the objects of others, when one meets them.
    struct desks_at {
        std::string path;
        ::mode_t permissions = 0;
        std::string_view composed;
        std::span<record> records;
        int bundle = -1;
        std::size_t first = 0;
    };

    /// One process's way to the desks of one lane.
    class desks {
    public:
        explicit desks(rendezvous_queue& shared) : shared_(&shared) {}

        void begin(desks_at where) { where_ = std::move(where); }

        /// Puts a message on the desk of that number. What lay there does not count.
        void put(std::size_t number, std::span<const std::byte> content) {
            auto& mine = at(number);
            if constexpr (!in_one_unit) {  // parts of another message may leave room for some of this one
                clear(mine);
            }
            PARLEY_CRASH_POINT("queue rendezvous: nothing of the message on the desk");
            if (mine.in.put_bytes(content)) [[likely]] {
                return;
            }
            clear(mine);
            if (!mine.in.put_bytes(content)) {
                throw_error(errc::corrupt, "a desk of " + where_.path + " is full although it was cleared");
            }
        }

        /// Takes the message from that desk to `room`. False if none is there.
        [[nodiscard]] bool take(std::size_t number, std::byte* room) {
            auto& theirs = at(number);
            for (;;) {
                switch (theirs.out.get()) {
                    case slot::consumer::outcome::message: {
                        PARLEY_CRASH_POINT("queue rendezvous: taken from the desk, not acknowledged");
                        const auto size = std::min(theirs.out.size(), wire::capacity);
                        std::memcpy(room, theirs.out.message(), size);
                        std::memset(room + size, 0, wire::capacity - size);  // nothing of an earlier message
                        return true;
                    }
                    case slot::consumer::outcome::nothing:
                        return false;
                    case slot::consumer::outcome::garbage:
                        break;
                }
            }
        }

        void open(std::size_t number) { static_cast<void>(at(number)); }

    private:
        struct desk {
            desk(slot& shared, const origin& from, std::size_t index) : in(shared, 0), out(shared, 0) {
                in.begin(from, index);
                out.begin(from, index);
            }
            typename slot::producer in;
            typename slot::consumer out;
        };

        [[nodiscard]] desk& at(std::size_t number) {
            auto& found = known_[number];
            if (found == nullptr) {
                const origin from{where_.path, where_.permissions, where_.records, where_.composed, where_.bundle};
                found = std::make_unique<desk>(shared_->slots_[number], from, where_.first + number);
            }
            return *found;
        }

        static void clear(desk& old) {
            while (old.out.get() != slot::consumer::outcome::nothing) {
            }
            old.in.forget();
            old.out.forget();
        }

        rendezvous_queue* shared_;
        desks_at where_;
        std::array<std::unique_ptr<desk>, object_count> known_;
    };

    /// A message as the engine writes and reads it.
    class paper {
    public:
        [[nodiscard]] std::byte* get() const noexcept { return bytes_.get(); }

    private:
        struct release {
            void operator()(std::byte* bytes) const noexcept {
                ::operator delete (bytes, std::align_val_t{wire::alignment});
            }
        };
        std::unique_ptr<std::byte, release> bytes_{static_cast<std::byte*>(
            std::memset(::operator new (wire::capacity, std::align_val_t{wire::alignment}), 0, wire::capacity))};
    };

    static constexpr std::size_t desk_of_sender(std::size_t place) noexcept { return place; }
    static constexpr std::size_t desk_of_receiver(std::size_t place) noexcept { return Senders + place; }

    meeting meeting_;
    std::array<slot, object_count> slots_;
};

template <class Message, class Backing, std::size_t Senders, std::size_t Receivers>
class rendezvous_queue<Message, Backing, Senders, Receivers>::producer : public meeting::producer {
    using base = typename meeting::producer;

public:
    producer(rendezvous_queue& shared, std::size_t place)
        : base(shared.meeting_, place), desks_(shared), place_(place) {}

    void begin(desks_at where) {
        desks_.begin(std::move(where));
        desks_.open(desk_of_sender(place_));
    }

    /// How many bytes the next message has.
    void will_hold(std::size_t size) noexcept { size_ = size; }

    [[nodiscard]] std::byte* payload() noexcept { return paper_.get(); }
    [[nodiscard]] std::byte* payload_of(std::size_t) noexcept { return paper_.get(); }

    void offer() {
        desks_.put(desk_of_sender(place_), {paper_.get(), size_});
        PARLEY_CRASH_POINT("queue rendezvous: on the own desk, not offered");
        base::offer();
    }

    bool hand_over(std::size_t receiver) {
        try {
            desks_.put(desk_of_receiver(receiver), {paper_.get(), size_});
        } catch (...) {
            base::give_back(receiver);
            throw;
        }
        PARLEY_CRASH_POINT("queue rendezvous: on the receiver's desk, not handed over");
        return base::hand_over(receiver);
    }

    /// The receiver that died may have taken the message from the desk: it is put there again.
    template <class Alive>
    bool resolve(Alive receiver_alive) {
        if (!base::take_return(receiver_alive)) {
            return false;
        }
        PARLEY_CRASH_POINT("queue rendezvous: offer returned, not on the desk again");
        desks_.put(desk_of_sender(place_), {paper_.get(), size_});
        PARLEY_CRASH_POINT("queue rendezvous: on the desk again, not offered");
        return base::renew();
    }

private:
    desks desks_;
    paper paper_;
    std::size_t place_;
    std::size_t size_ = 0;
};

template <class Message, class Backing, std::size_t Senders, std::size_t Receivers>
class rendezvous_queue<Message, Backing, Senders, Receivers>::consumer : public meeting::consumer {
    using base = typename meeting::consumer;

public:
    consumer(rendezvous_queue& shared, std::size_t place)
        : base(shared.meeting_, place), desks_(shared), place_(place) {}

    void begin(desks_at where) {
        desks_.begin(std::move(where));
        desks_.open(desk_of_receiver(place_));
    }

    template <class PeerAlive, class FellowAlive>
    [[nodiscard]] bool occupy(PeerAlive sender_alive, FellowAlive) noexcept {
        return base::occupy_and_return(sender_alive);
    }

    /// Commits to a waiting sender's offer, and takes the message from its desk.
    template <class Alive>
    [[nodiscard]] bool try_take(Alive sender_alive, std::size_t& sender) {
        if (!base::try_take(sender_alive, sender)) {
            return false;
        }
        struct give_back {  // also when the desk's object cannot be opened
            consumer* to;
            std::size_t sender;
            ~give_back() {
                if (to != nullptr) {
                    to->base::give_back(sender);
                }
            }
        } guard{this, sender};
        if (!desks_.take(desk_of_sender(sender), paper_.get())) {
            return false;  // a stranger took it away
        }
        guard.to = nullptr;
        return true;
    }

    /// The message written into the reservation.
    [[nodiscard]] const std::byte* payload() {
        if (!desks_.take(desk_of_receiver(place_), paper_.get())) {
            base::done();
            throw_error(errc::corrupt, "a message was announced at a rendezvous and is not there");
        }
        return paper_.get();
    }

    [[nodiscard]] const std::byte* payload_of(std::size_t) noexcept { return paper_.get(); }

private:
    desks desks_;
    paper paper_;
    std::size_t place_;
};

}  // namespace parley::transport::queue
