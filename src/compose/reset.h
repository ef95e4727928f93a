// `!reset` and `!override`: what a document takes away from the files before it.
// Used by load for each document, for what it includes and what it extends. Tags inside aliases are already in the
// tree.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "doc/node.h"

namespace tutti::compose {

class Removals {
  public:
    // Collects the tagged places of a document; what is tagged !reset leaves it.
    static Removals take_from(doc::Node& document);

    void apply(doc::Node& model) const;                                                   // a whole document
    void apply(doc::Node& entry, std::string_view section, std::string_view name) const;  // inside services.web, say
    bool empty() const { return below_.empty(); }

  private:
    void collect(doc::Node& value, bool in_list);
    void apply_below(doc::Node& value) const;

    bool here_ = false;  // this place is taken away
    std::map<std::string, Removals, std::less<>> below_;
};

}  // namespace tutti::compose
