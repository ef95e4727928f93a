// Text that looks like a secret: what should not be published by accident.
// Used by publish. Knows the common forms (cloud keys, tokens, private keys, passwords by their names); pure.
// Proves nothing: it asks a person to look again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tutti::advice {

struct Leak {
    std::string kind;   // "AWS Client ID", "Private Key"
    std::string value;  // as it stands in the text
};
std::vector<Leak> leaks_in(std::string_view text);

// A variable called so, with this value, holds a secret as it is written ("DB_PASSWORD": "hunter2"). A value that a
// variable will fill in ("${X}") does not.
bool holds_secret(std::string_view name, std::string_view value);
bool is_literal(std::string_view value);  // at least three characters, and no template

}  // namespace tutti::advice
