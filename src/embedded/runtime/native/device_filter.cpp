#include "embedded/runtime/native/device_filter.h"

#include <linux/bpf.h>

#include <algorithm>

namespace tutti::embedded::runtime::native {

namespace {

// Registers: r2 type, r3 access, r4 major, r5 minor, as r1 (struct bpf_cgroup_dev_ctx*) says; r1 is scratch afterwards.
class Program {
  public:
    void add(std::uint8_t code, std::uint8_t to, std::uint8_t from, std::int16_t offset, std::int32_t value) {
        bpf_insn one{};
        one.code = code;
        one.dst_reg = to & 15;
        one.src_reg = from & 15;
        one.off = offset;
        one.imm = value;
        code_.push_back(one);
    }
    // Jumps to the end of the rule if `reg` is not `value`; set right by end_rule().
    void unless_equal(std::uint8_t reg, std::int32_t value) {
        open_.push_back(code_.size());
        add(BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, value);
    }
    void end_rule(bool allow) {
        add(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allow ? 1 : 0);
        add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
        for (const std::size_t at : open_) code_[at].off = static_cast<std::int16_t>(code_.size() - at - 1);
        open_.clear();
    }
    std::string bytes() const { return {reinterpret_cast<const char*>(code_.data()), code_.size() * sizeof(bpf_insn)}; }

  private:
    std::vector<bpf_insn> code_;
    std::vector<std::size_t> open_;
};

void add_rule(Program& program, const DeviceRule& rule) {
    if (rule.type == "c" || rule.type == "b")
        program.unless_equal(2, rule.type == "c" ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
    std::int32_t access = 0;
    for (const char c : rule.access)
        access |= c == 'r' ? BPF_DEVCG_ACC_READ : c == 'w' ? BPF_DEVCG_ACC_WRITE : BPF_DEVCG_ACC_MKNOD;
    constexpr std::int32_t all = BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE | BPF_DEVCG_ACC_MKNOD;
    if (access != 0 && access != all) {
        program.add(BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
        if (rule.allow) {  // everything asked for must be among what is allowed
            program.add(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, access ^ all);
            program.unless_equal(1, 0);
        } else {  // anything asked for that is denied denies
            program.add(BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, access);
            program.add(BPF_JMP | BPF_JNE | BPF_K, 1, 0, 1, 0);
            program.unless_equal(1, 1);  // r1 is 0 here: always jumps
        }
    }
    if (rule.major && *rule.major >= 0) program.unless_equal(4, static_cast<std::int32_t>(*rule.major));
    if (rule.minor && *rule.minor >= 0) program.unless_equal(5, static_cast<std::int32_t>(*rule.minor));
    program.end_rule(rule.allow);
}

}  // namespace

std::string device_filter(const std::vector<DeviceRule>& rules) {
    Program program;
    program.add(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0);
    program.add(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
    program.add(BPF_LDX | BPF_MEM | BPF_W, 3, 1, 0, 0);
    program.add(BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
    program.add(BPF_LDX | BPF_MEM | BPF_W, 4, 1, 4, 0);
    program.add(BPF_LDX | BPF_MEM | BPF_W, 5, 1, 8, 0);
    bool all = false;  // "a" makes everything before it void
    for (auto rule = rules.rbegin(); rule != rules.rend() && !all; ++rule) {
        all = (rule->type.empty() || rule->type == "a") && (!rule->major || *rule->major < 0) &&
              (!rule->minor || *rule->minor < 0);
        if (all)
            program.end_rule(rule->allow);
        else
            add_rule(program, *rule);
    }
    if (!all) program.end_rule(false);
    return program.bytes();
}

}  // namespace tutti::embedded::runtime::native
