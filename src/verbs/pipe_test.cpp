#include "verbs/pipe.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace tutti::verbs {
namespace {

TEST(Pipe, carries_more_than_it_holds) {
    os::Scope scope;
    const std::string much(std::size_t{1} << 20, 'x');
    std::string taken;
    through_pipe(
        scope, [&](base::Sink& sink) { sink.write(much); },
        [&](base::Source& source) {
            const auto next = pieces(source);
            for (std::string piece = next(); !piece.empty(); piece = next()) taken += piece;
        });
    EXPECT_EQ(taken, much);
}

TEST(Pipe, the_failure_of_the_writer_is_told) {
    os::Scope scope;
    try {
        through_pipe(
            scope, [](base::Sink&) { throw base::Error(base::ErrorKind::not_found, "no such file"); },
            [](base::Source& source) {
                if (pieces(source)().empty()) throw base::Error(base::ErrorKind::invalid, "cut short");
            });
        FAIL() << "expected an error";
    } catch (const base::Error& error) { EXPECT_EQ(error.message(), "no such file"); }
}

}  // namespace
}  // namespace tutti::verbs
