#include "base/error.h"
#include "base/text.h"
#include "docker/client/faces.h"
#include "docker/wire/nodes.h"
#include "docker/wire/resources.h"

namespace tutti::docker::client {

using doc::Node;

engine::EngineInfo SystemFace::info() {
    return wire::info_from(api_.call({.path = "/info"}), api_.call({.path = "/version"}));
}

void SystemFace::ping() { api_.ping(); }

void SystemFace::events(const engine::EventOptions& options, const engine::EventSink& sink, const os::Cancel& cancel) {
    // The engine answers a moment before it listens: what happens in between is asked for by its time.
    const bool from_now = options.ready && options.since == engine::Time{};
    const engine::Time since = from_now ? std::chrono::system_clock::now() : options.since;
    api_.each_line(
        {.path = "/events",
         .query = {{"since", seconds_text(since)},
                   {"until", seconds_text(options.until)},
                   {"filters", filters({{"label", options.labels}})}},
         .patience = {},
         .opened = options.ready},
        [&](const Node& node) { sink(wire::event_from(node)); }, cancel);
}

engine::LoginAnswer SystemFace::check_credentials(const engine::Credentials& credentials) {
    const Node answer = api_.call({.method = "POST", .path = "/auth", .body = wire::auth_config(credentials)});
    return {answer.text_or("Status"), answer.text_or("IdentityToken")};
}

}  // namespace tutti::docker::client
