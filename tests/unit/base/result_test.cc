#include "agent/base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace lariat::base {
namespace {

Result<int> parity(int number) {
  if (number % 2 != 0) return Error{"odd"};
  return number;
}

TEST(Result, HoldsAValueOrAnError) {
  const auto even = parity(4);
  ASSERT_TRUE(even);
  EXPECT_EQ(even.value(), 4);
  EXPECT_EQ(*even, 4);

  const auto odd = parity(3);
  EXPECT_FALSE(odd.has_value());
  EXPECT_EQ(odd.error().text, "odd");
}

TEST(Result, GivesUpAValueThatCannotBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const auto value = std::move(result).value();
  EXPECT_EQ(*value, 7);
}

TEST(Result, LetsItsValueBeChanged) {
  Result<std::string> result(std::string("one"));
  result->append("two");
  *result += "three";
  EXPECT_EQ(result.value(), "onetwothree");
}

TEST(Result, KeepsAnErrorApartFromAValueOfItsType) {
  const Result<std::string> value(std::string("text"));
  EXPECT_TRUE(value.has_value());
  const Result<std::string> error(Error{"text"});
  EXPECT_FALSE(error.has_value());
}

}  // namespace
}  // namespace lariat::base
