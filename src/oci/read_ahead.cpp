#include "oci/read_ahead.h"

namespace tutti::oci {

ReadAhead::ReadAhead(base::Source& from, os::Cancel cancel, std::size_t pieces, std::size_t piece_size)
    : from_(from), cancel_(std::move(cancel)), pieces_(pieces), piece_size_(piece_size), thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
    cancel_.cancel();
    thread_.join();
}

// A stage hands its error to the reader; nothing may leave the thread.
void ReadAhead::run() {
    std::exception_ptr error;
    try {
        for (bool more = true; more;) {
            std::string piece;
            {
                std::unique_lock lock(mutex_);
                changed_.wait(lock, [&] { return stopped_ || full_.size() < pieces_; });
                if (stopped_) return;
                if (!empty_.empty()) {
                    piece = std::move(empty_.front());
                    empty_.pop_front();
                }
            }
            piece.resize(piece_size_);
            std::size_t filled = 0;
            while (more && filled < piece.size()) {
                const std::size_t n = from_.read(piece.data() + filled, piece.size() - filled);
                filled += n;
                more = n != 0;
            }
            piece.resize(filled);
            if (filled == 0) break;
            {
                const std::lock_guard lock(mutex_);
                full_.push_back(std::move(piece));
            }
            changed_.notify_all();
        }
    } catch (...) { error = std::current_exception(); }
    {
        const std::lock_guard lock(mutex_);
        error_ = error;
        ended_ = true;
    }
    changed_.notify_all();
}

std::size_t ReadAhead::read(char* into, std::size_t size) {
    if (at_ == current_.size()) {
        std::unique_lock lock(mutex_);
        if (!current_.empty()) empty_.push_back(std::move(current_));
        current_.clear();
        at_ = 0;
        changed_.notify_all();
        changed_.wait(lock, [&] { return ended_ || !full_.empty(); });
        if (full_.empty()) {
            if (error_) std::rethrow_exception(error_);
            return 0;
        }
        current_ = std::move(full_.front());
        full_.pop_front();
        lock.unlock();
        changed_.notify_all();
    }
    const std::size_t n = current_.copy(into, size, at_);
    at_ += n;
    return n;
}

}  // namespace tutti::oci
