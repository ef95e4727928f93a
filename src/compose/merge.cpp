#include "compose/merge.h"

#include <algorithm>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "compose/path_table.h"
#include "doc/go_text.h"

namespace tutti::compose {

using base::cat;
using doc::Entry;
using doc::Node;

namespace {

enum class Rule : unsigned char { replace, append_as_list, append_new, build, dependencies, names, logging, pools };
using Place = PathTable<Rule>::Place;

const PathTable<Rule>& rules() {
    using enum Rule;
    static const PathTable<Rule> table{
        {"networks.*.ipam.config", pools},
        {"networks.*.labels", append_as_list},
        {"volumes.*.labels", append_as_list},
        {"services.*.annotations", append_as_list},
        {"services.*.build", build},
        {"services.*.build.args", append_as_list},
        {"services.*.build.additional_contexts", append_as_list},
        {"services.*.build.extra_hosts", append_new},
        {"services.*.build.labels", append_as_list},
        {"services.*.command", replace},
        {"services.*.depends_on", dependencies},
        {"services.*.deploy.labels", append_as_list},
        {"services.*.dns", append_as_list},
        {"services.*.dns_opt", append_as_list},
        {"services.*.dns_search", append_as_list},
        {"services.*.entrypoint", replace},
        {"services.*.env_file", append_as_list},
        {"services.*.label_file", append_as_list},
        {"services.*.environment", append_as_list},
        {"services.*.extra_hosts", append_new},
        {"services.*.healthcheck.test", replace},
        {"services.*.labels", append_as_list},
        {"services.*.logging", logging},
        {"services.*.models", names},
        {"services.*.networks", names},
        {"services.*.sysctls", append_as_list},
        {"services.*.tmpfs", append_as_list},
        {"services.*.ulimits.*", replace},
    };
    return table;
}

class Merger {
  public:
    explicit Merger(doc::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

    void merge_value(Node& base, Node& over, Place place, const Where& where) {
        if (const Rule* rule = place.rule()) return apply(*rule, base, over, place, where);
        if (over.is_null()) return;
        if (base.is_map() ? !over.is_map() : base.is_list() && !over.is_list()) return refuse(base, over, where);
        if (base.is_map()) return merge_maps(base, over, place, where);
        if (base.is_list()) return append(base, over);
        replace(base, over);
    }

    void merge_maps(Node& base, Node& over, Place place, const Where& where) {
        auto& entries = base.entries();
        auto& others = over.entries();
        // An index pays off for many keys only; views of keys stay valid because nothing is moved after the
        // reservation.
        constexpr std::size_t many = 16;
        std::unordered_map<std::string_view, std::size_t> index;
        if (entries.size() > many && others.size() > 1) {
            entries.reserve(entries.size() + others.size());
            for (std::size_t i = 0; i < entries.size(); ++i) index.emplace(entries[i].key, i);
        }
        const auto find = [&](std::string_view key) -> Node* {
            if (index.empty()) return base.find(key);
            const auto found = index.find(key);
            return found == index.end() ? nullptr : &entries[found->second].value;
        };
        for (Entry& other : others) {
            Node* there = find(other.key);
            if (there) {
                merge_value(*there, other.value, place.down(other.key), where.down(other.key));
            } else {
                entries.push_back(std::move(other));
            }
        }
    }

    bool failed() const { return failed_; }

  private:
    void apply(Rule rule, Node& base, Node& over, Place place, const Where& where) {
        switch (rule) {
            case Rule::replace: return replace(base, over);
            case Rule::append_as_list: return append_as_list(base, over, where);
            case Rule::append_new: return append_new(base, over, where);
            case Rule::build: return merge_build(base, over, place, where);
            case Rule::dependencies: return merge_dependencies(base, over, place, where);
            case Rule::names: return merge_as_maps(base, over, Node(), place, where);
            case Rule::logging: return merge_logging(base, over, place, where);
            case Rule::pools: return merge_pools(base, over, where);
        }
    }

    void refuse(const Node& base, const Node& over, const Where& where) {
        failed_ = true;
        diagnostics_.error(over, cat("cannot override ", where.to_text()))
            .with_hint(over.is_null()
                           ? std::string("leave the line out to keep the earlier value; `!reset null` takes it away")
                           : cat("the value below it is a ", to_text(base.kind()), ", this is a ", to_text(over.kind()),
                                 "; `!override` replaces it whole"))
            .with_note(base.mark(), "the value to be overridden");
    }

    // Compose drops such a value without a word.
    void warn_ignored(const Node& over, const Where& where) {
        if (over.is_null()) return;
        diagnostics_.warning(over,
                             cat(where.to_text(), " is ignored: a ", to_text(over.kind()), " cannot be merged here"));
    }

    static void append(Node& base, Node& over) {
        auto& items = base.items();
        for (Node& item : over.items()) items.push_back(std::move(item));
    }

    static void replace(Node& base, Node& over) {
        note_override(over, base);
        base = std::move(over);
    }

    // Anything that may be a list or a mapping of texts, as a list of "key=value".
    Node as_list(Node& value, const Where& where) {
        if (value.is_list()) return std::move(value);
        Node list = Node::list();
        list.set_mark(value.mark());
        if (value.is_text()) {
            list.push(std::move(value));
        } else if (value.is_map()) {
            for (Entry& entry : value.entries()) {
                const auto add = [&](const Node& of, std::string text) {
                    Node item(std::move(text));
                    item.set_mark(of.mark() ? of.mark() : entry.key_mark);
                    item.set_origin(of.origin());
                    list.push(std::move(item));
                };
                if (entry.value.is_null()) {
                    add(entry.value, entry.key);
                } else if (entry.value.is_list()) {
                    for (const Node& item : entry.value.items()) add(item, cat(entry.key, '=', doc::go_text(item)));
                } else {
                    add(entry.value, cat(entry.key, '=', doc::go_text(entry.value)));
                }
            }
            std::ranges::stable_sort(list.items(), {},
                                     [](const Node& item) -> const std::string& { return item.as_text(); });
        } else {
            warn_ignored(value, where);
        }
        return list;
    }

    void append_as_list(Node& base, Node& over, const Where& where) {
        Node more = as_list(over, where);
        base = as_list(base, where);
        append(base, more);
    }

    void append_new(Node& base, Node& over, const Where& where) {
        Node more = as_list(over, where);
        base = as_list(base, where);
        std::unordered_set<std::string> there;
        for (const Node& item : base.items()) there.insert(doc::go_text(item));
        std::erase_if(more.items(), [&](const Node& item) { return there.contains(doc::go_text(item)); });
        append(base, more);
    }

    // A list of names as a mapping from each to `value`; anything else but a mapping is no mapping.
    bool as_map(Node& value, const Node& each, const Where& where) {
        if (value.is_map()) return true;
        if (!value.is_list()) return false;
        Node map = Node::map();
        map.set_mark(value.mark());
        for (Node& item : value.items()) {
            if (!item.is_text()) {
                failed_ = true;
                diagnostics_.error(item, cat(where.to_text(), " must be a list of names or a mapping"));
                return false;
            }
            Node copy = each;
            copy.set_mark(item.mark()).set_origin(item.origin());
            map.set(item.as_text(), std::move(copy));
            map.entries().back().key_mark = item.mark();
        }
        value = std::move(map);
        return true;
    }

    void merge_as_maps(Node& base, Node& over, const Node& each, Place place, const Where& where) {
        const bool over_is_map = as_map(over, each, where);
        if (failed_) return;
        if (!as_map(base, each, where)) {
            if (over_is_map && over.size() > 0) return refuse(base, over, where);
            return;
        }
        if (!over_is_map) return warn_ignored(over, where);
        merge_maps(base, over, place, where);
    }

    void merge_dependencies(Node& base, Node& over, Place place, const Where& where) {
        Node each = Node::map();
        each.set("condition", Node("service_started"));
        each.set("required", Node(true));
        merge_as_maps(base, over, each, place, where);
    }

    static void as_build(Node& value) {
        if (!value.is_text()) return;
        Node build = Node::map();
        const doc::Mark mark = value.mark();
        build.set_mark(mark).set("context", std::move(value));
        build.entries().back().key_mark = mark;
        value = std::move(build);
    }

    void merge_build(Node& base, Node& over, Place place, const Where& where) {
        as_build(base);
        as_build(over);
        if (!over.is_map()) return warn_ignored(over, where);
        if (!base.is_map()) return refuse(base, over, where);
        merge_maps(base, over, place, where);
    }

    // Options belong to a driver: they are merged only if it stays the same.
    void merge_logging(Node& base, Node& over, Place place, const Where& where) {
        if (!base.is_map() || !over.is_map()) return refuse(base, over, where);
        const Node* driver = base.find("driver");
        const Node* other = over.find("driver");
        if (!driver || !other || *driver == *other) return merge_maps(base, over, place, where);
        replace(base, over);
    }

    // Address pools are told apart by subnet. Compose's own nested loops, so that the order is its own, too.
    void merge_pools(Node& base, Node& over, const Where& where) {
        if (!base.is_list() || !over.is_list()) return refuse(base, over, where);
        for (const Node* list : {&base, &over})
            for (const Node& item : list->items())
                if (!item.is_map()) return refuse(base, item, where);
        const auto subnet = [](const Node& pool) {
            const Node* text = pool.find("subnet");
            return text ? *text : Node();
        };
        std::vector<std::shared_ptr<Node>> pools;
        const auto same = [&](const Node& wanted) {
            return std::ranges::find_if(pools, [&](const auto& pool) { return subnet(*pool) == wanted; });
        };
        for (Node& item : base.items()) {
            const auto pool = std::make_shared<Node>(std::move(item));
            for (const Node& other : over.items()) {
                if (subnet(other) != subnet(*pool) && same(subnet(other)) == pools.end()) {
                    pools.push_back(std::make_shared<Node>(other));
                    continue;
                }
                Node copy = other;
                merge_maps(*pool, copy, Place(), where);
                if (const auto there = same(subnet(*pool)); there != pools.end()) {
                    *there = pool;
                } else {
                    pools.push_back(pool);
                }
            }
        }
        base.items().clear();
        for (const auto& pool : pools) base.push(*pool);
    }

    doc::Diagnostics& diagnostics_;
    bool failed_ = false;
};

}  // namespace

void note_override(Node& by, const Node& replaced) {
    if (!replaced.mark() || replaced.mark() == by.mark()) return;
    std::string text = replaced.is_scalar() ? doc::go_text(replaced) : std::string();
    // What made this value comes first, then the story of the one below it.
    std::vector<const doc::Origin*> own;
    for (const doc::Origin* at = by.origin().get(); at; at = at->before.get()) own.push_back(at);
    doc::OriginRef chain({doc::Origin::How::overrode, replaced.mark(), std::move(text), replaced.origin()});
    for (auto at = own.rbegin(); at != own.rend(); ++at)
        chain = doc::OriginRef({(*at)->how, (*at)->mark, (*at)->text, std::move(chain)});
    by.set_origin(std::move(chain));
}

bool merge(Node& base, Node over, doc::Diagnostics& diagnostics) {
    Merger merger(diagnostics);
    merger.merge_value(base, over, rules().root(), Where{});
    return !merger.failed();
}

bool merge_entry(Node& base, Node over, std::string_view section, std::string_view name,
                 doc::Diagnostics& diagnostics) {
    Merger merger(diagnostics);
    const Where root;
    const Where top = root.down(section);
    merger.merge_value(base, over, rules().root().down(section).down(name), top.down(name));
    return !merger.failed();
}

}  // namespace tutti::compose
