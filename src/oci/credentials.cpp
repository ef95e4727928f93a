#include "oci/credentials.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "http/url.h"
#include "os/file.h"
#include "os/process.h"

namespace tutti::oci {

using base::cat;
using base::Error;
using base::ErrorKind;
using doc::Node;

constexpr std::string_view hub_key = "https://index.docker.io/v1/";

static std::string key_of(const std::string& domain) { return domain == "docker.io" ? std::string(hub_key) : domain; }

// Keys of `auths` come as hosts, URLs and, for the hub, in three spellings.
static std::string domain_of(std::string_view key) {
    if (const auto scheme = key.find("://"); scheme != std::string_view::npos) key.remove_prefix(scheme + 3);
    const std::string host(key.substr(0, key.find('/')));
    return host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host;
}

static Node read_config(const std::string& path) {
    const auto text = path.empty() ? std::nullopt : os::read_file_if_exists(path);
    if (!text || base::trim(*text).empty()) return Node::map();
    Node node = doc::parse_json(*text, path);
    if (!node.is_map()) throw Error(ErrorKind::invalid, cat(path, " is no JSON object"));
    return node;
}

static Credentials decode(const Node& entry, const std::string& path) {
    Credentials out{entry.text_or("username"), entry.text_or("password"), entry.text_or("identitytoken")};
    if (const std::string packed = entry.text_or("auth"); !packed.empty()) {
        const auto plain = http::from_base64(packed);
        const auto colon = plain ? plain->find(':') : std::string::npos;
        if (colon == std::string::npos)
            throw Error(ErrorKind::invalid, cat("an \"auth\" in ", path, " is damaged"), "log in again");
        out.user = plain->substr(0, colon);
        out.password = plain->substr(colon + 1);
        out.password.resize(std::min(out.password.find('\0'), out.password.size()));
    }
    return out;
}

static Credentials find_in_file(const Node& config, const std::string& domain, const std::string& path) {
    const Node* auths = config.find("auths");
    if (!auths || !auths->is_map()) return {};
    for (const auto& [key, mark, entry] : auths->entries())
        if (domain_of(key) == domain && entry.is_map() && entry.size() != 0) return decode(entry, path);
    return {};
}

static std::string helper_for(const Node& config, const std::string& domain) {
    if (const Node* helpers = config.find("credHelpers"); helpers && helpers->is_map())
        for (const auto& [key, mark, helper] : helpers->entries())
            if (domain_of(key) == domain && helper.is_text()) return helper.as_text();
    return config.text_or("credsStore");
}

struct HelperAnswer {
    bool ok = false;
    std::string text;
};

// Nothing: no such program.
static std::optional<HelperAnswer> ask_helper(const CredentialPlaces& places, const std::string& name,
                                              const std::string& action, const std::string& input,
                                              const os::Cancel& cancel) {
    const bool plain_name = !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    });
    if (!plain_name) throw Error(ErrorKind::invalid, cat("\"", name, "\" is no name of a credential helper"));
    const auto program = os::find_program(places.search_path, cat("docker-credential-", name));
    if (!program) return std::nullopt;
    os::Pipe in = os::make_pipe(), out = os::make_pipe();
    os::Process process = os::Process::spawn({.argv = {*program, action},
                                              .env = places.environment,
                                              .cwd = {},
                                              .program_fd = -1,
                                              .fds = {{in.read.get(), 0}, {out.write.get(), 1}},
                                              .new_session = false});
    in.read.reset();
    out.write.reset();
    os::write_all(in.write, input);  // far less than a pipe holds
    in.write.reset();
    HelperAnswer answer;
    answer.text = os::read_to_end(out.read, std::size_t{1} << 20);
    const auto status = process.wait(cancel, os::Clock::now() + std::chrono::seconds(30));
    if (!status) throw Error(ErrorKind::timeout, cat("docker-credential-", name, " does not end"));
    answer.ok = status->code == 0;
    return answer;
}

