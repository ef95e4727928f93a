#include "doc/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "doc/json.h"

namespace tutti::doc {
namespace {

std::string as_json(std::string_view text) {
    Diagnostics diagnostics;
    std::string out;
    for (const Node& node : read_yaml(text, 0, diagnostics)) out += write_json(node);
    for (const Diagnostic& diagnostic : diagnostics.all())
        out += base::cat("[", diagnostic.mark.line, ":", diagnostic.mark.column, " ", diagnostic.message, "]");
    return out;
}

std::string again(std::string_view text) {
    Diagnostics diagnostics;
    const auto nodes = read_yaml(text, 0, diagnostics);
    return nodes.empty() ? "" : write_yaml(nodes[0]);
}

TEST(yaml, resolves_plain_scalars_as_the_library_of_compose_does) {
    EXPECT_EQ(
        as_json("[0o440, 0440, 1_000, 0x1F, 0b11, -5, +5, 08, 1e3, .5, 5., yes, no, ~, null, TRUE, 12:30:45, '5']"),
        R"([288,288,1000,31,3,-5,5,8,1000,0.5,5,"yes","no",null,null,true,"12:30:45","5"])");
    EXPECT_EQ(as_json("2024-01-02"), "\"2024-01-02T00:00:00Z\"");
    EXPECT_EQ(as_json("2001-12-14t21:59:43.10-05:00"), "\"2001-12-14T21:59:43.1-05:00\"");
    EXPECT_EQ(as_json("2024-02-30"), "\"2024-02-30\"");
    EXPECT_EQ(as_json("[!!str 5, !!float 5, !mine 5, ! 5, !!int '5']"), R"(["5",5,"5","5",5])");
    EXPECT_THAT(as_json("a: .inf"), testing::HasSubstr("[1:4 infinite numbers"));
}

TEST(yaml, copies_aliases_and_resolves_merge_keys) {
    EXPECT_EQ(as_json("a: &x {k: 1, l: 2}\nb: *x\nc: {<<: *x, k: 3}\nd:\n  <<: [{k: 8}, *x]\n"),
              R"({"a":{"k":1,"l":2},"b":{"k":1,"l":2},"c":{"k":3,"l":2},"d":{"k":8,"l":2}})");
    EXPECT_EQ(as_json("a: &x 1\n---\nb: *x\n"), R"({"a":1}{"b":1})");  // across documents
    EXPECT_THAT(as_json("a: &x [*x]"), testing::HasSubstr("contains itself"));
    EXPECT_THAT(as_json("a: *y"), testing::HasSubstr("unknown anchor 'y'"));
    EXPECT_THAT(as_json("a: 5\nb: {<<: 5}"), testing::HasSubstr("map merge requires"));
}

TEST(yaml, keeps_reset_and_override_tags) {
    Diagnostics diagnostics;
    const auto nodes = read_yaml(
        "a: !reset [1]\nb: !override {c: !reset x}\nd: {<<: {e: 1}, e: !reset null}\nf: [!reset g]", 0, diagnostics);
    ASSERT_EQ(nodes.size(), 1U);
    EXPECT_EQ(nodes[0].find("a")->tag(), Tag::reset);
    EXPECT_TRUE(nodes[0].find("a")->is_null());
    EXPECT_EQ(nodes[0].find("b")->tag(), Tag::override_);
    EXPECT_EQ(nodes[0].find_path({"b", "c"})->as_text(), "x");
    EXPECT_EQ(nodes[0].find_path({"d", "e"})->tag(), Tag::override_);
    EXPECT_EQ(nodes[0].find_path({"d", "e"})->as_int(), 1);
    EXPECT_EQ(nodes[0].find("f")->size(), 0U);
    EXPECT_EQ(diagnostics.errors(), 0U);
}

TEST(yaml, refuses_with_a_place_and_a_hint) {
    EXPECT_THAT(as_json("a: 1\nb: 2\na: 3"), testing::HasSubstr("[3:1 mapping key \"a\" already defined at line 1]"));
    EXPECT_THAT(as_json("a: 1\n5: x"), testing::HasSubstr("[2:1 non-string key: 5]"));
    EXPECT_EQ(as_json("a: \xff"), "[1:4 invalid UTF-8 at byte 3 (0xff)]");
    EXPECT_THAT(as_json("%YAML 1.2\n---\na: 1"), testing::HasSubstr("incompatible"));
    EXPECT_EQ(as_json("%YAML 1.1\n---\na: 1"), R"({"a":1})");
    EXPECT_THAT(as_json("a: \"x\\/y\""), testing::HasSubstr("unknown escape"));
    EXPECT_EQ(as_json("a: \"it\\'s\"\nb: \"\\'\\'\""), R"({"a":"it's","b":"''"})");
    EXPECT_EQ(as_json("a: \"x\x7Fy\""), "{\"a\":\"x\x7Fy\"}");

    Diagnostics diagnostics;
    read_yaml("a:\n\tb: 1", 0, diagnostics);
    ASSERT_EQ(diagnostics.errors(), 1U);
    EXPECT_THAT(diagnostics.all()[0].hint, testing::HasSubstr("a tab indents this line"));
}

TEST(yaml, stops_hostile_input) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i)
        bomb += base::cat("a", i, ": &a", i, " [",
                          base::join(std::vector<std::string>(10, base::cat("*a", i - 1)), ", "), "]\n");
    EXPECT_THAT(as_json(bomb), testing::HasSubstr("excessive aliasing"));
    EXPECT_THAT(as_json(std::string(100'000, '[')), testing::HasSubstr("nested deeper"));
}

TEST(yaml, takes_byte_order_mark_crlf_and_empty_documents) {
    EXPECT_EQ(as_json("\xEF\xBB\xBF"
                      "a: 1\r\nb: x\r\n"),
              R"({"a":1,"b":"x"})");
    EXPECT_EQ(as_json(""), "");
    EXPECT_EQ(as_json("# nothing\n"), "");
    EXPECT_EQ(as_json("---\n"), "null");
}

TEST(yaml_write, quotes_only_what_must_be_quoted) {
    EXPECT_EQ(
        again("[a b, '5', 'null', 'yes', 'n', '1:60', '10:20:30', '', 'a: b', '- x', ' x', 'it''s', \"\\t\"]"),
        "- a b\n- \"5\"\n- \"null\"\n- 'yes'\n- 'n'\n- 1:60\n- '10:20:30'\n- \"\"\n- 'a: b'\n- '- x'\n- ' x'\n- it's\n"
        "- \"\\t\"\n");
    EXPECT_EQ(again("a: \"\\U0001F680\""), "a: \"\\U0001F680\"\n");
    EXPECT_EQ(again("{a: {}, b: [], c: {d: [1, {e: 2, f: 3}]}}"),
              "a: {}\nb: []\nc:\n  d:\n    - 1\n    - e: 2\n      f: 3\n");
}

TEST(yaml_write, writes_several_lines_as_a_literal) {
    EXPECT_EQ(again("a: \"x\\ny\\n\"\nb: \"x\\ny\"\nc: \"x\\n\\n\"\nd: \" x\\n\"\ne: \"x \\ny\"\nf: \"\\n\""),
              "a: |\n  x\n  y\nb: |-\n  x\n  y\nc: |+\n  x\n\nd: |2\n   x\ne: \"x \\ny\"\nf: \"\\n\"\n");
}

TEST(yaml_write, folds_long_texts_and_asks_for_long_keys) {
    const std::string words = base::join(std::vector<std::string>(20, "word5"), " ");
    EXPECT_EQ(write_yaml(Node(Node::Map{{"k", {}, Node(words)}})),
              base::cat("k: ", words.substr(0, 83), "\n  ", words.substr(84), "\n"));
    const std::string key(129, 'k');
    EXPECT_EQ(write_yaml(Node(Node::Map{{key, {}, Node("v")}})), base::cat("? ", key, "\n: v\n"));
}

TEST(yaml_write, orders_keys_naturally) {
    Node map = Node::map();
    for (const char* key : {"web10", "web2", "a", "1.5", "007", "B"}) map.set(key, Node());
    sort_naturally(map);
    std::vector<std::string> keys;
    for (const Entry& entry : map.entries()) keys.push_back(entry.key);
    EXPECT_THAT(keys, testing::ElementsAre("1.5", "007", "B", "a", "web2", "web10"));
}

}  // namespace
}  // namespace tutti::doc
