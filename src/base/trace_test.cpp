#include "base/trace.h"

#include <gtest/gtest.h>

#include <thread>

namespace tutti::base {
namespace {

TEST(Trace, HoldsWhatEndedWhileItWasOn) {
    { const Span before("before"); }
    begin_trace();
    {
        const Span outer("outer", "a \"name\"");
        const Span inner("inner");
    }
    std::thread([] { const Span there("elsewhere"); }).join();
    const std::string text = end_trace();
    { const Span after("after"); }
    EXPECT_TRUE(text.starts_with("[\n{\"name\":\"inner\",\"ph\":\"X\"")) << text;
    EXPECT_NE(text.find("\"args\":{\"about\":\"a \\\"name\\\"\"}}"), std::string::npos) << text;
    EXPECT_NE(text.find("elsewhere"), std::string::npos);
    EXPECT_TRUE(text.ends_with("}\n]\n"));
    EXPECT_EQ(text.find("before"), std::string::npos);
    EXPECT_EQ(end_trace(), "[\n]\n");
}

}  // namespace
}  // namespace tutti::base
