// Boxes made by an installed program with runc's command line. See runtime.h for the contract.
#pragma once

#include "embedded/runtime/native/hierarchies.h"
#include "embedded/runtime/runtime.h"

namespace tutti::embedded::runtime::external {

class External : public Runtime {
  public:
    External(std::string name, std::string program, std::string root, const NativeOptions& options, std::string note);

    std::string_view name() const override { return name_; }
    Box create(const Spec& spec, CreateOptions options) override;
    void start(const Box& box) override;
    BoxState state(const Box& box) override;
    void signal(const Box& box, int number, bool all) override;
    void pause(const Box& box) override;
    void resume(const Box& box) override;
    void update(const Box& box, const Resources& resources) override;
    Stats stats(const Box& box) override;
    std::vector<pid_t> processes(const Box& box) override;
    std::unique_ptr<ExecProcess> exec(const Box& box, const ExecSpec& spec) override;
    void remove(const Box& box, bool force) override;

  private:
    std::vector<std::string> command_line() const;  // program and global flags
    void call(const Box& box, std::vector<std::string> words) const;

    std::string name_, program_, root_, note_;
    native::Hierarchies hierarchies_;
    os::Fd shim_;
};

// Why this program cannot be used on a machine like this, and the cure; empty: it can. crun refuses cgroups of both
// versions while the second still has controllers.
std::string obstacle(const std::string& program, const native::Hierarchies& hierarchies);

}  // namespace tutti::embedded::runtime::external
