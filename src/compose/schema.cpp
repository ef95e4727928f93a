#include "compose/schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "base/text.h"
#include "compose/place.h"
#include "compose/schema_rules.h"

namespace tutti::compose {

namespace {

bool is_whole(const doc::Node& node) {
    return node.is_int() || (node.is_real() && std::trunc(node.as_real()) == node.as_real());
}

Types types_of(const doc::Node& node) {
    switch (node.kind()) {
        case doc::Kind::null: return null_type;
        case doc::Kind::boolean: return boolean;
        case doc::Kind::integer: return integer | number;
        case doc::Kind::real: return is_whole(node) ? integer | number : number;
        case doc::Kind::text: return string;
        case doc::Kind::list: return array;
        case doc::Kind::map: return mapping;
    }
    return 0;
}

// "boolean, null or string", as Compose words it.
std::string describe(Types types) {
    constexpr std::array<std::pair<Types, std::string_view>, 7> names = {{{array, "array"},
                                                                          {boolean, "boolean"},
                                                                          {integer, "integer"},
                                                                          {mapping, "mapping"},
                                                                          {null_type, "null"},
                                                                          {number, "number"},
                                                                          {string, "string"}}};
    std::vector<std::string> wanted;
    for (const auto& [type, name] : names)
        if ((types & type) != 0) wanted.emplace_back(name);
    if (wanted.size() < 2) return base::join(wanted, "");
    const std::string last = std::move(wanted.back());
    wanted.pop_back();
    return base::cat(base::join(wanted, ", "), " or ", last);
}

std::string list_of(std::span<const std::string_view> words) {
    std::string out;
    for (const std::string_view word : words) out += base::cat(out.empty() ? "'" : ", '", word, "'");
    return out;
}

// A hash under which equal nodes fall together; the order of a mapping's keys does not count.
std::size_t hash_of(const doc::Node& node) {
    const auto mix = [](std::size_t a, std::size_t b) { return (a ^ b) * 0x9e3779b97f4a7c15ULL + (a >> 29); };
    switch (node.kind()) {
        case doc::Kind::text: return std::hash<std::string>()(node.as_text());
        case doc::Kind::integer:
        case doc::Kind::real: return std::hash<double>()(node.as_real());
        case doc::Kind::boolean: return node.as_bool() ? 2 : 1;
        case doc::Kind::null: return 3;
        case doc::Kind::list: {
            std::size_t hash = 4;
            for (const doc::Node& item : node.items()) hash = mix(hash, hash_of(item));
            return hash;
        }
        case doc::Kind::map: {
            std::size_t hash = 5;
            for (const doc::Entry& entry : node.entries())
                hash += mix(std::hash<std::string>()(entry.key), hash_of(entry.value));
            return hash;
        }
    }
    return 0;
}

class Checker {
  public:
    Checker(doc::Diagnostics& diagnostics, Extent extent) : diagnostics_(diagnostics), extent_(extent) {}

    void check(const doc::Node& node, const Rule& rule, const Place& place) {
        if (extent_ == Extent::part && (node.is_null() || (node.is_text() && node.as_text().find('$') != npos))) return;
        if ((types_of(node) & rule.types) == 0) {
            diagnostics_.error(node, base::cat(place.to_text(), " must be a ", describe(rule.types)));
            return;
        }
        if (node.is_text()) return check_text(node, rule, place);
        if (node.is_number()) return check_number(node, rule, place);
        if (node.is_list()) return check_list(node, rule, place);
        if (node.is_map()) check_map(node, rule, place);
    }

  private:
    void check_text(const doc::Node& node, const Rule& rule, const Place& place) {
        const std::string& text = node.as_text();
        if (!rule.one_of.empty() && std::find(rule.one_of.begin(), rule.one_of.end(), text) == rule.one_of.end()) {
            doc::Diagnostic& found =
                diagnostics_.error(node, base::cat(place.to_text(), " value must be ",
                                                   rule.one_of.size() > 1 ? "one of " : "", list_of(rule.one_of)));
            if (const auto meant = base::did_you_mean(text, rule.one_of))
                found.with_hint(base::cat("did you mean '", *meant, "'?"));
        }
        if (rule.pattern != nullptr && !rule.pattern(text))
            diagnostics_.error(
                node, base::cat(place.to_text(), " '", text, "' does not match pattern '", rule.pattern_text, "'"));
    }

