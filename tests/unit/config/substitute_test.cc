#include "agent/config/substitute.h"

#include <gtest/gtest.h>

#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

std::string value(const std::string& text, const FakeHost& host) {
  const auto result = substitute(text, host.surroundings());
  return result ? "= " + *result : result.error().text;
}

TEST(Substitute, StandsForAWholeValue) {
  FakeHost host;
  host.variables = {{"A", "b"}, {"EMPTY", ""}, {"CREDENTIALS_DIRECTORY", "/cred"}};
  host.files = {{"/f", "text\n"}, {"/two", "a\n\n"}, {"/cred/token", "secret\n"}};
  EXPECT_EQ(value("plain", host), "= plain");
  EXPECT_EQ(value("a @hostname", host), "= a @hostname");
  EXPECT_EQ(value("@hostname", host), "= web1");
  EXPECT_EQ(value("@env:A", host), "= b");
  EXPECT_EQ(value("@env:EMPTY", host), "= ");
  EXPECT_EQ(value("@file:/f", host), "= text");
  EXPECT_EQ(value("@file:/two", host), "= a\n") << "one line end goes";
  EXPECT_EQ(value("@cred:token", host), "= secret");
}

TEST(Substitute, DoesNotLookAtWhatItGave) {
  FakeHost host;
  host.variables = {{"A", "@hostname"}};
  EXPECT_EQ(value("@env:A", host), "= @hostname");
}

TEST(Substitute, TakesTwoAtSignsForOne) {
  EXPECT_EQ(value("@@", {}), "= @");
  EXPECT_EQ(value("@@hostname", {}), "= @hostname");
  EXPECT_EQ(value("@@@x", {}), "= @@x");
  for (const std::string text : {"@x", "@@x", "x@", "", "@"}) {
    EXPECT_EQ(value(as_written(text), {}), "= " + text);
  }
}

TEST(Substitute, RefusesWhatStandsForNothing) {
  EXPECT_EQ(value("@hostname.example", {}),
            "\"@hostname.example\" stands for nothing; write @hostname, @env:NAME, @file:/path or "
            "@cred:NAME as the whole value, or \"@@hostname.example\" for a text that begins with "
            "@");
  EXPECT_EQ(value("@env:", {}), "the name is missing: write @env:NAME");
  EXPECT_EQ(value("@env:B", {}),
            "the variable B is not in the environment of this process; set it, or write the value "
            "itself");
  EXPECT_EQ(value("@file:f", {}), "the path of a file must be absolute: write @file:/path");
  EXPECT_EQ(value("@file:/f", {}), "/f cannot be opened: gone");
  EXPECT_EQ(value("@cred:../f", {}), "a credential has a name without /: write @cred:NAME");
  EXPECT_EQ(value("@cred:f", {}),
            "there are no credentials: systemd gives them to a service that has LoadCredential= in "
            "its unit, and sets CREDENTIALS_DIRECTORY");
}

TEST(Substitute, RefusesOctetsThatAreNoText) {
  FakeHost host;
  host.files = {{"/latin", "\xe9"}, {"/nul", std::string("a\0b", 3)}, {"/overlong", "\xc0\x80"}};
  for (const std::string file : {"/latin", "/nul", "/overlong"}) {
    EXPECT_EQ(value("@file:" + file, host),
              "\"@file:" + file + "\" gives octets that are no text in UTF-8, or a NUL");
  }
}

TEST(Substitute, WorksWhereverATextStandsAndNotInKeys) {
  FakeHost host;
  host.variables = {{"T", "20s"}, {"U", "tsdp://a:1"}, {"M", "begin"}};
  const auto loaded = parse_on(
      R"({"interval": "@env:T", "tags": {"@hostname": "x"},
          "endpoints": {"e": {"url": "@env:U", "start": "@env:M"}}})",
      host);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->interval, std::chrono::seconds(20));
  EXPECT_EQ(loaded.config->endpoints[0].url.host, "a");
  EXPECT_TRUE(loaded.config->endpoints[0].from_begin);
  EXPECT_EQ(loaded.config->tags.entries()[0].key, "@hostname");
}

}  // namespace
}  // namespace lariat::config
