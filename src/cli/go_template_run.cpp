#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.h"
#include "base/text.h"
#include "cli/go_template_parts.h"
#include "doc/json.h"
#include "model/read.h"

namespace tutti::cli {
namespace {

using base::cat;
using doc::Node;
using Part = GoTemplate::Part;
using Arguments = std::vector<Node>;

[[noreturn]] void fail(std::string_view why) {
    throw base::Error(base::ErrorKind::invalid, cat("template: :1: ", why));
}

bool is_true(const Node& value) {
    switch (value.kind()) {
        case doc::Kind::null: return false;
        case doc::Kind::boolean: return value.as_bool();
        case doc::Kind::integer: return value.as_int() != 0;
        case doc::Kind::real: return value.as_real() != 0;
        case doc::Kind::text: return !value.as_text().empty();
        case doc::Kind::list:
        case doc::Kind::map: return value.size() != 0;
    }
    return false;
}

// As fmt.Print shows a value.
std::string show(const Node& value) {
    if (value.is_list()) {
        std::vector<std::string> items;
        for (const Node& item : value.items()) items.push_back(show(item));
        return cat("[", base::join(items, " "), "]");
    }
    if (value.is_map()) {
        std::vector<std::string> entries;
        for (const doc::Entry& entry : value.entries()) entries.push_back(cat(entry.key, ":", show(entry.value)));
        return cat("map[", base::join(entries, " "), "]");
    }
    if (value.is_null()) return "<no value>";
    return value.is_text() ? value.as_text() : model::to_go_text(value);
}

std::string text_at(const Arguments& arguments, std::size_t index, std::string_view function) {
    if (index >= arguments.size()) fail(cat("wrong number of args for ", function));
    return show(arguments[index]);
}
std::int64_t number_at(const Arguments& arguments, std::size_t index, std::string_view function) {
    if (index >= arguments.size() || !arguments[index].is_int()) fail(cat("wrong type of argument for ", function));
    return arguments[index].as_int();
}

std::string titled(std::string text) {
    bool start = true;
    for (char& c : text) {
        if (start) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        start = c == ' ';
    }
    return text;
}

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

// %s %v %d %q with a width, left or right: what formats of lists use.
std::string formatted(const Arguments& arguments) {
    const std::string format = text_at(arguments, 0, "printf");
    std::string out;
    std::size_t next = 1;
    for (std::size_t i = 0; i < format.size(); ++i) {
        if (format[i] != '%') {
            out.push_back(format[i]);
            continue;
        }
        if (++i == format.size()) break;
        if (format[i] == '%') {
            out.push_back('%');
            continue;
        }
        const bool left = format[i] == '-';
        if (left) ++i;
        std::size_t width = 0;
        while (i < format.size() && std::isdigit(static_cast<unsigned char>(format[i])))
            width = width * 10 + static_cast<std::size_t>(format[i++] - '0');
        if (i == format.size()) break;
        std::string value = next < arguments.size() ? show(arguments[next++]) : std::string("%!(MISSING)");
        if (format[i] == 'q') value = doc::write_json(Node(value), {.escape_html = false});
        const std::string blanks(value.size() < width ? width - value.size() : 0, ' ');
        out += left ? value + blanks : blanks + value;
    }
    return out;
}

int compare(const Node& a, const Node& b) {
    if (a.is_number() && b.is_number()) return a.as_real() < b.as_real() ? -1 : a.as_real() > b.as_real();
    return show(a).compare(show(b));
}

Node element(const Arguments& arguments) {
    if (arguments.empty()) fail("wrong number of args for index");
    Node value = arguments[0];
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        if (value.is_map()) {
            const Node* found = value.find(show(arguments[i]));
            value = found ? Node(*found) : Node();
        } else if (value.is_list() && arguments[i].is_int() && arguments[i].as_int() >= 0 &&
                   static_cast<std::size_t>(arguments[i].as_int()) < value.size()) {
            value = Node(value.items()[static_cast<std::size_t>(arguments[i].as_int())]);
        } else {
            fail(cat("error calling index: index out of range: ", show(arguments[i])));
        }
    }
    return value;
}

using Function = Node (*)(const Arguments&);
struct Named {
    std::string_view name;
    Function call;
};

constexpr std::array functions = {
    Named{"json", [](const Arguments& a) { return Node(doc::write_json(a.at(0), {.escape_html = false})); }},
    Named{"split",
          [](const Arguments& a) {
              const std::string text = text_at(a, 0, "split"), separator = text_at(a, 1, "split");
              Node parts = Node::list();
              if (separator.size() == 1)
                  for (const std::string_view part : base::split(text, separator[0])) parts.push(Node(part));
              else
                  parts.push(Node(text));
              return parts;
          }},
    Named{"join",
          [](const Arguments& a) {
              if (a.empty() || !a[0].is_list()) fail("wrong type of argument for join");
              std::vector<std::string> parts;
              for (const Node& item : a[0].items()) parts.push_back(show(item));
              return Node(base::join(parts, text_at(a, 1, "join")));
          }},
    Named{"title", [](const Arguments& a) { return Node(titled(text_at(a, 0, "title"))); }},
    Named{"lower", [](const Arguments& a) { return Node(base::to_lower(text_at(a, 0, "lower"))); }},
    Named{"upper", [](const Arguments& a) { return Node(upper(text_at(a, 0, "upper"))); }},
    Named{"pad",
          [](const Arguments& a) {
              const std::string text = text_at(a, 0, "pad");
              if (text.empty()) return Node(text);
              return Node(cat(std::string(static_cast<std::size_t>(number_at(a, 1, "pad")), ' '), text,
                              std::string(static_cast<std::size_t>(number_at(a, 2, "pad")), ' ')));
          }},
    Named{"truncate",
          [](const Arguments& a) {
              const auto length = static_cast<std::size_t>(std::max<std::int64_t>(0, number_at(a, 1, "truncate")));
              return Node(text_at(a, 0, "truncate").substr(0, length));
          }},
    Named{"println",
          [](const Arguments& a) {
              std::vector<std::string> parts;
              for (const Node& one : a) parts.push_back(show(one));
              return Node(base::join(parts, " ") + "\n");
          }},
    Named{"print",
          [](const Arguments& a) {
              std::string all;
              for (const Node& one : a) all += show(one);
              return Node(all);
          }},
    Named{"printf", [](const Arguments& a) { return Node(formatted(a)); }},
    Named{"len",
          [](const Arguments& a) {
              if (a.empty()) fail("wrong number of args for len");
              return Node(static_cast<std::int64_t>(a[0].is_text() ? a[0].as_text().size() : a[0].size()));
          }},
    Named{"index", [](const Arguments& a) { return element(a); }},
    Named{"not", [](const Arguments& a) { return Node(a.empty() || !is_true(a[0])); }},
    Named{"and",
          [](const Arguments& a) {
              for (const Node& one : a)
                  if (!is_true(one)) return Node(one);
              return a.empty() ? Node() : Node(a.back());
          }},
    Named{"or",
          [](const Arguments& a) {
              for (const Node& one : a)
                  if (is_true(one)) return Node(one);
              return a.empty() ? Node() : Node(a.back());
          }},
    Named{"eq",
          [](const Arguments& a) {
              for (std::size_t i = 1; i < a.size(); ++i)
                  if (compare(a[0], a[i]) == 0) return Node(true);
              return Node(false);
          }},
    Named{"ne", [](const Arguments& a) { return Node(compare(a.at(0), a.at(1)) != 0); }},
    Named{"lt", [](const Arguments& a) { return Node(compare(a.at(0), a.at(1)) < 0); }},
    Named{"le", [](const Arguments& a) { return Node(compare(a.at(0), a.at(1)) <= 0); }},
    Named{"gt", [](const Arguments& a) { return Node(compare(a.at(0), a.at(1)) > 0); }},
    Named{"ge", [](const Arguments& a) { return Node(compare(a.at(0), a.at(1)) >= 0); }},
};

class Runner {
  public:
    Runner(const Node& root, const Methods& methods, bool titles) : root_(root), methods_(methods), titles_(titles) {}

