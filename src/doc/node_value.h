// What a doc::Node holds, by kind. Used by doc/node.h only. Not a std::variant, which would make every Node eight bytes
// larger: its index is followed by padding, where Node keeps its other small members.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tutti::doc {

class Node;
struct Entry;

enum class Kind : std::uint8_t { null, boolean, integer, real, text, list, map };

class NodeValue {
  public:
    using List = std::vector<Node>;
    using Map = std::vector<Entry>;

    NodeValue() noexcept {}
    explicit NodeValue(bool value) noexcept : boolean_(value), kind_(Kind::boolean) {}
    explicit NodeValue(std::int64_t value) noexcept : integer_(value), kind_(Kind::integer) {}
    explicit NodeValue(double value) noexcept : real_(value), kind_(Kind::real) {}
    explicit NodeValue(std::string value) noexcept : text_(std::move(value)), kind_(Kind::text) {}
    explicit NodeValue(List value) noexcept;
    explicit NodeValue(Map value) noexcept;
    NodeValue(const NodeValue& other);
    NodeValue(NodeValue&& other) noexcept { take(other); }
    NodeValue& operator=(NodeValue other) noexcept {
        clear();
        take(other);
        return *this;
    }
    ~NodeValue() { clear(); }

    Kind kind() const { return kind_; }

    // A wrong kind is a programming error (std::bad_variant_access).
    bool boolean() const { return require(Kind::boolean), boolean_; }
    std::int64_t integer() const { return require(Kind::integer), integer_; }
    double real() const { return require(Kind::real), real_; }
    const std::string& text() const { return require(Kind::text), text_; }
    std::string& text() { return require(Kind::text), text_; }
    const List& list() const { return require(Kind::list), list_; }
    List& list() { return require(Kind::list), list_; }
    const Map& map() const { return require(Kind::map), map_; }
    Map& map() { return require(Kind::map), map_; }

  private:
    void require(Kind kind) const {
        if (kind_ != kind) throw std::bad_variant_access();
    }
    void take(NodeValue& other) noexcept;
    void clear() noexcept;

    union {
        bool boolean_;
        std::int64_t integer_ = 0;
        double real_;
        std::string text_;
        List list_;
        Map map_;
    };
    Kind kind_ = Kind::null;
};

}  // namespace tutti::doc
