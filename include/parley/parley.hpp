#pragma once

/// Everything. A program that wants less includes `parley/channel.hpp` and
/// the words that it uses.

// First, so that the compiler says little before it says the sentence of a broken rule.
#include <parley/compose/rules.hpp>

#include <parley/addressing/direct.hpp>
#include <parley/addressing/mailbox.hpp>
#include <parley/addressing/port.hpp>
#include <parley/buffering/bounded.hpp>
#include <parley/buffering/bounded_by_kernel.hpp>
#include <parley/buffering/unbounded.hpp>
#include <parley/buffering/zero.hpp>
#include <parley/channel.hpp>
#include <parley/channel/rounds.hpp>
#include <parley/framing/framed.hpp>
#include <parley/framing/raw.hpp>
#include <parley/lifetime/filesystem.hpp>
#include <parley/lifetime/kernel.hpp>
#include <parley/lifetime/owner.hpp>
#include <parley/message/bytes.hpp>
#include <parley/message/codec.hpp>
#include <parley/payload/adaptive.hpp>
#include <parley/payload/copy.hpp>
#include <parley/payload/map.hpp>
#include <parley/synchronization/blocking.hpp>
#include <parley/synchronization/nonblocking.hpp>
#include <parley/synchronization/sync.hpp>
#include <parley/transport/anonymous_shm.hpp>
#include <parley/transport/fifo.hpp>
#include <parley/transport/mapped_file.hpp>
#include <parley/transport/mqueue.hpp>
#include <parley/transport/pipe.hpp>
#include <parley/transport/rt_signal.hpp>
#include <parley/transport/shm.hpp>
#include <parley/transport/sysv_mqueue.hpp>
#include <parley/transport/sysv_shm.hpp>
#include <parley/transport/tcp.hpp>
#include <parley/transport/udp.hpp>
#include <parley/transport/unix_datagram.hpp>
#include <parley/transport/unix_seqpacket.hpp>
#include <parley/transport/unix_stream.hpp>
#include <parley/wait/condvar.hpp>
#include <parley/wait/futex.hpp>
#include <parley/wait/spin.hpp>
