// login and logout: who we are at a registry, kept where Docker keeps it.
#include "base/error.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/up.h"

namespace tutti::cli {

namespace {

using base::cat;

std::string server_of(const Arguments& arguments) {
    std::string server = arguments.rest().empty() ? "docker.io" : arguments.rest()[0];
    for (const std::string_view scheme : {"https://", "http://"})
        if (server.starts_with(scheme)) server.erase(0, scheme.size());
    server.erase(std::min(server.find('/'), server.size()));
    const bool hub = server == "index.docker.io" || server == "registry-1.docker.io";
    return hub ? "docker.io" : server;
}

std::string password_of(const Arguments& arguments, Session& session) {
    if (arguments.on("password-stdin")) {
        if (!arguments.given("username")) refuse("the --password-stdin option requires --username to be set");
        std::string password = session.read_line();
        while (password.ends_with('\r') || password.ends_with('\n')) password.pop_back();
        if (password.empty()) refuse("standard input holds no password");
        return password;
    }
    if (arguments.given("password")) {
        session.err("WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n");
        return arguments.text("password");
    }
    if (!session.in_is_terminal)
        refuse("cannot ask for a password without a terminal: pipe it in with --password-stdin");
    session.err("Password: ");
    std::string password = session.read_secret();
    session.err("\n");
    if (password.empty()) refuse("a password is required");
    return password;
}

int login(const Arguments& arguments, Session& session) {
    engine::Credentials who;
    who.server = server_of(arguments);
    who.username = arguments.text("username");
    if (who.username.empty()) {
        if (!session.in_is_terminal) refuse("cannot ask for a user without a terminal: name it with --username");
        session.err("Username: ");
        who.username = base::trim(session.read_line());
        if (who.username.empty()) refuse("a user name is required");
    }
    who.password = password_of(arguments, session);
    const engine::LoginAnswer answer = session.engine().system().check_credentials(who);
    if (!answer.identity_token.empty()) {
        who.identity_token = answer.identity_token;
        who.password.clear();
    }
    const std::string place = session.save_login(who);
    session.out(cat(answer.status.empty() ? "Login Succeeded" : answer.status, "\n"));
    if (place.starts_with('/'))
        session.err(cat("The password is kept unencrypted in ", place,
                        "; a credential helper (\"credsStore\" in that file) keeps it better.\n"));
    return 0;
}

int logout(const Arguments& arguments, Session& session) {
    const std::string server = server_of(arguments);
    const bool was_kept = session.drop_login(server);
    session.out(was_kept ? cat("Removing login credentials for ", server, "\n")
                         : cat("Not logged in to ", server, "\n"));
    return 0;
}

constexpr Flag login_flags[] = {
    {.name = "password", .letter = 'p', .kind = FlagKind::text, .help = "Password or access token"},
    {.name = "password-stdin", .help = "Take the password from stdin"},
    {.name = "username", .letter = 'u', .kind = FlagKind::text, .help = "Username"},
};

}  // namespace

constinit const Command login_command{
    .name = "login",
    .usage = "login [OPTIONS] [SERVER]",
    .help = "Log in to a registry",
    .flags = login_flags,
    .run = login,
    .most = 1,
    .reads_project = false,
    .docker = "login",
};
constinit const Command logout_command{
    .name = "logout",
    .usage = "logout [SERVER]",
    .help = "Log out from a registry",
    .run = logout,
    .most = 1,
    .reads_project = false,
    .docker = "logout",
};

}  // namespace tutti::cli
