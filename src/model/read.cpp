#include "model/read.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "model/table.h"

namespace tutti::model {

std::string At::path() const {
    if (parent_ == nullptr) return {};
    std::string path = parent_->path();
    if (key_.empty()) return base::cat(path, '[', index_, ']');
    return path.empty() ? std::string(key_) : base::cat(path, '.', key_);
}

doc::Diagnostic& At::error(const doc::Node& node, std::string_view message) const {
    return diagnostics_.error(node, base::cat(path(), ": ", message));
}

doc::Diagnostic& At::warning(const doc::Node& node, std::string_view message) const {
    return diagnostics_.warning(node, base::cat(path(), ": ", message));
}

void At::mismatch(const doc::Node& node, std::string_view wanted) const {
    error(node, base::cat("expected ", wanted, ", found ", node.is_scalar() ? to_go_text(node) : to_text(node.kind())));
}

namespace {

constexpr double int64_limit = 0x1p63;

std::optional<double> parse_double(std::string_view text) {
    if (text.starts_with('+')) text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <class Unsigned>
void read_unsigned(const doc::Node& node, Unsigned& out, const At& at) {
    if (node.is_int() && node.as_int() >= 0)
        out = static_cast<Unsigned>(node.as_int());
    else if (node.is_real() && node.as_real() >= 0 && node.as_real() < int64_limit)
        out = static_cast<Unsigned>(static_cast<std::uint64_t>(node.as_real()));
    else
        at.mismatch(node, "a whole number that is not negative");
}

}  // namespace

void read(const doc::Node& node, std::string& out, const At& at) {
    if (node.tag() == doc::Tag::timestamp)
        at.error(node, base::cat("expected a string, found the date ", node.as_text())).with_hint("quote it");
    else if (node.is_text())
        out = node.as_text();
    else if (node.is_int())
        out = std::to_string(node.as_int());
    else
        at.mismatch(node, "a string");
}

// Texts are cast as Compose casts them: the words of YAML 1.1 still work, with a warning.
void read(const doc::Node& node, bool& out, const At& at) {
    if (node.is_bool()) {
        out = node.as_bool();
        return;
    }
    const std::string word = node.is_text() ? base::to_lower(node.as_text()) : std::string();
    const bool old_yes = word == "y" || word == "yes" || word == "on",
               old_no = word == "n" || word == "no" || word == "off";
    out = word == "true" || old_yes;
    if (old_yes || old_no)
        at.warning(node, base::cat('"', node.as_text(), "\" for boolean is not supported by YAML 1.2, please use `",
                                   old_yes ? "true" : "false", '`'));
    else if (word != "true" && word != "false")
        at.mismatch(node, "true or false");
}

void read(const doc::Node& node, std::int64_t& out, const At& at) {
    if (node.is_int()) {
        out = node.as_int();
    } else if (node.is_real() && std::fabs(node.as_real()) < int64_limit) {
        out = static_cast<std::int64_t>(node.as_real());
        if (static_cast<double>(out) != node.as_real())
            at.warning(node, base::cat("a whole number is meant: ", to_go_text(node), " is cut to ", out));
    } else if (const auto number = node.is_text() ? base::to_int(node.as_text()) : std::nullopt) {
        out = *number;
    } else {
        at.mismatch(node, "a whole number");
    }
}

void read(const doc::Node& node, std::uint64_t& out, const At& at) { read_unsigned(node, out, at); }
void read(const doc::Node& node, std::uint32_t& out, const At& at) { read_unsigned(node, out, at); }
void read(const doc::Node& node, std::uint16_t& out, const At& at) { read_unsigned(node, out, at); }

void read(const doc::Node& node, float& out, const At& at) {
    if (node.is_number())
        out = static_cast<float>(node.as_real());
    else if (const auto number = node.is_text() ? parse_double(node.as_text()) : std::nullopt)
        out = static_cast<float>(*number);
    else
        at.mismatch(node, "a number");
}

// A float is no size for Compose: it leaves the field unset, without a word. We say so.
void read(const doc::Node& node, Bytes& out, const At& at) {
    if (node.is_int()) {
        out = Bytes{node.as_int()};
    } else if (node.is_text()) {
        if (const auto bytes = base::parse_bytes(node.as_text()))
            out = *bytes;
        else
            at.error(node, base::cat("invalid size: '", node.as_text(), "'"))
                .with_hint("a number with a unit, as in 512m or 1.5g");
    } else {
        at.warning(node, base::cat(to_go_text(node),
                                   " is ignored: a size is a whole number of bytes or a quoted number with a unit"))
            .with_hint("write a unit: \"1536m\"");
    }
}

void read(const doc::Node& node, Duration& out, const At& at) {
    const std::string text = to_go_text(node);
    if (const auto duration = base::parse_duration(text))
        out = *duration;
    else
        at.error(node, base::cat("invalid duration \"", text, "\""))
            .with_hint("numbers with units, as in 1m30s or 500ms");
}

void read(const doc::Node& node, FileMode& out, const At& at) {
    if (node.is_int()) {
        out.bits = node.as_int();
        return;
    }
    std::int64_t bits = 0;
    if (node.is_text()) {
        const std::string& text = node.as_text();
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 8);
        if (error == std::errc() && end == text.data() + text.size()) {
            out.bits = bits;
            return;
        }
    }
    at.mismatch(node, "an octal mode such as \"0440\"");
}

void read(const doc::Node& node, Ulimit& out, const At& at) {
    if (node.is_int()) {
        out.single = node.as_int();
        return;
    }
    if (!node.is_map()) return at.mismatch(node, "a whole number, or soft and hard");
    for (const doc::Entry& entry : node.entries()) {
        const bool soft = entry.key == "soft";
        if (!soft && entry.key != "hard") continue;
        if (!entry.value.is_int())
            At(at, entry.key).mismatch(entry.value, "a whole number");
        else
            (soft ? out.soft : out.hard) = entry.value.as_int();
    }
}

void read(const doc::Node& node, Texts& out, const At& at) {
    if (!node.is_list()) return at.mismatch(node, "a list");
    out.reserve(node.size());
    std::size_t index = 0;
    for (const doc::Node& item : node.items()) {
        std::string& text = out.emplace_back();
        if (!item.is_null()) read(item, text, At(at, index));
        ++index;
    }
}

void read(const doc::Node& node, std::vector<SshKey>& out, const At& at) {
    if (!node.is_map()) return at.mismatch(node, "keys of ssh");
    for (const doc::Entry& entry : node.entries())
        out.push_back({entry.key, entry.value.is_null() ? std::string() : to_go_text(entry.value)});
    std::sort(out.begin(), out.end(), [](const SshKey& a, const SshKey& b) { return a.id < b.id; });
}

void read_command(const doc::Node& node, Command& out, const At& at) {
    if (!node.is_text()) return read(node, out.emplace(), at);
    auto line = split_command(node.as_text());
    if (!line) {
        at.error(node, "invalid command line string")
            .with_hint(R"(a quote or parenthesis is left open; for a shell write ["sh", "-c", "…"])");
        return;
    }
    if (!line->dropped.empty())
        at.warning(node, base::cat("no shell runs this: '", line->dropped, "' is dropped"))
            .with_hint(R"(write ["sh", "-c", "…"])");
    out = std::move(line->words);
}

void read_test(const doc::Node& node, Texts& out, const At& at) {
    if (node.is_text())
        out = {"CMD-SHELL", node.as_text()};
    else
        read(node, out, at);
}

void read_text_or_list(const doc::Node& node, Texts& out, const At& at) {
    if (node.is_text()) {
        out = {node.as_text()};
        return;
    }
    if (!node.is_list()) return at.mismatch(node, "a string or a list of strings");
    std::size_t index = 0;
    for (const doc::Node& item : node.items()) {
        if (item.is_text())
            out.push_back(item.as_text());
        else
            At(at, index).mismatch(item, "a string");
        ++index;
    }
}

void read_numbers_as_text(const doc::Node& node, Texts& out, const At& at) {
    if (node.is_text()) {
        out = {node.as_text()};
        return;
    }
    if (!node.is_list()) return at.mismatch(node, "a list");
    for (const doc::Node& item : node.items()) out.push_back(to_go_text(item));
}

namespace {

// A scalar where text is meant, as Go prints it; 0644 or 1.10 without quotes come out as another text.
std::string scalar_text(const doc::Entry& entry, const At& at) {
    std::string text = to_go_text(entry.value);
    if (entry.value.tag() == doc::Tag::altered)
        At(at, entry.key)
            .warning(entry.value, base::cat("a number without quotes: its text becomes ", text))
            .with_hint("quote it to keep what is written");
    return text;
}

// Compose takes x-… for an extension even where keys are names, and then finds the name undefined or ill-typed.
void refuse_extension_names(const doc::Node& map, const At& at) {
    if (!map.is_map()) return;
    for (const doc::Entry& entry : map.entries())
        if (entry.key.starts_with("x-"))
            at.error(entry.value,
                     base::cat("'", entry.key, "' cannot be a name here: Compose takes x-… for an extension"))
                .with_hint("choose a name that does not start with 'x-'");
}

}  // namespace

void read_mapping(const doc::Node& node, Mapping& out, const At& at) {
    if (node.is_map()) return read_options(node, out, at);
    if (!node.is_list()) return at.mismatch(node, "a mapping or a list of KEY=VALUE");
    for (const doc::Node& item : node.items()) {
        const std::string text = to_go_text(item);
        const std::size_t equals = std::min(text.find('='), text.size());
        out[text.substr(0, equals)] = equals == text.size() ? std::string() : text.substr(equals + 1);
    }
}

void read_options(const doc::Node& node, Mapping& out, const At& at) {
    if (!node.is_map()) return at.mismatch(node, "a mapping");
    for (const doc::Entry& entry : node.entries())
        out[entry.key] = entry.value.is_null() ? std::string() : scalar_text(entry, at);
}

void read_strict_options(const doc::Node& node, Mapping& out, const At& at) {
    if (!node.is_map()) return at.mismatch(node, "a mapping");
    refuse_extension_names(node, at);
    for (const doc::Entry& entry : node.entries()) {
        std::string& value = out[entry.key];
        if (!entry.value.is_null()) read(entry.value, value, At(at, entry.key));
    }
}

void read_multi_options(const doc::Node& node, Named<Texts>& out, const At& at) {
    if (!node.is_map()) return at.mismatch(node, "a mapping");
    for (const doc::Entry& entry : node.entries()) {
        if (!entry.value.is_list())
            out[entry.key].push_back(to_go_text(entry.value));
        else
            for (const doc::Node& item : entry.value.items()) out[entry.key].push_back(to_go_text(item));
    }
}

void read_environment(const doc::Node& node, Environment& out, const At& at) {
    if (node.is_map()) {
        for (const doc::Entry& entry : node.entries()) {
            std::optional<std::string>& value = out[entry.key];
            value = entry.value.is_null() ? std::nullopt : std::optional(scalar_text(entry, at));
        }
        return;
    }
    if (!node.is_list()) return at.mismatch(node, "a mapping or a list of KEY=VALUE");
    for (const doc::Node& item : node.items()) {
        const std::string text = to_go_text(item);
        const std::size_t equals = text.find('=');
        std::string key = text.substr(0, equals);
        if (!key.empty() && std::isspace(static_cast<unsigned char>(key.back())) != 0)
            at.error(item, base::cat("environment variable ", key, " is declared with a trailing space"))
                .with_hint("no blank before the '='");
        out[std::move(key)] = equals == std::string::npos ? std::nullopt : std::optional(text.substr(equals + 1));
    }
}

namespace {

void add_host(const doc::Node& node, std::string name, Texts addresses, Hosts& out, const At& at) {
    if (name.empty() || name.find_first_of(":=") != std::string::npos) {
        at.error(node, base::cat("bad host name '", name, "'"));
        return;
    }
    Texts& known = out[std::move(name)];
    for (std::string& address : addresses) {
        if (address.size() > 2 && address.front() == '[' && address.back() == ']')
            address = address.substr(1, address.size() - 2);
        known.push_back(std::move(address));
    }
}

}  // namespace

void read_hosts(const doc::Node& node, Hosts& out, const At& at) {
    if (node.is_map()) {
        refuse_extension_names(node, at);
        for (const doc::Entry& entry : node.entries()) {
            Texts addresses;
            if (entry.value.is_list())
                for (const doc::Node& item : entry.value.items()) addresses.push_back(to_go_text(item));
            else if (entry.value.is_text() || entry.value.is_null())
                addresses.push_back(entry.value.is_null() ? std::string() : entry.value.as_text());
            else
                At(at, entry.key).mismatch(entry.value, "an address or a list of addresses");
            add_host(entry.value, entry.key, std::move(addresses), out, at);
        }
        return;
    }
    if (!node.is_list()) return at.mismatch(node, "a mapping or a list of HOST=ADDRESS");
    for (const doc::Node& item : node.items()) {
        const std::string text = to_go_text(item);
        std::size_t separator = text.find('=');
        if (separator == std::string::npos) separator = text.find(':');
        if (separator == std::string::npos) {
            at.error(item, base::cat("invalid additional host, missing IP: ", text)).with_hint("write HOST=ADDRESS");
            continue;
        }
        Texts addresses;
        for (std::string_view address : base::split(std::string_view(text).substr(separator + 1), ','))
            addresses.emplace_back(address);
        add_host(item, text.substr(0, separator), std::move(addresses), out, at);
    }
}

void read_attachments(const doc::Node& node, Named<std::optional<Attachment>>& out, const At& at) {
    refuse_extension_names(node, at);
    read(node, out, at);
}

void read_device_count(const doc::Node& node, std::int64_t& out, const At& at) {
    if (node.is_int()) {
        out = node.as_int();
        return;
    }
    if (!node.is_text()) return at.mismatch(node, "'all' or a number");
    if (base::to_lower(node.as_text()) == "all")
        out = -1;
    else if (const auto number = base::to_int(node.as_text()))
        out = *number;
    else
        at.error(node,
                 base::cat("invalid value \"", node.as_text(), "\", the only value allowed is 'all' or a number"));
}

Project read_project(const doc::Node& tree, doc::Diagnostics& diagnostics) {
    Project project;
    const At top(diagnostics);
    read(tree, project, top);
    for (auto& [name, service] : project.services) service.name = name;
    return project;
}

}  // namespace tutti::model
