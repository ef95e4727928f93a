// Paths as text, with the rules of Go's path package, which Compose's answers follow. Used by whoever joins or shortens
// paths. Asks no file system: symbolic links are not seen here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tutti::base::path {

bool is_absolute(std::string_view path);
std::string clean(std::string_view path);                          // no `//`, `.`, inner `..`, trailing `/`; "" → "."
std::string join(std::string_view folder, std::string_view name);  // cleaned; empty parts do not count; "" + "" → ""
std::string folder(std::string_view path);     // cleaned, without the last part: "a/b" → "a", "a" → "."
std::string_view last(std::string_view path);  // "a/b/" → "b", "" → ".", "/" → "/"
std::string absolute(std::string_view path, std::string_view cwd);  // cleaned
// `to` as seen from `from`; nothing if only the file system knows (one absolute, one not; `..` at the start of `from`).
std::optional<std::string> relative(std::string_view from, std::string_view to);

}  // namespace tutti::base::path
