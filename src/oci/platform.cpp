#include <sys/utsname.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "oci/image.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;

// The world's names for an architecture → Go's.
static Platform normalised(Platform platform) {
    std::string& name = platform.architecture;
    if (name == "x86_64" || name == "x86-64") name = "amd64";
    if (name == "i386" || name == "i486" || name == "i586" || name == "i686") name = "386";
    if (name == "aarch64") name = "arm64";
    if (name == "armhf" || name == "armv7l") name = "arm", platform.variant = "v7";
    if (name == "armel" || name == "armv6l") name = "arm", platform.variant = "v6";
    if (name == "arm64" && (platform.variant == "v8" || platform.variant == "8")) platform.variant.clear();
    if (name == "amd64" && platform.variant == "v1") platform.variant.clear();
    if (name == "arm" && platform.variant.empty()) platform.variant = "v7";
    if (platform.variant.size() == 1 && platform.variant[0] >= '0' && platform.variant[0] <= '9')
        platform.variant.insert(0, "v");
    return platform;
}

Platform Platform::host() {
    utsname name{};
    ::uname(&name);
    return normalised({"linux", name.machine, "", ""});
}

Platform Platform::parse(std::string_view text) {
    const auto parts = base::split(text, '/');
    Platform platform;
    const auto known_os = [](std::string_view os) {
        return os == "linux" || os == "windows" || os == "darwin" || os == "freebsd";
    };
    const bool words = std::ranges::all_of(parts, [](std::string_view part) {
        return !part.empty() && part[0] != '.' && std::ranges::all_of(part, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                   c == '.';
        });
    });
    if (!words || parts.size() > 3)
        throw Error(ErrorKind::invalid, cat("\"", text, "\" is no platform"),
                    "a platform is OS/ARCHITECTURE[/VARIANT], like linux/arm64 or linux/arm/v7");
    if (parts.size() == 1) {
        if (known_os(parts[0])) {
            platform = host();
            platform.os = parts[0];
            return platform;
        }
        platform.architecture = parts[0];
    } else {
        platform.os = base::to_lower(parts[0]);
        platform.architecture = parts[1];
        if (parts.size() == 3) platform.variant = parts[2];
    }
    platform.architecture = base::to_lower(platform.architecture);
    platform.variant = base::to_lower(platform.variant);
    return normalised(platform);
}

std::string Platform::to_text() const {
    std::string text = cat(os, '/', architecture);
    if (!variant.empty()) text += cat('/', variant);
    return text;
}

// How well an image for `offered` runs on `wanted`: 0 not at all, more is better.
static int fitness(const Platform& raw, const Platform& wanted) {
    const Platform offered = normalised(raw);
    if (offered.os != wanted.os || offered.architecture != wanted.architecture) return 0;
    if (offered.variant == wanted.variant) return 100;
    const auto version = [](const std::string& variant) {
        return variant.size() == 2 && variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' ? variant[1] - '0'
                                                                                                  : 0;
    };
    if (wanted.architecture == "arm")
        return version(offered.variant) < version(wanted.variant) ? 10 + version(offered.variant) : 0;
    return offered.variant.empty() ? 50 : 0;  // amd64/v3 or arm64/v9 may need instructions that are not here
}

const Descriptor* choose(const Index& index, const Platform& wanted) {
    const Descriptor* best = nullptr;
    int best_fitness = 0;
    for (const Descriptor& entry : index.manifests) {
        if (entry.is_attestation()) continue;
        const int fit = entry.platform ? fitness(*entry.platform, normalised(wanted)) : 0;
        if (fit > best_fitness) best = &entry, best_fitness = fit;
    }
    // An index of one image that says no platform is taken at its word; its config is checked later.
    if (!best && index.manifests.size() == 1 && !index.manifests[0].platform && !index.manifests[0].is_attestation())
        best = &index.manifests[0];
    return best;
}

}  // namespace tutti::oci
