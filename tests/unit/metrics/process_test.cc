#include "agent/metrics/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "agent/base/unique_fd.h"

namespace lariat::metrics {
namespace {

namespace fs = std::filesystem;

class Values final : public Report {
 public:
  using Report::set;
  void set(Metric metric, double value, std::initializer_list<std::string_view>) override {
    EXPECT_TRUE(values_.emplace(metric, value).second);
  }

  [[nodiscard]] const std::map<Metric, double>& all() const { return values_; }

 private:
  std::map<Metric, double> values_;
};

std::map<Metric, double> report_of(const ProcessSource& source) {
  Values values;
  source.report(values);
  return values.all();
}

/// A copy of the fixture that a test may damage.
class ProcessTest : public testing::Test {
 protected:
  ProcessTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(testing::TempDir()) /
            ("lariat-process-" + std::to_string(::getpid()) + "-" + test->name());
    fs::copy(LARIAT_FIXTURES "/process", root_, fs::copy_options::recursive);
  }
  ~ProcessTest() override { fs::remove_all(root_); }

  void write(const std::string& path, std::string_view text) const {
    std::ofstream(root_ / path) << text;
  }
  [[nodiscard]] std::map<Metric, double> report() const {
    return report_of(ProcessSource(root_.string()));
  }

  fs::path root_;
};

TEST_F(ProcessTest, ReadsAllValues) {
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double page_bytes = static_cast<double>(::sysconf(_SC_PAGESIZE));
  const std::map<Metric, double> expected{
      {Metric::kProcessCpuSecondsTotal, 400 / ticks},
      {Metric::kProcessResidentMemoryBytes, 2048 * page_bytes},
      {Metric::kProcessVirtualMemoryBytes, 104857600},
      {Metric::kProcessOpenFds, 4},
      {Metric::kProcessMaxFds, 1024},
      {Metric::kProcessStartTimeSeconds, 1'700'000'000 + 4200 / ticks},
      {Metric::kProcessVoluntaryContextSwitchesTotal, 305},
      {Metric::kProcessInvoluntaryContextSwitchesTotal, 21},
  };
  EXPECT_EQ(report(), expected);
}

TEST_F(ProcessTest, LeavesOutWhatItCannotRead) {
  fs::remove_all(root_ / "self/fd");
  fs::remove(root_ / "self/stat");
  const auto values = report();
  EXPECT_EQ(values.size(), 3U) << "limit and switches";
  EXPECT_TRUE(values.contains(Metric::kProcessMaxFds));
  EXPECT_FALSE(values.contains(Metric::kProcessOpenFds));
  EXPECT_FALSE(values.contains(Metric::kProcessCpuSecondsTotal));
}

TEST_F(ProcessTest, LeavesOutTheStartWithoutTheTimeOfTheBoot) {
  write("stat", "cpu 1 2 3\n");
  EXPECT_FALSE(report().contains(Metric::kProcessStartTimeSeconds));
  EXPECT_TRUE(report().contains(Metric::kProcessCpuSecondsTotal));
}

TEST_F(ProcessTest, LeavesOutWhatIsNotANumber) {
  write("self/limits", "Max open files            unlimited            unlimited   files\n");
  write("self/stat", "41 (lariat) S 1 2");
  const auto values = report();
  EXPECT_FALSE(values.contains(Metric::kProcessMaxFds));
  EXPECT_FALSE(values.contains(Metric::kProcessResidentMemoryBytes));
  EXPECT_TRUE(values.contains(Metric::kProcessOpenFds));
}

TEST_F(ProcessTest, LeavesOutAThreadThatHasEnded) {
  fs::remove(root_ / "self/task/42/status");
  EXPECT_EQ(report()[Metric::kProcessVoluntaryContextSwitchesTotal], 300);
}

TEST_F(ProcessTest, TellsNothingWithoutProc) {
  fs::remove_all(root_);
  EXPECT_EQ(report().size(), 0U);
}

TEST(OwnProcessTest, HasAllValues) { EXPECT_EQ(report_of(ProcessSource()).size(), 8U); }

TEST(OwnProcessTest, CountsADescriptorThatWeOpen) {
  const double before = report_of(ProcessSource())[Metric::kProcessOpenFds];
  const base::UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(report_of(ProcessSource())[Metric::kProcessOpenFds], before + 1);
}

TEST(OwnProcessTest, BeganAfterTheMachineAndBeforeNow) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const double start = report_of(ProcessSource())[Metric::kProcessStartTimeSeconds];
  EXPECT_LE(start, static_cast<double>(std::chrono::ceil<std::chrono::seconds>(now).count()) + 1);
  EXPECT_GT(start, 1e9);
}

}  // namespace
}  // namespace lariat::metrics
