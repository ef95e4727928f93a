// Typed reading of a plan (plan.h) that lies in memory. The writer is our own program and the memory is sealed.
#pragma once

#include "embedded/shim/plan.h"

namespace tutti::embedded::shim::box {

class View {
  public:
    explicit View(const void* memory) : base_(static_cast<const char*>(memory)) {}

    const Plan& plan() const { return *reinterpret_cast<const Plan*>(base_); }
    const char* text(Text at) const { return at ? base_ + at : ""; }
    const void* bytes(std::uint32_t at) const { return base_ + at; }

    template <class T>
    struct Range {
        const T *first, *last;
        const T* begin() const { return first; }
        const T* end() const { return last; }
        std::uint32_t size() const { return static_cast<std::uint32_t>(last - first); }
        const T& operator[](std::uint32_t i) const { return first[i]; }
    };
    template <class T>
    Range<T> all(Array<T> array) const {
        const T* first = reinterpret_cast<const T*>(base_ + array.offset);
        return {first, first + array.count};
    }

  private:
    const char* base_;
};

}  // namespace tutti::embedded::shim::box
