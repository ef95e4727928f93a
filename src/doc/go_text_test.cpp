#include "doc/go_text.h"

#include <gtest/gtest.h>

namespace tutti::doc {

TEST(GoText, PrintsScalarsAsGoDoes) {
    EXPECT_EQ(go_text(Node()), "<nil>");
    EXPECT_EQ(go_text(Node(true)), "true");
    EXPECT_EQ(go_text(Node(std::int64_t{420})), "420");
    EXPECT_EQ(go_text(Node(1.10)), "1.1");
    EXPECT_EQ(go_text(Node(2.0)), "2");
    EXPECT_EQ(go_text(Node(123456.5)), "123456.5");
    EXPECT_EQ(go_text(Node(1234567.5)), "1.2345675e+06");
    EXPECT_EQ(go_text(Node(0.0001)), "0.0001");
    EXPECT_EQ(go_text(Node(0.000001)), "1e-06");
    EXPECT_EQ(go_text(Node(1e23)), "1e+23");
}

TEST(GoText, PrintsNestedValuesSortedByKey) {
    Node map = Node::map();
    map.set("b", Node(std::int64_t{2}));
    map.set("a", Node::texts({"x", "y"}));
    EXPECT_EQ(go_text(map), "map[a:[x y] b:2]");
}

}  // namespace tutti::doc