    std::string run(const std::vector<Part>& parts, const Node& dot) {
        std::string out;
        for (const Part& part : parts) out += run(part, dot);
        return out;
    }

  private:
    std::string run(const Part& part, const Node& dot) {
        if (part.kind == Part::Kind::text) return part.text;
        const Node value = evaluate(part.pipeline, dot);
        switch (part.kind) {
            case Part::Kind::action: return show(value);
            case Part::Kind::if_: return run(is_true(value) ? part.body : part.otherwise, dot);
            case Part::Kind::with: return is_true(value) ? run(part.body, value) : run(part.otherwise, dot);
            case Part::Kind::range: return range(part, value, dot);
            case Part::Kind::text: break;
        }
        return {};
    }

    std::string range(const Part& part, const Node& value, const Node& dot) {
        if (!is_true(value)) return run(part.otherwise, dot);
        std::string out;
        if (value.is_list())
            for (const Node& item : value.items()) out += run(part.body, item);
        else if (value.is_map())
            for (const doc::Entry& entry : value.entries()) out += run(part.body, entry.value);
        else
            fail(cat("range can't iterate over ", show(value)));
        return out;
    }

    Node evaluate(const Pipeline& pipeline, const Node& dot) {
        Node value;
        for (std::size_t i = 0; i < pipeline.size(); ++i) value = command(pipeline[i], dot, i > 0 ? &value : nullptr);
        return value;
    }

