#include "verbs/watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/path.h"
#include "base/text.h"
#include "oci/pack.h"
#include "os/file.h"
#include "os/watch_tree.h"
#include "plan/graph.h"
#include "plan/hooks.h"
#include "state/labels.h"
#include "verbs/lifecycle.h"
#include "verbs/pipe.h"
#include "verbs/watch_rules.h"

namespace tutti::verbs {

namespace {

using base::cat;
using base::Error;
using base::ErrorKind;

constexpr auto quiet_time = std::chrono::milliseconds(500);  // an editor's "save all" is one batch
constexpr std::size_t many_changes = 1000;

std::string quoted(const std::set<std::string>& names) {
    std::vector<std::string> all;
    for (const std::string& name : names) all.push_back(cat("\"", name, "\""));
    return cat("[", base::join(all, " "), "]");
}

bool wants_initial_sync(const model::WatchTrigger& trigger, base::Reporter& reporter) {
    if (trigger.initial_sync) return true;
    const doc::Node* old = trigger.extensions ? trigger.extensions->find("x-initialSync") : nullptr;
    if (!old || !old->is_bool() || !old->as_bool()) return false;
    reporter.warn("x-initialSync is DEPRECATED, please use the official `initial_sync` attribute");
    return true;
}

// What one batch of changes asks for.
struct Batch {
    std::set<std::string> rebuild, restart;
    std::map<std::string, std::map<std::string, std::string>> sync;  // service → path → place in the container
    std::map<std::string, std::set<std::size_t>> exec;               // service → rules

    bool empty() const { return rebuild.empty() && restart.empty() && sync.empty() && exec.empty(); }
};

class Watching {
  public:
    Watching(const model::Project& project, engine::Engine& engine, const WatchOptions& options,
             base::Reporter& reporter, LogFace& face, os::Scope& scope)
        : project_(project),
          engine_(engine),
          options_(options),
          reporter_(reporter),
          face_(face),
          scope_(scope),
          rules_(watch_rules(project, options.services, reporter)) {}

    void run() {
        std::vector<std::string> roots;
        for (const WatchRule& rule : rules_) roots.push_back(rule.trigger().path);
        os::WatchTree tree(roots, never_watched);
        for (const WatchRule& rule : rules_)
            if (rule.syncs() && wants_initial_sync(rule.trigger(), reporter_)) sync_all(rule);
        say("Watch enabled");
        while (true) {
            const os::WatchTree::Changes changes = tree.next(quiet_time, scope_.cancel());
            if (changes.lost || changes.paths.size() > many_changes)
                say("Large batch of file changes detected. If you just switched branches, this is expected.");
            try {
                const Batch batch = sorted_out(changes.paths);
                handle(batch);
                if (options_.verbose && !batch.empty()) say("batch complete");
            } catch (const Error& error) { reporter_.warn(cat("Error handling changed files: ", error.what())); }
        }
    }

  private:
    void say(std::string_view text) { face_.note(cat(" ⦿ ", text)); }

    Batch sorted_out(const std::vector<std::string>& paths) const {
        Batch batch;
        for (const std::string& path : paths)
            for (std::size_t i = 0; i < rules_.size(); ++i) {
                const WatchRule& rule = rules_[i];
                if (!rule.takes(path)) continue;
                const std::string& action = rule.trigger().action;
                if (rule.syncs()) batch.sync[rule.service()][path] = rule.target_of(path);
                if (action == "rebuild") batch.rebuild.insert(rule.service());
                if (action == "restart" || action == "sync+restart") batch.restart.insert(rule.service());
                if (action == "sync+exec") batch.exec[rule.service()].insert(i);
            }
        return batch;
    }

    void handle(const Batch& batch) {
        if (!batch.rebuild.empty()) rebuild(batch.rebuild);
        for (const auto& [service, paths] : batch.sync) {
            say(cat("Syncing service \"", service, "\" after ", paths.size(), " changes were detected"));
            sync(service, paths);
        }
        if (!batch.restart.empty()) restart(batch.restart);
        for (const auto& [service, rules] : batch.exec)
            for (const std::size_t rule : rules) execute(service, rules_[rule].trigger().exec);
    }

    std::vector<state::Container> containers_of(const std::string& service, bool stopped_too) {
        std::vector<state::Container> found;
        for (state::Container& container : state::list_containers(engine_, project_.name, stopped_too))
            if (container.service == service && !container.one_off) found.push_back(std::move(container));
        return found;
    }

    void sync(const std::string& service, const std::map<std::string, std::string>& paths) {
        std::vector<oci::PackedAs> copies;
        std::vector<std::string> gone;
        for (const auto& [path, target] : paths) {
            const std::string inside = base::path::absolute(target, "/");
            if (os::exists(path))
                copies.push_back({path, inside.substr(1)});
            else if (inside != "/")
                gone.push_back(inside);
        }
        for (const state::Container& container : containers_of(service, true)) {
            if (!gone.empty() && container.running()) remove(container, gone);
            if (copies.empty()) continue;
            through_pipe(
                scope_, [&](base::Sink& sink) { oci::pack_paths(copies, sink); },
                [&](base::Source& archive) {
                    engine_.containers().copy_in(container.id(), "/", pieces(archive), true);
                });
        }
    }

