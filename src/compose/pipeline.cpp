#include "compose/pipeline.h"

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "compose/canonical.h"
#include "compose/check.h"
#include "compose/env_entries.h"
#include "compose/extends.h"
#include "compose/include.h"
#include "compose/interpolate.h"
#include "compose/merge.h"
#include "compose/paths.h"
#include "compose/remote.h"
#include "compose/schema.h"
#include "compose/unicity.h"

namespace tutti::compose {

using base::cat;
using doc::Node;

namespace {

// What a document that cannot be merged says wrong all the same, beside the faults that are known.
void check_alone(const Steps& steps, Node& document) {
    if (!steps.options.check_schema || !document.is_map()) return;
    document.erase("include");
    if (Node* services = document.find("services"); services && services->is_map())
        for (auto& service : services->entries()) service.value.erase("extends");
    doc::Diagnostics found;
    check_schema(document, found, Extent::part);
    steps.reading.diagnostics.append_elsewhere(std::move(found));
}

// All files are read to their end, so that the faults of all are reported together; the steps after interpolation need
// the ones before.
bool add_file(const Steps& steps, FileSet& set, Extender& extender, ComposeFile& file, Node& model, bool intact) {
    set.chain.push_back(file.path);
    for (Node& document : file.documents) {
        const Removals removals = Removals::take_from(document);
        intact = prepare_document(steps, set, file, document) && intact;
        intact =
            intact && apply_includes(steps, set, document, removals) && extender.apply(document, file.path, removals);
        if (intact)
            intact = lay_on(steps, model, std::move(document), removals, Purpose::model);
        else
            check_alone(steps, document);
    }
    set.chain.pop_back();
    return intact;
}

void drop_version(Node& model, doc::Diagnostics& diagnostics) {
    const Node* version = model.find("version");
    if (!version) return;
    diagnostics.warning(*version, "the attribute `version` is obsolete, it will be ignored")
        .with_hint("please remove it to avoid potential confusion");
    model.erase("version");
}

}  // namespace

bool prepare_document(const Steps& steps, const FileSet& set, const ComposeFile& file, Node& document) {
    if (!document.is_map()) {
        const doc::Mark start{1, 1, file.source};
        steps.reading.diagnostics.error(document.mark() ? document.mark() : start, "top-level object must be a mapping")
            .with_hint(document.is_null() ? "this document is empty" : cat("this is a ", to_text(document.kind())));
        return false;
    }
    return !steps.options.interpolate || interpolate(document, lookup_in(set.environment), steps.reading.diagnostics);
}

bool lay_on(const Steps& steps, Node& model, Node document, const Removals& removals, Purpose purpose) {
    auto& diagnostics = steps.reading.diagnostics;
    removals.apply(model);
    const bool checked = purpose == Purpose::model && steps.options.check_schema;
    if (!merge(model, std::move(document), diagnostics) || !drop_repeats(model, diagnostics)) {
        if (checked) check_alone(steps, model);
        return false;
    }
    if (checked && !check_schema(model, diagnostics)) {
        doc::Diagnostics more;
        make_canonical(model, !steps.options.interpolate, more);
        diagnostics.append_elsewhere(std::move(more));
        return false;
    }
    if (checked) drop_version(model, diagnostics);
    // A port range may turn out to be the port of another entry only in its long form.
    return make_canonical(model, !steps.options.interpolate, diagnostics) && drop_repeats(model, diagnostics);
}

std::optional<Node> load_model(const Steps& steps, FileSet set, std::vector<ComposeFile> files) {
    auto& diagnostics = steps.reading.diagnostics;
    Node model = Node::map();
    Extender extender(steps, set);
    bool intact = true;
    for (auto& file : files) intact = add_file(steps, set, extender, file, model, intact);
    if (!intact || !set_defaults(model, diagnostics)) return std::nullopt;
    if (steps.options.check_schema && !validate_tree(model, diagnostics)) return std::nullopt;
    // Of an include paths are always resolved: the including file's folder is another one.
    if (steps.options.resolve_paths || !set.chain.empty()) {
        if (!resolve_paths(model, {set.path_base, steps.home, steps.reading.files}, diagnostics)) return std::nullopt;
    }
    fill_bare_entries(model, set.environment);
    return model;
}

std::optional<std::string> locate(const Steps& steps, const FileSet& set, const std::string& name, const Node& at) {
    if (!is_remote(name)) return base::path::is_absolute(name) ? name : base::path::join(set.folder, name);
    auto& diagnostics = steps.reading.diagnostics;
    if (!steps.fetch) {
        diagnostics.error(at, cat("remote file ", name, " is not supported yet"))
            .with_hint("fetch it by hand and name the local copy");
        return std::nullopt;
    }
    try {
        return steps.fetch(name);
    } catch (const base::Error& error) {
        diagnostics.error(at, cat("cannot fetch ", name, ": ", error.what())).with_hint(error.hint());
        return std::nullopt;
    }
}

std::string folder_seen_from(const Steps& steps, const FileSet& set, const std::string& name) {
    std::string path = base::path::absolute(name, set.folder);
    if (steps.reading.files.kind(path) != base::Files::Kind::directory)
        path = base::path::absolute(base::path::folder(name), set.folder);
    return base::path::relative(set.folder, path).value_or(path);
}

}  // namespace tutti::compose
