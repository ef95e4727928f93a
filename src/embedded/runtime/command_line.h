// Words of `tutti runtime`: flags with and without values, in runc's (urfave/cli) spelling. Used by command*.cpp only.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tutti::embedded::runtime {

struct FlagName {
    std::string_view name, letter;
    bool takes_value = true;
};

// What was given: flags up to the first word that is none, then the words. -x, --x, --x=v, --x v.
class Words {
  public:
    // Throws Error invalid for a flag that is not in the list. `all`: flags may also come after words.
    Words(const std::vector<std::string>& arguments, const std::vector<FlagName>& flags, bool all);

    bool given(std::string_view flag) const { return values_.contains(flag); }
    std::string text(std::string_view flag, std::string_view fallback = {}) const;
    std::vector<std::string> texts(std::string_view flag) const;
    std::int64_t number(std::string_view flag) const;  // throws Error invalid
    const std::vector<std::string>& rest() const { return rest_; }

  private:
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
    std::vector<std::string> rest_;
};

}  // namespace tutti::embedded::runtime
