#include "agent/expose/http_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string_view>

#include "tests/unit/expose/exposed_agent.h"

namespace lariat::expose {
namespace {

using testing::HasSubstr;

class HttpRoutesTest : public testing::Test {
 protected:
  HttpAnswer get(std::string_view path, std::optional<std::string_view> scope = {}) {
    return answer({"GET", path, scope}, agent_.sources());
  }

  test::ExposedAgent agent_;
};

TEST_F(HttpRoutesTest, EveryPathHasItsLabel) {
  for (std::size_t i = 0; i + 1 < kPaths.size(); ++i) {
    EXPECT_EQ(get(kPaths[i]).path, static_cast<Path>(i)) << kPaths[i];
    EXPECT_EQ(get(kPaths[i]).code, Code::kOk) << kPaths[i];
  }
}

TEST_F(HttpRoutesTest, WhatIsAlmostAPathIsNone) {
  for (const auto* path :
       {"", "//", "/metrics/", "/Metrics", "/metricsx", "metrics", "other", "/-/", "/../metrics"}) {
    EXPECT_EQ(get(path).path, Path::kOther) << path;
    EXPECT_EQ(get(path).code, Code::kNotFound) << path;
  }
}

TEST_F(HttpRoutesTest, NotFoundListsEveryPath) {
  const auto answer = get("/nowhere");
  for (const auto path : kPaths) {
    if (path == "other") continue;
    EXPECT_THAT(answer.body, HasSubstr("\n" + std::string(path) + " "));
  }
}

TEST_F(HttpRoutesTest, AScopeIsOneOfTwo) {
  EXPECT_EQ(get("/metrics").scrape, Scope::kAll);
  EXPECT_EQ(get("/metrics", "agent").scrape, Scope::kAgent);
  EXPECT_EQ(get("/metrics", "host").scrape, Scope::kHost);
  for (const auto* scope : {"", "all", "Host", "host "}) {
    EXPECT_EQ(get("/metrics", scope).code, Code::kBadRequest) << scope;
    EXPECT_FALSE(get("/metrics", scope).scrape) << scope;
  }
}

TEST_F(HttpRoutesTest, AnotherMethodIsCountedWithItsPath) {
  const auto refused = answer({"POST", "/status", {}}, agent_.sources());
  EXPECT_EQ(refused.path, Path::kStatus);
  EXPECT_EQ(refused.code, Code::kBadMethod);
}

}  // namespace
}  // namespace lariat::expose
