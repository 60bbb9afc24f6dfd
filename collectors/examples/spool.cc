// Files in a folder, and what is free on its disk. Modes `oneshot` and `stream`.
#include <filesystem>
#include <iterator>
#include <lariat/collector.hpp>

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "/var/spool";
  return lariat::Collector::run([&](lariat::Collector& say) {
    std::error_code error;
    const auto disk = fs::space(folder, error);
    const fs::directory_iterator first(folder, error);
    if (error) return say.state("spool", lariat::Collector::Status::kCritical, error.message());
    say.sample("spool_files", std::distance(first, fs::end(first)), {{"folder", folder}});
    say.sample("spool_free_bytes", disk.available, {{"folder", folder}});
    say.state("spool", lariat::Collector::Status::kOk);
  });
}
