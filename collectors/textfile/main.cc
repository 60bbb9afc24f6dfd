#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/sdk/program.h"
#include "collectors/sdk/text_files.h"

namespace {

namespace sdk = lariat::sdk;

struct Directory {
  explicit Directory(const std::string& path)
      : files(path, "textfile_mtime_seconds"), tags(sdk::Tags{{"directory", path}}.text()) {}

  sdk::TextFiles files;
  std::string tags;
};

}  // namespace

int main(int argc, char** argv) {
  const sdk::Program program{
      "textfile", "what other programs have written in files *.prom, in Prometheus' text format"};
  std::vector<std::unique_ptr<Directory>> directories;
  const std::vector<sdk::Option> own = {
      {"--directory", "DIR", "where the files lie; may be repeated",
       [&directories](std::string_view path) -> std::string {
         if (!path.starts_with('/')) return "--directory needs a path that begins with /";
         directories.push_back(std::make_unique<Directory>(std::string(path)));
         return {};
       }}};
  const auto collect = [&directories](sdk::Answer& answer) {
    for (const auto& directory : directories) {
      const bool good = directory->files.put(answer);
      answer.sample("textfile_scrape_error", good ? 0 : 1, directory->tags);
    }
  };
  return sdk::run(sdk::arguments_of(argc, argv), program, collect, own, [&] {
    if (!directories.empty()) return -1;
    sdk::complain(program.name, "needs a folder to read: --directory DIR");
    return 2;
  });
}
