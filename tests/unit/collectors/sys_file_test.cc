#include "collectors/sdk/sys_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace lariat::sdk {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class SysFileTest : public testing::Test {
 protected:
  std::string read(SysFile& file) {
    std::array<char, 64> room;
    const auto text = file.read(room);
    return text ? std::string(*text) : "(" + file.error() + ")";
  }

  test::TemporaryDirectory folder_;
  Descriptors descriptors_{1};
};

TEST_F(SysFileTest, IsReadAnewEachTimeWithoutWhiteSpaceAtItsEnds) {
  SysFile file(folder_.file("a"), descriptors_);
  test::write_file(folder_.file("a"), "  one two\n\n");
  EXPECT_EQ(read(file), "one two");
  EXPECT_EQ(descriptors_.left(), 0U) << "it stays open";
  test::write_file(folder_.file("a"), "3\n");
  EXPECT_EQ(file.number<int>(), 3);
}

TEST_F(SysFileTest, IsReadWithoutADescriptorToSpare) {
  SysFile first(folder_.file("a"), descriptors_);
  SysFile second(folder_.file("b"), descriptors_);
  test::write_file(folder_.file("a"), "1");
  test::write_file(folder_.file("b"), "2");
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(first.number<int>(), 1);
    EXPECT_EQ(second.number<int>(), 2);
  }
  EXPECT_EQ(descriptors_.left(), 0U);
}

TEST_F(SysFileTest, GivesItsDescriptorBack) {
  test::write_file(folder_.file("a"), "1");
  {
    SysFile file(folder_.file("a"), descriptors_);
    EXPECT_EQ(file.number<int>(), 1);
    const SysFile moved = std::move(file);
    EXPECT_EQ(descriptors_.left(), 0U);
  }
  EXPECT_EQ(descriptors_.left(), 1U);
}

TEST_F(SysFileTest, SaysWhyItHasNothing) {
  SysFile file(folder_.file("a"), descriptors_);
  EXPECT_THAT(read(file), HasSubstr("No such file"));
  EXPECT_TRUE(file.is_absent());
  test::write_file(folder_.file("a"), "1 2");
  EXPECT_EQ(file.number<int>(), std::nullopt);
  EXPECT_FALSE(file.is_absent());
  EXPECT_EQ(file.error(), folder_.file("a") + " does not hold one number");
}

std::vector<std::string> names_in(Folder& folder) {
  std::vector<std::string> names;
  folder.list([&names](std::string_view name) { names.emplace_back(name); });
  return names;
}

TEST_F(SysFileTest, AFolderIsListedAnewEachTime) {
  Folder folder(folder_.file("d"));
  EXPECT_THAT(names_in(folder), IsEmpty());
  EXPECT_TRUE(folder.is_absent());
  std::filesystem::create_directory(folder_.file("d"));
  EXPECT_THAT(names_in(folder), IsEmpty());
  for (const char* name : {"d/one", "d/two", "d/.hidden"}) {
    test::write_file(folder_.file(name), "");
  }
  EXPECT_THAT(names_in(folder), UnorderedElementsAre("one", "two"));
  std::filesystem::remove(folder_.file("d/one"));
  EXPECT_THAT(names_in(folder), UnorderedElementsAre("two"));
}

TEST_F(SysFileTest, AFolderThatWasMadeAnewIsFoundAgain) {
  Folder folder(folder_.file("d"));
  std::filesystem::create_directory(folder_.file("d"));
  test::write_file(folder_.file("d/one"), "");
  EXPECT_THAT(names_in(folder), UnorderedElementsAre("one"));
  std::filesystem::remove_all(folder_.file("d"));
  EXPECT_THAT(names_in(folder), IsEmpty());
  std::filesystem::create_directory(folder_.file("d"));
  test::write_file(folder_.file("d/two"), "");
  EXPECT_THAT(names_in(folder), UnorderedElementsAre("two"));
}

TEST_F(SysFileTest, AFolderOfManyIsListedWhole) {
  Folder folder(folder_.file("d"));
  std::filesystem::create_directory(folder_.file("d"));
  constexpr std::size_t kMany = 1'000;
  for (std::size_t i = 0; i < kMany; ++i) {
    test::write_file(folder_.file("d/" + std::to_string(i)), "");
  }
  EXPECT_EQ(names_in(folder).size(), kMany);
}

}  // namespace
}  // namespace lariat::sdk
