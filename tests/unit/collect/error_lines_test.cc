#include "agent/collect/error_lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lariat::collect {
namespace {

class ErrorLinesTest : public testing::Test {
 protected:
  void feed(std::string_view text) {
    lines_.feed({reinterpret_cast<const std::byte*>(text.data()), text.size()});
  }
  std::vector<std::string> told_;
  ErrorLines lines_{[this](std::string_view line) { told_.emplace_back(line); }};
};

TEST_F(ErrorLinesTest, LinesComeWholeHoweverTheyAreCut) {
  feed("one\r\ntw");
  feed("o\n\nthree");
  lines_.finish();
  EXPECT_EQ(told_, (std::vector<std::string>{"one", "two", "three"}));
}

TEST_F(ErrorLinesTest, ARunTellsSoManyAndThenHowManyMore) {
  for (int i = 0; i < 25; ++i) feed("x\n");
  EXPECT_EQ(told_.size(), ErrorLines::kLinesPerRun);
  lines_.end_run();
  EXPECT_EQ(told_.back(), "15 more lines were left out");
  feed("again\n");
  EXPECT_EQ(told_.back(), "again");
}

TEST_F(ErrorLinesTest, WhatNoTerminalShouldGetIsSpelled) {
  feed(std::string_view("\x1b[31m\0\n", 7));
  EXPECT_EQ(told_.at(0), "\\x1b[31m\\x00");
}

TEST_F(ErrorLinesTest, ALongLineIsCutAndHoldsNoMemory) {
  for (int i = 0; i < 1000; ++i) feed(std::string(1000, 'a'));
  feed("\nnext\n");
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_LT(told_[0].size(), 210U);
  EXPECT_EQ(told_[1], "next");
}

}  // namespace
}  // namespace lariat::collect
