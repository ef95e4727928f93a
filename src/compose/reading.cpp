#include "compose/reading.h"

#include "base/error.h"
#include "base/text.h"
#include "compose/dotenv.h"
#include "doc/yaml.h"

namespace tutti::compose {

using base::cat;

std::optional<SourceText> read_text(const Reading& reading, const std::string& path, const std::string& shown,
                                    doc::Mark from) {
    try {
        std::string text = path == "-" ? reading.files.read_stdin() : reading.files.read(path);
        const std::uint32_t file = reading.sources.add(shown, std::move(text));
        return SourceText{file, reading.sources.text(file)};
    } catch (const base::Error& error) {
        reading.diagnostics.error(from, error.what()).with_hint(error.hint());
        return std::nullopt;
    }
}

std::optional<ComposeFile> read_compose_file(const Reading& reading, const std::string& path, doc::Mark from) {
    const auto source = read_text(reading, path, path == "-" ? "stdin" : path, from);
    if (!source) return std::nullopt;
    const std::size_t errors = reading.diagnostics.errors();
    ComposeFile file{path, source->file, doc::read_yaml(source->text, source->file, reading.diagnostics)};
    if (reading.diagnostics.errors() != errors) return std::nullopt;
    return file;
}

std::optional<Environment> read_env_files(const Reading& reading, const std::vector<std::string>& paths,
                                          const Environment& environment, doc::Mark from) {
    Environment read;
    bool complete = true;
    for (const auto& path : paths) {
        if (path == "/dev/null") continue;
        const auto kind = reading.files.kind(path);
        if (kind == base::Files::Kind::absent || kind == base::Files::Kind::directory) {
            reading.diagnostics.error(from, kind == base::Files::Kind::absent ? cat("couldn't find env file: ", path)
                                                                              : cat(path, " is a directory"));
            complete = false;
            continue;
        }
        const auto source = read_text(reading, path, path, from);
        complete = source &&
                   read_dotenv(source->text, source->file, lookup_in(environment), read, reading.diagnostics) &&
                   complete;
    }
    if (!complete) return std::nullopt;
    return read;
}

void add_missing(Environment& environment, const Environment& more) { environment.insert(more.begin(), more.end()); }

Lookup lookup_in(const Environment& environment) {
    return [&environment](std::string_view name) { return find(environment, name); };
}

}  // namespace tutti::compose
