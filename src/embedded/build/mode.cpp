#include "base/error.h"
#include "base/text.h"
#include "embedded/build/tree.h"

namespace tutti::embedded::build {

using base::cat;

namespace {

[[noreturn]] void refuse(std::string_view text) {
    throw base::Error(base::ErrorKind::invalid,
                      cat("invalid chmod parameter: '", text, "'. it should be octal string and between 0 and 07777"),
                      "or symbolic, as chmod(1) takes it: u=rwX,go=rX");
}

}  // namespace

ModeChange ModeChange::parse(std::string_view text) {
    ModeChange out;
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') {
        const auto mode = base::to_uint(text, 8);
        if (!mode || *mode > 07777) refuse(text);
        out.absolute_ = static_cast<std::uint32_t>(*mode);
        return out;
    }
    for (std::string_view part : base::split(text, ',')) {
        std::uint32_t who = 0;
        std::size_t i = 0;
        for (; i < part.size() && std::string_view("ugoa").find(part[i]) != std::string_view::npos; ++i)
            who |= part[i] == 'u' ? 04700U : part[i] == 'g' ? 02070U : part[i] == 'o' ? 01007U : 07777U;
        if (who == 0) who = 07777;
        if (i >= part.size()) refuse(text);
        while (i < part.size()) {
            Clause clause{.who = who, .op = part[i++]};
            if (clause.op != '=' && clause.op != '+' && clause.op != '-') refuse(text);
            for (; i < part.size() && part[i] != '=' && part[i] != '+' && part[i] != '-'; ++i) {
                switch (part[i]) {
                    case 'r': clause.bits |= 0444; break;
                    case 'w': clause.bits |= 0222; break;
                    case 'x': clause.bits |= 0111; break;
                    case 'X': clause.conditional_execute = true; break;
                    case 's': clause.bits |= 06000; break;
                    case 't': clause.bits |= 01000; break;
                    default: refuse(text);
                }
            }
            out.clauses_.push_back(clause);
        }
    }
    return out;
}

std::uint32_t ModeChange::apply(std::uint32_t mode, bool folder) const {
    if (absolute_) return *absolute_;
    for (const Clause& clause : clauses_) {
        std::uint32_t bits = clause.bits;
        if (clause.conditional_execute && (folder || (mode & 0111) != 0)) bits |= 0111;
        bits &= clause.who;
        if (clause.op == '+')
            mode |= bits;
        else if (clause.op == '-')
            mode &= ~bits;
        else
            mode = (mode & ~(clause.who & 0777)) | bits;
    }
    return mode & 07777;
}

}  // namespace tutti::embedded::build
