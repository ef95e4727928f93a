// Docker's dialect: the words of the docker command, for `docker …` (a link to this program) and `tutti docker …`.
// Used by run. The commands themselves are those of the one table; here is what differs.
// Not Compose's words: behind `docker compose` those count.
#pragma once

#include <string>
#include <string_view>

namespace tutti::cli {

inline constexpr std::string_view docker_speaks = "28.5.2";  // the Docker whose words and formats we follow

// A word that docker has and this program has not: says why, and what to do instead. Returns for any other word.
void refuse_docker_word(std::string_view word);

}  // namespace tutti::cli
