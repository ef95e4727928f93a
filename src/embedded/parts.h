// What the faces of the engine share: its rooms, opened when first needed, so that `ps` pays only for records.
// Used by the face files of this folder. Owns everything; knows no face.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "embedded/engine.h"
#include "embedded/images/images.h"
#include "embedded/network/network.h"
#include "embedded/pending_attach.h"
#include "embedded/records/container.h"
#include "embedded/records/event_log.h"
#include "embedded/records/names.h"
#include "embedded/records/view.h"
#include "embedded/runtime/oci_config.h"
#include "embedded/runtime/runtime.h"
#include "embedded/store/store.h"
#include "embedded/store/volumes.h"
#include "os/scope.h"

namespace tutti::embedded {

// Made at the first use, by whichever thread comes first.
template <class T>
class Lazy {
  public:
    template <class Make>
    T& get(Make&& make) {  // one that throws is tried again by the next
        if (T* there = ready_.load(std::memory_order_acquire)) return *there;
        const std::lock_guard lock(mutex_);
        if (!value_) value_ = make();
        ready_.store(value_.get(), std::memory_order_release);
        return *value_;
    }

  private:
    // Not std::call_once: an exception that passes through it ends a program with a static unwinder.
    std::mutex mutex_;
    std::unique_ptr<T> value_;
    std::atomic<T*> ready_ = nullptr;
};

class Parts {
  public:
    explicit Parts(EnginePaths paths);

    const EnginePaths& paths() const { return paths_; }
    const records::Names& names() const { return names_; }
    const records::EventLog& events() const { return events_; }
    store::Store& store();
    store::Volumes& volumes();
    images::Images& images();
    network::Networks& networks();
    runtime::Runtime& runtime();  // the native one
    runtime::Runtime& runtime(
        const std::string& name);  // as a container's spec names it; empty: native; else a program's name or path
    const runtime::Machine& machine();
    const std::string& boot_id();
    records::Folder folder(const std::string& id) const;
    records::Folder resolve(const std::string& name) const;  // by name, id or prefix; throws Error not_found

    PendingAttaches& pending() { return pending_; }
    bool is_first_change() { return !changed_.exchange(true); }  // true once

  private:
    EnginePaths paths_;
    records::Names names_;
    records::EventLog events_;
    Lazy<store::Store> store_;
    Lazy<store::Volumes> volumes_;
    Lazy<images::Images> images_;
    Lazy<network::Networks> networks_;
    Lazy<runtime::Runtime> native_;
    os::Locked<std::map<std::string, std::unique_ptr<runtime::Runtime>>> external_;  // by name
    Lazy<runtime::Machine> machine_;
    Lazy<std::string> boot_id_;
    PendingAttaches pending_{events_};
    std::atomic<bool> changed_ = false;
};

}  // namespace tutti::embedded
