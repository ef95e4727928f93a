#include "oci/registry.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "doc/json.h"
#include "oci/endpoint.h"

namespace tutti::oci {

using base::cat;
using base::Digest;
using base::Error;
using base::ErrorKind;

constexpr std::size_t max_document = std::size_t{8} << 20;

struct Repository::State {
    Reference name;
    os::Cancel cancel;
    std::vector<std::unique_ptr<EndpointSession>> sessions;
    std::atomic<std::size_t> active{0};  // the place that answered last

    // Asks one place after the other, beginning with the one that answered last.
    template <class Ask>
    auto ask(Ask&& ask) {
        const std::size_t first = active;
        for (std::size_t i = 0;; ++i) {
            const std::size_t at = (first + i) % sessions.size();
            try {
                auto answer = ask(*sessions[at]);
                active = at;
                return answer;
            } catch (const Error& error) {  // a mirror that fails is no failure yet
                if (i + 1 == sessions.size()) throw;
            }
        }
    }
};

Repository::Repository(const Reference& name, const Registries& registries, Access access, const os::Cancel& cancel)
    : state_(std::make_unique<State>()) {
    state_->name = name;
    state_->cancel = cancel;
    std::vector<Endpoint> endpoints;
    if (registries.endpoints) endpoints = registries.endpoints(name);
    if (access == Access::push) std::erase_if(endpoints, [](const Endpoint& endpoint) { return endpoint.mirror; });
    if (endpoints.empty()) endpoints.push_back(default_endpoint(name.domain));
    const std::string actions = access == Access::push ? "pull,push" : "pull";
    for (const Endpoint& endpoint : endpoints)
        state_->sessions.push_back(std::make_unique<EndpointSession>(endpoint, name, actions, registries));
}

Repository::~Repository() = default;
Repository::Repository(Repository&&) noexcept = default;
const Reference& Repository::name() const { return state_->name; }

Document Repository::manifest(const std::string& tag_or_digest) const {
    return state_->ask([&](EndpointSession& session) {
        http::Request request;
        for (const auto type : {media::oci_index, media::docker_list, media::oci_manifest, media::docker_manifest})
            request.headers.add("Accept", std::string(type));
        http::Response response = session.send(request, cat("/manifests/", tag_or_digest), state_->cancel);
        if (!response.ok()) session.fail(response, cat("fetching the manifest of ", state_->name.familiar()));
        Document out{response.headers.value_or("Content-Type"), response.text(max_document), Digest::of("")};
        const auto wanted = Digest::parse(tag_or_digest);
        const auto announced = Digest::parse(response.headers.value_or("Docker-Content-Digest"));
        const auto algorithm = wanted      ? wanted->algorithm()
                               : announced ? announced->algorithm()
                                           : Digest::Algorithm::sha256;
        base::Hasher hasher(algorithm);
        hasher.add(out.bytes);
        out.digest = hasher.finish();
        for (const auto& expected : {wanted, announced})
            if (expected && *expected != out.digest)
                throw Error(ErrorKind::invalid,
                            cat("the manifest of ", state_->name.familiar(), " has digest ", out.digest.to_text(),
                                ", not ", expected->to_text()),
                            "the registry or something between sends wrong data; nothing was kept");
        return out;
    });
}

namespace {

// A blob's bytes; a connection that breaks is taken up again where it broke.
class BlobSource : public base::Source {
  public:
    BlobSource(std::function<http::Response(std::int64_t from)> open, const Descriptor& descriptor, os::Cancel cancel)
        : open_(std::move(open)), digest_(descriptor.digest), size_(descriptor.size), cancel_(std::move(cancel)) {
        body_ = open_(0).body;
    }

    std::size_t read(char* into, std::size_t size) override {
        for (;;) {
            try {
                if (!body_) resume();
                const std::size_t n = body_->read(into, size);
                if (n == 0 && position_ < size_)
                    throw Error(ErrorKind::invalid,
                                cat("layer ", digest_.short_text(), " is shorter than its manifest says"));
                position_ += static_cast<std::int64_t>(n);
                if (position_ > size_)
                    throw Error(ErrorKind::invalid,
                                cat("layer ", digest_.short_text(), " is longer than its manifest says"));
                if (n != 0) attempts_ = 0;
                return n;
            } catch (const Error& error) {
                const bool transient = error.kind() == ErrorKind::unavailable || error.kind() == ErrorKind::timeout;
                if (!transient || ++attempts_ > max_attempts) throw;
                body_.reset();
                pause(cancel_, backoff(attempts_));
            }
        }
    }

  private:
    static constexpr int max_attempts = 5;

    std::string short_of() const {
        return cat("the download of ", digest_.short_text(), " broke off at ", position_, " of ", size_, " bytes");
    }

    void resume() {
        http::Response response = open_(position_);
        body_ = std::move(response.body);
        if (response.status == 206) return;
        char skipped[65536];  // the registry knows no ranges
        for (std::int64_t left = position_; left > 0;) {
            const std::size_t n =
                body_->read(skipped, static_cast<std::size_t>(std::min<std::int64_t>(left, sizeof skipped)));
            if (n == 0) throw Error(ErrorKind::unavailable, short_of(), {}, ECONNRESET);
            left -= static_cast<std::int64_t>(n);
        }
    }