    void check_number(const doc::Node& node, const Rule& rule, const Place& place) {
        const double value = node.as_real();
        if (rule.minimum != INT64_MIN && value < static_cast<double>(rule.minimum))
            diagnostics_.error(node, base::cat(place.to_text(), " must be greater than or equal to ", rule.minimum));
        else if (rule.maximum != INT64_MAX && value > static_cast<double>(rule.maximum))
            diagnostics_.error(node, base::cat(place.to_text(), " must be less than or equal to ", rule.maximum));
    }

    void check_list(const doc::Node& node, const Rule& rule, const Place& place) {
        if (rule.items != nullptr) {
            std::size_t index = 0;
            for (const doc::Node& item : node.items()) check(item, *rule.items, Place(place, index++));
        }
        if (rule.unique && node.size() > 1) check_unique(node, place);
    }

    void check_unique(const doc::Node& node, const Place& place) {
        const doc::Node::List& items = node.items();
        std::vector<std::pair<std::size_t, std::size_t>> hashes;
        hashes.reserve(items.size());
        for (std::size_t i = 0; i < items.size(); ++i) hashes.emplace_back(hash_of(items[i]), i);
        std::sort(hashes.begin(), hashes.end());
        for (std::size_t i = 1; i < hashes.size(); ++i) {
            const auto& [hash, second] = hashes[i];
            const std::size_t first = hashes[i - 1].second;
            if (hashes[i - 1].first != hash || !(items[first] == items[second])) continue;
            diagnostics_
                .error(items[second], base::cat(place.to_text(), " items at ", first, " and ", second, " are equal"))
                .with_note(items[first].mark(), "the same is written here");
        }
    }

    void check_map(const doc::Node& node, const Rule& rule, const Place& place) {
        for (const doc::Entry& entry : node.entries()) {
            if (const Rule* known = find(rule.keys, entry.key))
                check(entry.value, *known, Place(place, entry.key));
            else if (is_named(rule.names, entry.key)) {
                if (rule.named != nullptr) check(entry.value, *rule.named, Place(place, entry.key));
            } else if (!rule.open)
                report_key(entry, rule, place);
        }
        if (extent_ == Extent::part) return;
        for (const std::string_view key : rule.required)
            if (node.find(key) == nullptr)
                diagnostics_.error(node, base::cat(place.to_text(), " missing property '", key, "'"));
    }

    static const Rule* find(std::span<const Key> keys, std::string_view name) {
        const auto found = std::lower_bound(keys.begin(), keys.end(), name,
                                            [](const Key& key, std::string_view wanted) { return key.name < wanted; });
        return found != keys.end() && found->name == name ? found->rule : nullptr;
    }

    static bool is_named(Names names, std::string_view key) {
        const auto all = [key](auto fits) { return !key.empty() && std::all_of(key.begin(), key.end(), fits); };
        switch (names) {
            case Names::none: return false;
            case Names::extension: return key.starts_with("x-");
            case Names::filled: return key.find_first_not_of('\n') != std::string_view::npos;
            case Names::lower: return all([](char c) { return c >= 'a' && c <= 'z'; });
            case Names::resource:
                return all([](char c) {
                    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                           c == '_' || c == '-';
                });
        }
        return false;
    }

    void report_key(const doc::Entry& entry, const Rule& rule, const Place& place) {
        doc::Diagnostic& found = diagnostics_.error(
            entry.key_mark, base::cat(place.to_text(), " additional properties '", entry.key, "' not allowed"));
        found.with_width(std::max<std::size_t>(entry.key.size(), 1));
        if (rule.names == Names::resource) {
            found.with_hint("names are made of letters, digits, '.', '_' and '-'");
            return;
        }
        std::vector<std::string_view> known;
        for (const Key& key : rule.keys) known.push_back(key.name);
        if (const auto meant = base::did_you_mean(entry.key, known))
            found.with_hint(base::cat("did you mean '", *meant, "'?"));
        else if (rule.names == Names::extension)
            found.with_hint("keys of your own start with 'x-'");
    }

    static constexpr std::size_t npos = std::string::npos;

    doc::Diagnostics& diagnostics_;
    Extent extent_;
};

}  // namespace

bool check_schema(const doc::Node& model, doc::Diagnostics& diagnostics, Extent extent) {
    const std::size_t before = diagnostics.errors();
    Checker(diagnostics, extent).check(model, model_rule, Place());
    return diagnostics.errors() == before;
}

}  // namespace tutti::compose
