#include "cli/stdio.h"

namespace tutti::cli {

JoinedStdio::JoinedStdio(Session& session) : session_(session) {
    stdio_.out = session.out;
    stdio_.err = session.err;
    stdio_.in_is_terminal = session.in_is_terminal;
    stdio_.out_is_terminal = session.out_is_terminal;
    if (!session.on_signal) return;
    stdio_.signals = &signals_;
    session.on_signal([this](int signal) { signals_.push(signal); });
}

JoinedStdio::~JoinedStdio() {
    if (session_.on_signal) session_.on_signal({});
}

}  // namespace tutti::cli