    void remove(const state::Container& container, const std::vector<std::string>& paths) {
        model::Hook hook;
        hook.command = model::Texts{"rm", "-rf", "--"};
        hook.command->insert(hook.command->end(), paths.begin(), paths.end());
        hook.user = "0";
        plan::run_hook(engine_, container.id(), container.short_name(), container.service, false, hook, {},
                       scope_.cancel());
    }

    // Everything below the rule's path that it takes.
    void sync_all(const WatchRule& rule) {
        std::map<std::string, std::string> paths;
        const std::function<void(const std::string&)> walk = [&](const std::string& path) {
            struct stat info {};
            if (::lstat(path.c_str(), &info) != 0 || never_watched(path)) return;
            if (path != rule.trigger().path && !rule.takes(path) && rule.trigger().include.empty()) return;
            if (S_ISDIR(info.st_mode)) {
                for (const std::string& name : os::list_folder(path)) walk(cat(path, "/", name));
            } else if (rule.takes(path)) {
                paths[path] = rule.target_of(path);
            }
        };
        walk(rule.trigger().path);
        if (!paths.empty()) sync(rule.service(), paths);
    }

    void restart(const std::set<std::string>& services) {
        const Limits limits{options_.create.parallel, false, options_.create.lock_folder};
        verbs::restart({project_.name, &project_, {services.begin(), services.end()}}, engine_, {}, limits, reporter_,
                       scope_);
        say(cat("service(s) ", quoted(services), " restarted"));
    }

    void execute(const std::string& service, const model::Hook& hook) {
        for (const state::Container& container : containers_of(service, false))
            plan::run_hook(
                engine_, container.id(), container.short_name(), service, false, hook,
                [&](const std::string& source, std::string_view line) {
                    face_.line(source, engine::StreamKind::stdout_, std::chrono::system_clock::now(), line);
                },
                scope_.cancel());
    }

    void rebuild(const std::set<std::string>& services) {
        say(cat("Rebuilding service(s) ", quoted(services), " after changes were detected..."));
        const std::vector<std::string> names(services.begin(), services.end());
        BuildOptions build = options_.create.build;
        build.with_dependencies = false;
        build.output = [this](std::string_view text) {
            for (const std::string_view line : base::split(base::trim(text), '\n')) say(line);
        };
        const std::set<std::string> before = images_of(services);
        try {
            verbs::build(project_, names, build, engine_, reporter_, scope_);
        } catch (const Error& error) {
            say(cat("Build failed. Error: ", error.what()));
            throw;
        }
        say(cat("service(s) ", quoted(services), " successfully built"));
        try {
            recreate(names);
        } catch (const Error& error) {
            say(cat("Failed to recreate services after update. Error: ", error.what()));
            throw;
        }
        if (options_.prune) prune(before, images_of(services));
    }

    void recreate(const std::vector<std::string>& names) {
        CreateOptions create = options_.create;
        create.reconcile.services = names;
        create.reconcile.recreate = plan::Recreate::force;
        create.reconcile.recreate_dependencies = plan::Recreate::never;
        create.reconcile.skip_providers = true;
        create.reconcile.remove_orphans = false;
        create.reconcile.start = true;
        create.ignore_orphans = true;
        create.no_build = true;
        model::Project built = project_;
        for (const std::string& name : names) built.services.at(name).pull_policy = "missing";
        up(built, engine_, create, reporter_, scope_);
    }

    std::set<std::string> images_of(const std::set<std::string>& services) {
        std::set<std::string> ids;
        for (const std::string& name : services)
            if (const auto image = engine_.images().find(state::image_of(project_.services.at(name), project_.name)))
                ids.insert(image->id);
        return ids;
    }

    void prune(const std::set<std::string>& before, const std::set<std::string>& now) {
        for (const std::string& id : before) {
            if (now.count(id)) continue;
            try {
                if (const auto image = engine_.images().find(id); image && image->tags.empty())
                    engine_.images().remove(id, false);
            } catch (const Error&) {  // somebody else uses it: it stays
            }
        }
    }

    const model::Project& project_;
    engine::Engine& engine_;
    const WatchOptions& options_;
    base::Reporter& reporter_;
    LogFace& face_;
    os::Scope& scope_;
    const std::vector<WatchRule> rules_;
};

}  // namespace

void check_watch(const model::Project& project, const WatchOptions& options, base::Reporter& reporter) {
    for (const WatchRule& rule : watch_rules(project, options.services, reporter))
        if (rule.trigger().action == "rebuild" && options.no_build)
            throw Error(ErrorKind::invalid,
                        cat("--no-build is incompatible with watch action rebuild in service ", rule.service()));
}

void watch(const model::Project& project, engine::Engine& engine, const WatchOptions& options, base::Reporter& reporter,
           LogFace& face, os::Scope& scope) {
    try {
        Watching(project, engine, options, reporter, face, scope).run();
    } catch (const base::Cancelled&) { face.note(" ⦿ Watch disabled"); }
}

}  // namespace tutti::verbs
