#include "cli/single.h"

#include <regex.h>

#include <algorithm>

#include "base/text.h"
#include "base/time.h"
#include "cli/go_template.h"
#include "cli/target.h"
#include "cli/up.h"
#include "doc/json.h"
#include "engine/values.h"
#include "state/labels.h"
#include "verbs/words.h"

namespace tutti::cli {

using base::cat;
using doc::Node;

int for_each_name(std::span<const std::string> names, Session& session, bool echo,
                  const std::function<void(const std::string& name)>& work) {
    bool failed = false;
    for (const std::string& name : names) try {
            work(name);
            if (echo) session.out(name + "\n");
        } catch (const base::Error& error) {  // the other names are still to be served
            session.err(cat("Error: ", error.what(), "\n"));
            if (const std::string hint = hint_for(error, session); !hint.empty())
                session.err(cat("  hint: ", hint, "\n"));
            failed = true;
        }
    return failed ? 1 : 0;
}

std::string hint_for(const base::Error& error, Session& session) {
    constexpr std::string_view beginning = "No such container: ";
    const std::string message = error.message();
    if (!error.hint().empty() || error.kind() != base::ErrorKind::not_found || !message.starts_with(beginning))
        return error.hint();
    engine::ListOptions options;
    options.all = true;
    options.labels = {cat(state::label::service, "=", message.substr(beginning.size()))};
    try {
        for (const engine::ContainerSummary& one : session.engine().containers().list(options))
            return cat("the container of service ", message.substr(beginning.size()), " (project ",
                       one.labels.at(std::string(state::label::project)), ") is called ", one.name);
    } catch (const std::exception&) {}  // a hint is not worth a second failure
    return {};
}

std::vector<Filter> read_filters(const Arguments& arguments, std::span<const std::string_view> known) {
    std::vector<Filter> out;
    for (const std::string& text : arguments.texts("filter")) {
        const auto equals = text.find('=');
        if (equals == std::string::npos)
            refuse(cat("invalid argument \"", text, "\" for \"-f, --filter\" flag: invalid filter '", text,
                       "': expected KEY=VALUE"));
        const std::string key = base::to_lower(base::trim(std::string_view(text).substr(0, equals)));
        if (std::ranges::find(known, key) == known.end()) {
            std::vector<std::string> names(known.begin(), known.end());
            throw base::Error(base::ErrorKind::invalid, cat("invalid filter '", key, "'"),
                              cat("known here: ", base::join(names, ", ")));
        }
        out.push_back({key, text.substr(equals + 1)});
    }
    return out;
}

bool any_accepts(const std::vector<Filter>& filters, std::string_view key,
                 const std::function<bool(const std::string& value)>& accepts) {
    bool asked = false;
    for (const Filter& filter : filters) {
        if (filter.key != key) continue;
        asked = true;
        if (accepts(filter.value)) return true;
    }
    return !asked;
}

bool labels_accept(const std::vector<Filter>& filters, const std::map<std::string, std::string>& labels) {
    return std::ranges::all_of(filters, [&](const Filter& filter) {
        return filter.key != "label" || engine::matches(labels, {filter.value});
    });
}

bool matches_expression(const std::string& expression, const std::string& text) {
    regex_t compiled;
    if (::regcomp(&compiled, expression.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
        throw base::Error(base::ErrorKind::invalid, cat("invalid regular expression: ", expression));
    const bool found = ::regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
    ::regfree(&compiled);
    return found;
}

bool confirmed(const Arguments& arguments, Session& session, const std::string& warning) {
    if (arguments.on("force")) return true;
    session.err(cat("WARNING! ", warning, "\n"));
    session.out("Are you sure you want to continue? [y/N] ");
    return is_true(session.read_line ? session.read_line() : std::string());
}

int print_inspected(const Arguments& arguments, Session& session, std::span<const std::string> names,
                    const std::function<Node(const std::string& name)>& find) {
    const std::string format = arguments.text("format");
    Node all = Node::list();
    const int status = for_each_name(names, session, false, [&](const std::string& name) { all.push(find(name)); });
    if (format.empty()) {
        session.out(doc::write_json(all, {.pretty = true, .indent = 4, .escape_html = false}) + "\n");
    } else if (format == "json") {
        session.out(doc::write_json(all, {.escape_html = false}) + "\n");
    } else {
        const GoTemplate wanted(format);
        for (const Node& one : all.items()) session.out(wanted.run(one) + "\n");
    }
    return status;
}

std::string labels_text(const std::map<std::string, std::string>& labels) {
    std::vector<std::string> out;
    for (const auto& [key, value] : labels) out.push_back(cat(key, "=", value));
    return base::join(out, ",");
}

std::string go_time(std::chrono::system_clock::time_point time) {
    std::string text = base::to_rfc3339(time);
    text = text.substr(0, text.find('.'));
    return base::replace_all(text, "T", " ") + " +0000 UTC";
}

std::string ago(std::chrono::system_clock::time_point time) {
    if (time == std::chrono::system_clock::time_point{}) return "N/A";
    const auto age = std::chrono::system_clock::now() - time;
    return verbs::human_duration(std::chrono::duration_cast<std::chrono::seconds>(age)) + " ago";
}

std::pair<std::string, std::string> key_and_value(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return {text, {}};
    return {text.substr(0, equals), text.substr(equals + 1)};
}

std::map<std::string, std::string> keys_and_values(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> out;
    for (const std::string& text : texts) {
        auto [key, value] = key_and_value(text);
        out.insert_or_assign(std::move(key), std::move(value));
    }
    return out;
}

}  // namespace tutti::cli
