#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "agent/config/load.h"
#include "agent/config/runtime_directory.h"

namespace lariat::config {
namespace {

using testing::HasSubstr;

class SurroundingsTest : public testing::Test {
 protected:
  SurroundingsTest() {
    std::string path = testing::TempDir() + "lariat-config-XXXXXX";
    folder_ = ::mkdtemp(path.data());
  }
  ~SurroundingsTest() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + '/' + name; }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  static std::string read(const std::string& path) {
    const auto text = real_surroundings().read_file(path);
    return text ? "= " + *text : text.error().text;
  }

  std::string folder_;
};

TEST_F(SurroundingsTest, ReadsAWholeFile) {
  const std::string text(100'000, 'x');
  EXPECT_EQ(read(write("f", text)), "= " + text);
  EXPECT_EQ(read(write("empty", "")), "= ");
}

TEST_F(SurroundingsTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(read(path("gone")), path("gone") + " cannot be opened: No such file or directory");
  EXPECT_EQ(read(folder_), folder_ + " is a directory; write the path of a file");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read(path("pipe")), path("pipe") + " is a pipe or a device; write the path of a file");
  EXPECT_EQ(read("/dev/zero"), "/dev/zero is a pipe or a device; write the path of a file");
}

TEST_F(SurroundingsTest, ReadsOneMebibyteAtMost) {
  EXPECT_EQ(read(write("most", std::string(1U << 20U, 'x'))).size(), (1U << 20U) + 2);
  EXPECT_EQ(read(write("more", std::string((1U << 20U) + 1, 'x'))),
            path("more") + " is over 1 MiB");
}

TEST_F(SurroundingsTest, KnowsHostAndVariables) {
  ASSERT_EQ(::setenv("LARIAT_TEST_VARIABLE", "a b", 1), 0);
  const auto real = real_surroundings();
  EXPECT_FALSE(real.hostname.empty());
  EXPECT_EQ(real.variable("LARIAT_TEST_VARIABLE"), "a b");
  EXPECT_EQ(real.variable("LARIAT_TEST_NO_SUCH_VARIABLE"), std::nullopt);
  EXPECT_THAT(real.shipped_collectors, testing::EndsWith("/collectors"));
  EXPECT_THAT(real.runtime_directory, testing::StartsWith("/"));
}

TEST_F(SurroundingsTest, PutsTheSocketWhereThisUserMayWrite) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write in /run";
  ASSERT_EQ(::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1), 0);
  EXPECT_EQ(real_surroundings().runtime_directory, folder_);
  ASSERT_EQ(::setenv("XDG_RUNTIME_DIR", path("gone").c_str(), 1), 0);
  ASSERT_EQ(::setenv("TMPDIR", folder_.c_str(), 1), 0);
  EXPECT_EQ(real_surroundings().runtime_directory, path("lariat-" + std::to_string(::geteuid())));
}

TEST_F(SurroundingsTest, MakesTheRuntimeDirectoryForThisUserAlone) {
  EXPECT_FALSE(prepare_runtime_directory(path("run")));
  struct stat status {};
  ASSERT_EQ(::stat(path("run").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  EXPECT_FALSE(prepare_runtime_directory(path("run"))) << "it is there already";
}

TEST_F(SurroundingsTest, RefusesARuntimeDirectoryThatOthersCouldHaveMade) {
  const auto why = [](const std::string& directory) {
    const auto error = prepare_runtime_directory(directory);
    return error ? error->text : "";
  };
  ASSERT_EQ(::symlink(folder_.c_str(), path("link").c_str()), 0);
  EXPECT_EQ(why(path("link")),
            path("link") + " is not a directory; remove it, or configure control.socket");
  EXPECT_THAT(why(write("file", "")), HasSubstr("is not a directory"));
  ASSERT_EQ(::mkdir(path("open").c_str(), 0700), 0);
  ASSERT_EQ(::chmod(path("open").c_str(), 0777), 0);
  EXPECT_EQ(why(path("open")),
            "other users may write in " + path("open") + ": chmod 700 " + path("open"));
  EXPECT_EQ(why(path("gone/run")), path("gone/run") + " cannot be made: No such file or directory");
  if (::geteuid() == 0) {
    ASSERT_EQ(::mkdir(path("theirs").c_str(), 0700), 0);
    ASSERT_EQ(::chown(path("theirs").c_str(), 12345, 12345), 0);
    EXPECT_EQ(why(path("theirs")),
              path("theirs") + " belongs to another user (uid 12345); configure control.socket");
  } else {
    EXPECT_THAT(why("/"), HasSubstr("belongs to another user"));
  }
}

}  // namespace
}  // namespace lariat::config
