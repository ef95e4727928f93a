// The registry protocol (distribution v2): manifests, blobs, uploads; tokens, retries, mirrors.
// Used by embedded/images and by `login`. Knows no store: blobs come as streams and go as streams.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/stream.h"
#include "http/client.h"
#include "oci/image.h"
#include "oci/reference.h"
#include "os/scope.h"

namespace tutti::oci {

struct Credentials {
    std::string user, password;
    std::string identity_token;  // instead of a password
    bool empty() const { return user.empty() && identity_token.empty(); }
};

// One place an image may be fetched from.
struct Endpoint {
    std::string host;       // "registry-1.docker.io", "localhost:5000"
    std::string path;       // of the repository there; empty: as in the name
    bool plain = false;     // http allowed
    bool insecure = false;  // certificates are not checked
    bool mirror = false;    // only for pulls; the next one is tried if it fails
};
Endpoint default_endpoint(const std::string& domain);  // docker.io → registry-1.docker.io; loopback may be plain

// How registries are reached: credentials, mirrors, certificates. Made by oci/registries.h, or by a test.
struct Registries {
    std::function<Credentials(const std::string& domain)> credentials;      // unset: anonymous
    std::function<std::vector<Endpoint>(const Reference& name)> endpoints;  // unset: the domain itself
    std::function<http::Tls(const http::Url& url)> tls;                     // unset: the system's certificates
    http::Proxies proxies;
};

struct Document {
    std::string media_type, bytes;
    base::Digest digest;
};

// One repository at its places. May be used by several threads at once.
class Repository {
  public:
    enum class Access { pull, push };
    Repository(const Reference& name, const Registries& registries, Access access, const os::Cancel& cancel);
    ~Repository();
    Repository(Repository&&) noexcept;

    const Reference& name() const;
    // By tag or digest; verified when asked for by digest. Error: not_found, denied, unavailable, invalid.
    Document manifest(const std::string& tag_or_digest) const;
    // A blob from its beginning; short reads are resumed where they broke off. Checks the size; the caller checks the
    // digest.
    std::unique_ptr<base::Source> blob(const Descriptor& descriptor, const os::Cancel& cancel) const;
    std::string small_blob(const Descriptor& descriptor, std::size_t limit) const;  // whole and verified

    bool has_blob(const base::Digest& digest) const;
    bool mount_blob(const base::Digest& digest, const std::string& from_path) const;  // false: has to be uploaded
    struct Uploaded {
        base::Digest digest;
        std::int64_t size = 0;
    };
    Uploaded upload(base::Source& bytes) const;  // hashed on the way
    void upload(const base::Digest& digest, std::string_view bytes) const;
    void put_manifest(const std::string& tag_or_digest, std::string_view media_type, std::string_view bytes) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// What `login` asks: are these right? Throws Error (denied) with the registry's words. Returns an identity token or "".
std::string check_login(const std::string& domain, const Credentials& who, const Registries& registries,
                        const os::Cancel& cancel);

}  // namespace tutti::oci
