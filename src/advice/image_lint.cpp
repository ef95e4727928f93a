#include "advice/image_lint.h"

#include "advice/lint_rules.h"
#include "base/text.h"

namespace tutti::advice {

namespace {

std::string data_folder(const model::Service& service, const engine::Image& image) {
    if (std::string own = rules::value_of(service, "PGDATA"); !own.empty()) return own;
    for (const std::string& line : image.env)
        if (line.starts_with("PGDATA=")) return line.substr(7);
    return {};
}

}  // namespace

Findings image_lint(const model::Project& project, const std::map<std::string, engine::Image>& images) {
    Findings found;
    for (const auto& [name, service] : project.services) {
        const auto image = images.find(service.image);
        if (image == images.end() || rules::knows_data_folder(service.image)) continue;
        if (const std::string folder = data_folder(service, image->second); !folder.empty())
            rules::data_outside_of_volume(name, service, folder, found);
    }
    return found;
}

std::string where_to_get(const std::string& image) {
    using base::cat;
    if (rules::repository(image).starts_with("bitnami/"))
        return cat("the images of bitnami/ have left Docker Hub; the last ones lie under bitnamilegacy",
                   image.substr(image.find("bitnami/") + 7));
    return cat(image, " is not on this machine either: if it is your own, `image build -t ", image,
               " FOLDER` makes it, or a build section in the file");
}

}  // namespace tutti::advice
