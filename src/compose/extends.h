// `extends`: a service laid on another one, of the same file or of another, along whole chains.
// Used by the pipeline for each document of a model. Files that are extended from are read once per set.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "compose/pipeline.h"

namespace tutti::compose {

class Extender {
  public:
    Extender(const Steps& steps, const FileSet& set);
    ~Extender();
    Extender(const Extender&) = delete;
    Extender& operator=(const Extender&) = delete;

    // Resolves all services of a document of `file`; false after an error.
    bool apply(doc::Node& document, const std::string& file, const Removals& removals);

  private:
    struct Services;  // those that a name in `extends` may mean
    struct Link;      // one service of a chain
    struct BaseFile;

    bool resolve(Services& services, const std::string& name);
    bool follow(Services& services, const std::string& name, std::vector<Link>& chain);
    bool fold(std::vector<Link>& chain);
    Services* base_services(const std::string& name, const std::string& wanted, const doc::Node& file);
    bool refuse(const doc::Node& at, std::string message);

    const Steps& steps_;
    const FileSet& set_;
    std::map<std::string, std::unique_ptr<BaseFile>> files_;  // by path; null: cannot be used
};

}  // namespace tutti::compose
