#include "agent/collect/trust.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "tests/unit/collect/supervision_fixture.h"

namespace lariat::collect {
namespace {

class TrustTest : public SupervisionTest {
 protected:
  [[nodiscard]] Distrust judged(const std::string& file) const { return judge(file, owners_); }
  std::array<uid_t, 2> owners_{0, ::geteuid()};
};

TEST_F(TrustTest, AFileThatOnlyOwnersMayWriteIsTrustedBelowASharedStickyFolder) {
  EXPECT_EQ(judged(script("good", "")).text, "");
}

TEST_F(TrustTest, WhatOthersMayWriteIsRefusedWithTheCommandThatMendsIt) {
  const auto file = script("open", "");
  ::chmod(file.c_str(), 0757);
  EXPECT_EQ(judged(file).path, file);
  EXPECT_NE(judged(file).text.find("chmod o-w '" + file + "'"), std::string::npos);
  ::chmod(file.c_str(), 0775);
  EXPECT_NE(judged(file).text.find("chmod g-w"), std::string::npos);
}

TEST_F(TrustTest, ItsDirectoryIsJudgedTooEvenIfSticky) {
  const auto file = script("good", "");
  ::chmod(folder_.c_str(), 01777);
  EXPECT_EQ(judged(file).path, folder_);
  ::chmod(folder_.c_str(), 0755);
  EXPECT_FALSE(judged(file));
}

TEST_F(TrustTest, AnothersFileIsRefused) {
  const auto file = script("theirs", "");
  const std::array<uid_t, 1> nobody{54321};
  const auto distrust = judge(file, nobody);
  EXPECT_EQ(distrust.path, "/");
  if (::geteuid() != 0) GTEST_SKIP() << "giving files away takes root";
  ASSERT_EQ(::chown(file.c_str(), 54321, 54321), 0);
  EXPECT_NE(judged(file).text.find("chown root '" + file + "'"), std::string::npos);
}

TEST_F(TrustTest, ALinkLeadsToTheFileThatIsJudged) {
  const auto file = script("target", "");
  ASSERT_EQ(::symlink("target", path("link").c_str()), 0);
  ASSERT_EQ(::symlink((folder_ + "/../" + folder_.substr(folder_.rfind('/') + 1) + "/link").c_str(),
                      path("chain").c_str()),
            0);
  EXPECT_EQ(judged(path("chain")).text, "");
  ::chmod(file.c_str(), 0777);
  EXPECT_EQ(judged(path("chain")).path, file);
}

TEST_F(TrustTest, LinksInACircleEnd) {
  ASSERT_EQ(::symlink("b", path("a").c_str()), 0);
  ASSERT_EQ(::symlink("a", path("b").c_str()), 0);
  EXPECT_TRUE(judged(path("a")));
}

TEST_F(TrustTest, AFileThatIsNotThereIsJudgedByItsDirectories) {
  EXPECT_FALSE(judged(path("missing")));
  ::chmod(folder_.c_str(), 0777);
  EXPECT_TRUE(judged(path("missing")));
}

}  // namespace
}  // namespace lariat::collect
