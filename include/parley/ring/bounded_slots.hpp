#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include <parley/os/cpu.hpp>
#include <parley/ring/slot.hpp>
#include <parley/ring/slots_ahead.hpp>
#include <parley/ring/ticket.hpp>

namespace parley::ring {

/// Slots for a ring that holds at most `Capacity` messages: ticket t lives in slot t modulo `Capacity`, which may be
/// any number from 1 on (a constant, so the division is a multiplication).
template <std::size_t Capacity, std::size_t PayloadSize, std::size_t PayloadAlignment, template <class> class Atomic,
          bool NumberFirst = false>
class bounded_slots {
public:
    using slot = ring::slot<PayloadSize, PayloadAlignment, Atomic, NumberFirst>;

    bounded_slots() noexcept {
        for (std::uint64_t ticket = 0; ticket < Capacity; ++ticket) {
            slots_[ticket].sequence.store(slot_state::free_for(ticket), std::memory_order_relaxed);
        }
    }

    /// A process's view of the slots; nothing but a pointer here.
    class view {
    public:
        explicit view(bounded_slots& shared) noexcept : shared_(&shared) {}

        [[nodiscard]] slot* at(std::uint64_t ticket) const noexcept { return &shared_->slots_[ticket % Capacity]; }

        static constexpr bool looks_ahead = ring::looks_ahead<Capacity>;

        /// Fetches as many slots as a claim has, some after it (ring/slots_ahead.hpp). Most of the line in which a slot
        /// begins has come with the slot before.
        template <auto Fetch>
        void look_ahead(const claim& won) const noexcept {
            for (std::size_t index = 0; index < won.count; ++index) {
                const auto* slot = at(won.first + index + slots_ahead);
                fetch_slot<Fetch, PayloadSize - PayloadSize % os::cache_line>(slot->payload.data());
                Fetch(&slot->sequence);
            }
        }

        /// Makes sure that the slot of `ticket` exists.
        static constexpr void prepare(std::uint64_t) noexcept {}

        /// How many of the `wanted` tickets from `first` on one claim may cover.
        static constexpr std::size_t together(std::uint64_t, std::size_t wanted) noexcept {
            return wanted < Capacity ? wanted : Capacity;
        }

        /// What a slot says when the message of `ticket` has been taken out: free for the one that comes next.
        static constexpr std::uint64_t after(std::uint64_t ticket) noexcept {
            return slot_state::free_for(ticket + Capacity);
        }

        /// The ticket whose slot a sender of `ticket` waits for; `no_ticket` if none.
        static constexpr std::uint64_t predecessor(std::uint64_t ticket) noexcept {
            return ticket >= Capacity ? ticket - Capacity : no_ticket;
        }

    private:
        bounded_slots* shared_;
    };

private:
    alignas(os::cache_line) alignas(slot) std::array<slot, Capacity> slots_;
};

}  // namespace parley::ring
