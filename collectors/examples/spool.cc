// Files in a folder, and how full its disk is: twenty lines with one header. Modes `oneshot`,
// `stream`.
#include <filesystem>
#include <lariat/collector.hpp>
#include <system_error>

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "/var/spool";
  return lariat::Collector::run([&](lariat::Collector& say) {
    std::error_code error;
    std::uint64_t files = 0;
    for (auto entry = fs::directory_iterator(folder, error); entry != fs::end(entry); ++entry)
      ++files;
    if (error) return say.state("spool", lariat::Collector::Status::kCritical, error.message());
    say.sample("spool_files", files, {{"folder", folder}});
    const auto disk = fs::space(folder, error);
    say.sample("spool_free_bytes", disk.available, {{"folder", folder}});
    say.state("spool", lariat::Collector::Status::kOk);
  });
}