static std::optional<Credentials> find_with_helper(const CredentialPlaces& places, const std::string& helper,
                                                   const std::string& domain, const os::Cancel& cancel) {
    const auto answer = ask_helper(places, helper, "get", key_of(domain), cancel);
    if (!answer) return std::nullopt;
    if (!answer->ok) {
        if (answer->text.find("not found") != std::string::npos) return Credentials{};
        throw Error(ErrorKind::unavailable, cat("docker-credential-", helper, ": ", base::trim(answer->text)));
    }
    const Node node = doc::parse_json(answer->text, cat("the answer of docker-credential-", helper));
    const std::string user = node.text_or("Username"), secret = node.text_or("Secret");
    if (user == "<token>") return Credentials{"", "", secret};
    return Credentials{user, secret, ""};
}

Credentials CredentialStore::find(const std::string& domain, const os::Cancel& cancel) const {
    const Node config = read_config(places_.docker_config);
    if (const std::string helper = helper_for(config, domain); !helper.empty())
        if (const auto found = find_with_helper(places_, helper, domain, cancel); found && !found->empty())
            return *found;
    if (Credentials found = find_in_file(config, domain, places_.docker_config); !found.empty()) return found;
    for (const auto& path : places_.auth_files)
        if (Credentials found = find_in_file(read_config(path), domain, path); !found.empty()) return found;
    return {};
}

static void write_config(const std::string& path, const Node& config) {
    if (const auto slash = path.rfind('/'); slash != std::string::npos && slash != 0)
        os::make_folders(path.substr(0, slash), 0700);
    os::write_file(path, cat(doc::write_json(config, {.pretty = true, .escape_html = false}), '\n'), 0600);
}

std::string CredentialStore::save(const std::string& domain, const Credentials& who, const os::Cancel& cancel) const {
    Node config = read_config(places_.docker_config);
    if (const std::string helper = helper_for(config, domain); !helper.empty()) {
        Node node = Node::map();
        node.set("ServerURL", Node(key_of(domain)));
        node.set("Username", Node(who.identity_token.empty() ? who.user : "<token>"));
        node.set("Secret", Node(who.identity_token.empty() ? who.password : who.identity_token));
        const auto answer = ask_helper(places_, helper, "store", doc::write_json(node, {.escape_html = false}), cancel);
        if (!answer)
            throw Error(ErrorKind::not_found,
                        cat("docker-credential-", helper, " is named in ", places_.docker_config, " but not installed"),
                        "install it, or take credsStore out of the file");
        if (!answer->ok)
            throw Error(ErrorKind::unavailable, cat("docker-credential-", helper, ": ", base::trim(answer->text)));
        return cat("docker-credential-", helper);
    }
    if (!config.find("auths") || !config.find("auths")->is_map()) config.set("auths", Node::map());
    Node& auths = *config.find("auths");
    std::erase_if(auths.entries(), [&](const doc::Entry& entry) { return domain_of(entry.key) == domain; });
    Node& entry = auths.set(key_of(domain), Node::map());
    entry.set("auth", Node(http::base64(cat(who.user, ':', who.identity_token.empty() ? who.password : ""))));
    if (!who.identity_token.empty()) entry.set("identitytoken", Node(who.identity_token));
    write_config(places_.docker_config, config);
    return places_.docker_config;
}

bool CredentialStore::erase(const std::string& domain, const os::Cancel& cancel) const {
    Node config = read_config(places_.docker_config);
    bool found = false;
    if (const std::string helper = helper_for(config, domain); !helper.empty()) {
        const auto answer = ask_helper(places_, helper, "erase", key_of(domain), cancel);
        found = answer && answer->ok;
    }
    if (Node* auths = config.find("auths"); auths && auths->is_map()) {
        const auto removed =
            std::erase_if(auths->entries(), [&](const doc::Entry& entry) { return domain_of(entry.key) == domain; });
        if (removed != 0) write_config(places_.docker_config, config);
        found = found || removed != 0;
    }
    return found;
}

}  // namespace tutti::oci
