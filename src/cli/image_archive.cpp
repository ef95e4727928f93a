// image save, load, import: images as archives, on disk or through a pipe.
#include "base/error.h"
#include "base/text.h"
#include "cli/archive_in.h"
#include "cli/commands.h"
#include "cli/file_in_place.h"
#include "cli/up.h"

namespace tutti::cli {

namespace {

using base::cat;

int save(const Arguments& arguments, Session& session) {
    const std::string output = arguments.text("output");
    if (output.empty() && session.out_is_terminal)
        refuse("cowardly refusing to save to a terminal. Use the -o flag or redirect");
    engine::Images& images = session.engine().images();
    if (output.empty())
        images.save(arguments.rest(), session.out);
    else
        write_in_place(session, output, [&](const auto& sink) { images.save(arguments.rest(), sink); });
    return 0;
}

int load(const Arguments& arguments, Session& session) {
    const std::string input = arguments.text("input");
    if (input.empty() && session.in_is_terminal)
        refuse("requested load from stdin, but stdin is empty: name an archive with --input or pipe one in");
    for (const std::string& name : session.engine().images().load(archive_in(input.empty() ? "-" : input, session)))
        if (!arguments.on("quiet"))
            session.out(cat(name.starts_with("sha256:") ? "Loaded image ID: " : "Loaded image: ", name, "\n"));
    return 0;
}

int import(const Arguments& arguments, Session& session) {
    const std::string& from = arguments.rest()[0];
    if (from.starts_with("http://") || from.starts_with("https://"))
        throw base::Error(base::ErrorKind::unsupported, cat("import of a URL is not supported: ", from),
                          cat("curl -L ", from, " | ", session.program, " image import - NAME"));
    const std::string name = arguments.rest().size() > 1 ? arguments.rest()[1] : std::string();
    session.out(session.engine().images().import(archive_in(from, session), name, arguments.texts("change")) + "\n");
    return 0;
}

constexpr Flag save_flags[] = {
    {.name = "output", .letter = 'o', .kind = FlagKind::text, .help = "Write to a file, instead of STDOUT"},
};
constexpr Flag load_flags[] = {
    {.name = "input", .letter = 'i', .kind = FlagKind::text, .help = "Read from a tar archive file, instead of STDIN"},
    {.name = "quiet", .letter = 'q', .help = "Suppress the load output"},
};
constexpr Flag import_flags[] = {
    {.name = "change",
     .letter = 'c',
     .kind = FlagKind::texts,
     .help = "Apply Dockerfile instruction to the created image"},
};

}  // namespace

constinit const Command image_save_command{
    .name = "image save",
    .usage = "image save [OPTIONS] IMAGE [IMAGE...]",
    .help = "Save one or more images to a tar archive",
    .flags = save_flags,
    .run = save,
    .least = 1,
    .reads_project = false,
    .docker = "save",
};
constinit const Command image_load_command{
    .name = "image load",
    .usage = "image load [OPTIONS]",
    .help = "Load images from a tar archive or STDIN",
    .flags = load_flags,
    .run = load,
    .most = 0,
    .reads_project = false,
    .docker = "load",
};
constinit const Command image_import_command{
    .name = "image import",
    .usage = "image import [OPTIONS] FILE|- [REPOSITORY[:TAG]]",
    .help = "Make an image from a root file system's tar archive",
    .flags = import_flags,
    .run = import,
    .least = 1,
    .most = 2,
    .reads_project = false,
    .docker = "import",
};

}  // namespace tutti::cli
