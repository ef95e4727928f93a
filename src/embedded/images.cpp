#include "embedded/images.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "embedded/build/changes.h"
#include "embedded/function_streams.h"
#include "embedded/list.h"

namespace tutti::embedded {

using base::cat;
using base::Error;
using base::ErrorKind;

static engine::Time time_of(const std::string& text) { return base::parse_rfc3339(text).value_or(engine::Time{}); }

static void fill(engine::ImageSummary& out, const images::Image& image) {
    out.id = image.id().to_text();
    for (const auto& name : image.names)
        if (const auto reference = oci::Reference::try_parse(name)) out.tags.push_back(reference->familiar());
    for (const auto& digest : image.record.repo_digests)
        if (const auto reference = oci::Reference::try_parse(digest); reference && reference->digest)
            out.digests.push_back(cat(reference->familiar_repository(), '@', reference->digest->to_text()));
    out.created = time_of(image.config.created);
    out.last_tagged = engine::Time(std::chrono::seconds(image.record.stored_at));
    out.size = image.record.size;
    out.labels = image.config.run.labels;
    out.os = image.config.platform.os;
    out.architecture = image.config.platform.architecture;
    out.variant = image.config.platform.variant;
}

std::vector<engine::ImageSummary> ImagesFace::list(const engine::LabelFilter& labels) {
    std::vector<engine::ImageSummary> out;
    for (const auto& image : parts_.images().list()) {
        if (!engine::matches(image.config.run.labels, labels)) continue;
        fill(out.emplace_back(), image);
    }
    std::ranges::sort(out, std::greater{}, &engine::ImageSummary::created);
    return out;
}

std::optional<engine::Image> ImagesFace::find(const std::string& reference) {
    const auto image = parts_.images().find(reference);
    if (!image) return std::nullopt;
    engine::Image out;
    fill(out, *image);
    const auto& run = image->config.run;
    out.entrypoint = run.entrypoint;
    out.command = run.cmd;
    out.env = run.env;
    out.shell = run.shell;
    out.user = run.user;
    out.working_dir = run.working_dir;
    out.stop_signal = run.stop_signal;
    out.author = image->config.author;
    out.exposed_ports = run.exposed_ports;
    out.volumes = run.volumes;
    if (run.healthcheck)
        out.health_check = engine::HealthCheck{.test = run.healthcheck->test,
                                               .interval = run.healthcheck->interval,
                                               .timeout = run.healthcheck->timeout,
                                               .start_period = run.healthcheck->start_period,
                                               .start_interval = run.healthcheck->start_interval,
                                               .retries = run.healthcheck->retries};
    for (const auto& layer : image->config.diff_ids) out.layers.push_back(layer.to_text());
    return out;
}

void ImagesFace::pull(const std::string& reference, const engine::PullOptions& options, base::Reporter& reporter,
                      const os::Cancel& cancel) {
    images::PullOptions wanted;
    if (!options.platform.empty()) wanted.platform = oci::Platform::parse(options.platform);
    wanted.progress_id = options.progress_id;
    base::QuietReporter quiet;
    os::Scope scope(cancel);
    const auto name = oci::Reference::parse(reference);
    parts_.images().pull(name, wanted, options.quiet ? quiet : reporter, scope);
    records::tell(parts_.events(), "image", "pull", name.familiar(), {{"name", name.familiar_repository()}});
}

void ImagesFace::push(const std::string& reference, const engine::PullOptions& options, base::Reporter& reporter,
                      const os::Cancel& cancel) {
    base::QuietReporter quiet;
    os::Scope scope(cancel);
    const auto name = oci::Reference::parse(reference);
    parts_.images().push(name, options.quiet ? quiet : reporter, scope, options.progress_id);
    records::tell(parts_.events(), "image", "push", name.familiar(), {{"name", name.familiar_repository()}});
}

void ImagesFace::tag(const std::string& source, const std::string& target) {
    const auto name = oci::Reference::parse(target);
    const auto id = parts_.images().require(source).id().to_text();
    parts_.images().tag(source, name);
    records::tell(parts_.events(), "image", "tag", id, {{"name", name.familiar()}});
}

// Containers hold their images in the store, so that none can take one away from below them; here the user is told
// whose it is.
static void refuse_if_used(Parts& parts, const images::Image& image, const std::string& reference, bool force) {
    const std::string id = image.id().to_text();
    for_each_container(parts, [&](const records::Folder& folder, const records::Evidence& evidence) {
        if (evidence.state.image_id != id) return;
        const bool running = records::view(evidence).pid != 0;
        if (!running && force) return;
        throw Error(ErrorKind::conflict,
                    cat("conflict: unable to remove repository reference \"", reference, "\" (",
                        running ? "cannot be forced" : "must force", ") - container ", folder.id().substr(0, 12),
                        " is using its referenced image ", image.id().short_text()));
    });
}

engine::RemovedImage ImagesFace::remove(const std::string& reference, bool force) {
    const auto image = parts_.images().require(reference);
    const bool by_id = image.id().to_text() == reference || image.id().hex().starts_with(reference);
    if (image.names.size() <= 1 || by_id) refuse_if_used(parts_, image, reference, force);
    const auto removed = parts_.images().remove(reference, force);
    engine::RemovedImage out;
    out.untagged = removed.untagged;
    for (const auto& id : removed.deleted) out.deleted.push_back(id.to_text());
    for (const auto& name : out.untagged)
        records::tell(parts_.events(), "image", "untag", image.id().to_text(), {{"name", name}});
    for (const auto& id : out.deleted) records::tell(parts_.events(), "image", "delete", id, {{"name", id}});
    return out;
}

std::vector<engine::HistoryRow> ImagesFace::history(const std::string& reference) {
    const auto image = parts_.images().require(reference);
    std::vector<engine::HistoryRow> rows;
    std::size_t layer = 0;
    for (const auto& step : image.config.history) {
        engine::HistoryRow row;
        row.id = "<missing>";
        row.created_by = step.created_by;
        row.comment = step.comment;
        row.created = time_of(step.created);
        if (!step.empty_layer && layer < image.config.diff_ids.size())
            row.size = parts_.store().layer_size(image.config.diff_ids[layer++]);
        rows.push_back(std::move(row));
    }
    std::ranges::reverse(rows);
    if (rows.empty()) return rows;
    rows.front().id = image.id().to_text();
    engine::ImageSummary names;
    fill(names, image);
    rows.front().tags = names.tags;
    return rows;
}

void ImagesFace::save(const std::vector<std::string>& references, const std::function<void(std::string_view)>& sink) {
    FunctionSink out(sink);
    os::Scope scope;
    parts_.images().save(references, out, scope);
    out.flush();
}

std::vector<std::string> ImagesFace::load(const std::function<std::string()>& source) {
    FunctionSource in(source);
    base::QuietReporter quiet;
    os::Scope scope;
    return parts_.images().load(in, quiet, scope);
}

std::string ImagesFace::import(const std::function<std::string()>& source, const std::string& reference,
                               const std::vector<std::string>& changes) {
    oci::ImageConfig config;
    build::apply_changes(changes, config);
    FunctionSource in(source);
    os::Scope scope;
    const auto name = reference.empty() ? std::nullopt : std::optional(oci::Reference::parse(reference));
    const std::string now = base::to_rfc3339(std::chrono::system_clock::now());
    return parts_.images().import_tar(in, config.run, name, now, scope).id().to_text();
}

std::string ImagesFace::remote_digest(const std::string& reference, const os::Cancel& cancel) {
    return parts_.images().remote_digest(oci::Reference::parse(reference), cancel).to_text();
}

std::vector<std::string> ImagesFace::prune(bool all_unused, const engine::LabelFilter& labels) {
    std::vector<std::string> out;
    for (const auto& image : parts_.images().list()) {
        if (!image.names.empty() && !all_unused) continue;
        if (!engine::matches(image.config.run.labels, labels)) continue;
        if (!parts_.store().holders(image.id()).empty()) continue;
        const auto removed = parts_.images().remove(image.id().to_text(), true);
        for (const auto& id : removed.deleted) out.push_back(id.to_text());
    }
    parts_.store().collect();
    return out;
}

}  // namespace tutti::embedded