    Node command(const std::vector<Operand>& operands, const Node& dot, const Node* piped) {
        Arguments arguments;
        for (std::size_t i = 1; i < operands.size(); ++i) arguments.push_back(value_of(operands[i], dot));
        if (piped) arguments.push_back(*piped);
        const Operand& first = operands.front();
        if (first.kind == Operand::Kind::function) return call(first.function, arguments);
        if (first.kind == Operand::Kind::field && first.path.size() == 1 && !arguments.empty() && !titles_) {
            const Node* result = methods_ ? methods_(first.path[0], arguments) : nullptr;
            if (!result) fail(cat("<.", first.path[0], ">: ", first.path[0], " is not a method but has arguments"));
            return *result;
        }
        return value_of(first, dot);
    }

    Node value_of(const Operand& operand, const Node& dot) {
        switch (operand.kind) {
            case Operand::Kind::literal: return operand.literal;
            case Operand::Kind::pipeline: return evaluate(operand.pipeline, dot);
            case Operand::Kind::function: return call(operand.function, {});
            case Operand::Kind::root: return field(operand.path, root_);
            case Operand::Kind::field: return field(operand.path, dot);
        }
        return {};
    }

    Node field(const std::vector<std::string>& path, const Node& from) const {
        const Node* value = &from;
        for (const std::string& name : path) {
            const Node* found = value->find(name);
            if (!found) {
                if (titles_) return Node(name);
                fail(cat("executing \"\" at <.", base::join(path, "."), ">: can't evaluate field ", name));
            }
            value = found;
        }
        return *value;
    }

    Node call(const std::string& name, const Arguments& arguments) const {
        const auto known =
            std::find_if(functions.begin(), functions.end(), [&](const Named& one) { return one.name == name; });
        if (known == functions.end()) fail(cat("function \"", name, "\" not defined"));
        if (titles_) return arguments.empty() ? Node("") : arguments.front();
        if (arguments.empty() && name != "print" && name != "println") fail(cat("wrong number of args for ", name));
        return known->call(arguments);
    }

    const Node& root_;
    const Methods& methods_;
    bool titles_;
};

}  // namespace

std::string run_parts(const std::vector<GoTemplate::Part>& parts, const doc::Node& data, const Methods& methods,
                      bool titles) {
    return Runner(data, methods, titles).run(parts, data);
}

}  // namespace tutti::cli