    std::function<http::Response(std::int64_t)> open_;
    Digest digest_;
    std::int64_t size_, position_ = 0;
    os::Cancel cancel_;
    std::unique_ptr<base::Source> body_;
    int attempts_ = 0;
};

}  // namespace

std::unique_ptr<base::Source> Repository::blob(const Descriptor& descriptor, const os::Cancel& cancel) const {
    return state_->ask([&](EndpointSession& session) -> std::unique_ptr<base::Source> {
        const auto open = [&session, cancel, digest = descriptor.digest,
                           name = state_->name.familiar()](std::int64_t from) {
            http::Request request;
            if (from != 0) request.headers.add("Range", cat("bytes=", from, "-"));
            http::Response response = session.send(request, cat("/blobs/", digest.to_text()), cancel);
            const bool right_range = response.status != 206 ||
                                     response.headers.value_or("Content-Range").starts_with(cat("bytes ", from, "-"));
            if (!response.ok() || !right_range)
                session.fail(response, cat("downloading ", digest.short_text(), " of ", name));
            return response;
        };
        return std::make_unique<BlobSource>(open, descriptor, cancel);
    });
}

std::string Repository::small_blob(const Descriptor& descriptor, std::size_t limit) const {
    if (descriptor.size > static_cast<std::int64_t>(limit))
        throw Error(ErrorKind::invalid, cat("blob ", descriptor.digest.short_text(), " has ", descriptor.size,
                                            " bytes, more than ", limit));
    const auto source = blob(descriptor, state_->cancel);
    std::string bytes = base::read_to_end(*source, limit);
    base::Hasher hasher(descriptor.digest.algorithm());
    hasher.add(bytes);
    if (hasher.finish() != descriptor.digest)
        throw Error(ErrorKind::invalid,
                    cat("blob ", descriptor.digest.short_text(), " of ", state_->name.familiar(),
                        " does not have the digest it was asked for by"),
                    "the registry or something between sends wrong data; nothing was kept");
    return bytes;
}

bool Repository::has_blob(const Digest& digest) const {
    EndpointSession& session = *state_->sessions.front();
    http::Request request;
    request.method = "HEAD";
    const http::Response response = session.send(request, cat("/blobs/", digest.to_text()), state_->cancel);
    return response.ok();
}

bool Repository::mount_blob(const Digest& digest, const std::string& from_path) const {
    EndpointSession& session = *state_->sessions.front();
    http::Request request;
    request.method = "POST";
    const http::Response response = session.send(request,
                                                 cat("/blobs/uploads/?mount=", http::percent_encode(digest.to_text()),
                                                     "&from=", http::percent_encode(from_path)),
                                                 state_->cancel);
    return response.status == 201;
}

// The place that the registry gives to an upload.
static http::Url upload_place(EndpointSession& session, const http::Response& response) {
    const auto place = session.url("/blobs/uploads/").resolve(response.headers.value_or("Location"));
    if (!place) throw Error(ErrorKind::invalid, cat(session.host(), " names no place for an upload"));
    return *place;
}

static http::Url begin_upload(EndpointSession& session, const std::string& what, const os::Cancel& cancel) {
    http::Request request;
    request.method = "POST";
    http::Response response = session.send(request, "/blobs/uploads/", cancel);
    if (response.status != 202) session.fail(response, what);
    return upload_place(session, response);
}

static void finish_upload(EndpointSession& session, http::Url place, const Digest& digest, std::string_view bytes,
                          const std::string& what, const os::Cancel& cancel) {
    place.target +=
        cat(place.target.find('?') == std::string::npos ? '?' : '&', "digest=", http::percent_encode(digest.to_text()));
    http::Request request;
    request.method = "PUT";
    request.headers.add("Content-Type", "application/octet-stream");
    request.body = bytes;
    http::Response response = session.send(request, place, cancel);
    if (response.status != 201 && response.status != 204) session.fail(response, what);
}

namespace {

class HashingSource : public base::Source {
  public:
    explicit HashingSource(base::Source& from) : from_(from) {}
    std::size_t read(char* into, std::size_t size) override {
        const std::size_t n = from_.read(into, size);
        hasher_.add({into, n});
        size_ += static_cast<std::int64_t>(n);
        return n;
    }
    Repository::Uploaded finish() { return {hasher_.finish(), size_}; }

  private:
    base::Source& from_;
    base::Hasher hasher_;
    std::int64_t size_ = 0;
};

}  // namespace

Repository::Uploaded Repository::upload(base::Source& bytes) const {
    EndpointSession& session = *state_->sessions.front();
    const std::string what = cat("pushing a layer of ", state_->name.familiar());
    const http::Url place = begin_upload(session, what, state_->cancel);
    HashingSource hashing(bytes);
    http::Request request;
    request.method = "PATCH";
    request.headers.add("Content-Type", "application/octet-stream");
    request.stream = &hashing;
    http::Response response = session.send(request, place, state_->cancel);
    if (response.status != 202 && response.status != 204) session.fail(response, what);
    const Uploaded done = hashing.finish();
    finish_upload(session, upload_place(session, response), done.digest, {}, what, state_->cancel);
    return done;
}

void Repository::upload(const Digest& digest, std::string_view bytes) const {
    EndpointSession& session = *state_->sessions.front();
    const std::string what = cat("pushing ", digest.short_text(), " of ", state_->name.familiar());
    finish_upload(session, begin_upload(session, what, state_->cancel), digest, bytes, what, state_->cancel);
}

void Repository::put_manifest(const std::string& tag_or_digest, std::string_view media_type,
                              std::string_view bytes) const {
    EndpointSession& session = *state_->sessions.front();
    http::Request request;
    request.method = "PUT";
    request.headers.add("Content-Type", std::string(media_type));
    request.body = bytes;
    http::Response response = session.send(request, cat("/manifests/", tag_or_digest), state_->cancel);
    if (!response.ok()) session.fail(response, cat("pushing the manifest of ", state_->name.familiar()));
}

}  // namespace tutti::oci
