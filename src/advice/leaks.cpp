#include "advice/leaks.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tutti::advice {

namespace {

bool is_upper_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_word(char c) { return is_upper_or_digit(c) || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_base64(char c) { return is_word(c) || c == '+' || c == '/' || c == '=' || c == '-'; }

template <class Is>
std::size_t run_length(std::string_view text, Is&& is) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

// Every place where `start` begins a word.
template <class Take>
void each_word(std::string_view text, std::string_view start, Take&& take) {
    for (auto at = text.find(start); at != std::string_view::npos; at = text.find(start, at + 1))
        if (at == 0 || !is_word(text[at - 1])) take(text.substr(at));
}

void aws_ids(std::string_view text, std::vector<Leak>& found) {
    constexpr std::array starts = {"A3T", "AKIA", "AGPA", "AIDA", "AROA", "AIPA", "ANPA", "ANVA", "ASIA"};
    constexpr std::size_t length = 20;
    for (const char* start : starts)
        each_word(text, start, [&](std::string_view at) {
            if (run_length(at, is_upper_or_digit) == length && (at.size() == length || !is_word(at[length])))
                found.push_back({"AWS Client ID", std::string(at.substr(0, length))});
        });
}

// 40 characters of base64 on a line that speaks of aws.
void aws_keys(std::string_view text, std::vector<Leak>& found) {
    constexpr std::size_t length = 40;
    for (const std::string_view line : base::split(text, '\n')) {
        if (base::to_lower(line).find("aws") == std::string::npos) continue;
        for (std::size_t at = 0; at < line.size();) {
            const std::size_t run = run_length(line.substr(at), is_base64);
            if (run == length) found.push_back({"AWS Secret Key", std::string(line.substr(at, run))});
            at += std::max<std::size_t>(run, 1);
        }
    }
}

void github_tokens(std::string_view text, std::vector<Leak>& found) {
    constexpr std::size_t length = 40;
    for (const char* start : {"ghp_", "gho_", "ghu_", "ghs_", "ghr_"})
        each_word(text, start, [&](std::string_view at) {
            if (run_length(at, is_word) >= length)
                found.push_back({"Github authentication", std::string(at.substr(0, length))});
        });
}

void web_tokens(std::string_view text, std::vector<Leak>& found) {
    each_word(text, "eyJ", [&](std::string_view at) {
        const std::size_t length = run_length(at, [](char c) { return is_base64(c) || c == '.'; });
        const auto parts = base::split(at.substr(0, length), '.');
        if (parts.size() == 3 && parts[0].size() > 10 && parts[1].starts_with("eyJ") && parts[2].size() > 10)
            found.push_back({"JSON Web Token", std::string(at.substr(0, length))});
    });
}

void private_keys(std::string_view text, std::vector<Leak>& found) {
    constexpr std::string_view begin = "-----BEGIN ", end = "PRIVATE KEY-----";
    for (auto at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
        const auto first = text.find(end, at);
        if (first == std::string_view::npos || text.substr(at, first - at).find('\n') != std::string_view::npos)
            continue;
        const auto last = text.find(end, first + 1);
        const auto stop = last == std::string_view::npos ? first : last;
        found.push_back({"Private Key", std::string(text.substr(at, stop + end.size() - at))});
        if (last != std::string_view::npos) at = last;
    }
}

// "https://user:word@host"
void addresses(std::string_view text, std::vector<Leak>& found) {
    for (auto at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 1)) {
        const std::string_view rest = text.substr(at + 3);
        const std::size_t length = run_length(rest, [](char c) { return c != '@' && c != '/' && c > ' ' && c != '"'; });
        const auto colon = rest.substr(0, length).find(':');
        if (length < rest.size() && rest[length] == '@' && colon != std::string_view::npos &&
            is_literal(rest.substr(colon + 1, length - colon - 1)))
            found.push_back({"Basic Auth", std::string(rest.substr(0, length))});
    }
}

}  // namespace

std::vector<Leak> leaks_in(std::string_view text) {
    std::vector<Leak> found;
    aws_ids(text, found);
    aws_keys(text, found);
    github_tokens(text, found);
    web_tokens(text, found);
    private_keys(text, found);
    addresses(text, found);
    return found;
}

bool is_literal(std::string_view value) {
    const std::string_view text = base::trim(value);
    return text.size() >= 3 && !text.starts_with('$') && !text.ends_with('}');
}

bool holds_secret(std::string_view name, std::string_view value) {
    const std::string lower = base::to_lower(name);
    constexpr std::array words = {"password", "passwd", "passphrase",  "secret",     "token",
                                  "api_key",  "apikey", "private_key", "access_key", "db_pass"};
    return is_literal(value) && std::any_of(words.begin(), words.end(),
                                            [&](const char* word) { return lower.find(word) != std::string::npos; });
}

}  // namespace tutti::advice
