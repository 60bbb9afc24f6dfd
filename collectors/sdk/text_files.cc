#include "collectors/sdk/text_files.h"

#include <string_view>
#include <utility>

#include "collectors/sdk/proc_file.h"

namespace lariat::sdk {
namespace {

bool is_the_same(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

bool TextFiles::put(Answer& answer) {
  files_.begin();
  bool good = folder_.list([this](std::string_view name) {
    if (!name.ends_with(".prom")) return;
    const auto make = [this](std::string_view of) {
      std::string path = folder_.path() + '/' + std::string(of);
      std::string tags = Tags{{"file", path}}.text();
      return File{.path = std::move(path), .tags = std::move(tags), .values = {}};
    };
    refresh(files_.at(name, make));
  });
  files_.end();
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const File& file = files_[i];
    good &= file.good;
    if (!file.good) continue;
    for (const ExpositionReading& value : file.values) sdk::put(value, answer);
    // Whole seconds, as node_exporter has it.
    answer.sample(mtime_metric_, static_cast<double>(file.seen.st_mtim.tv_sec), file.tags);
  }
  return good;
}

// It is read again only when it is another one, or was written to.
void TextFiles::refresh(File& file) {
  struct stat now {};
  if (::stat(file.path.c_str(), &now) != 0) {
    file.good = false;
    file.seen = {};
    return;
  }
  if (is_the_same(now, file.seen)) return;
  file.seen = now;
  ProcFile reader(file.path);
  const auto text = reader.read();
  file.good = text && read_exposition(*text, file.values);
}

}  // namespace lariat::sdk
