// expect: parley: a body travels in rounds over a link, and a mailbox or a port may have many senders, whose rounds would mix:
// expect: write direct, and parley::rounds{me.link(peer)}
#include <parley/parley.hpp>

using port = parley::channel<parley::bytes<4096>, parley::port, parley::map>;

void refused(parley::receiver<port>& in) { parley::rounds bodies{in}; }
