#include <sys/stat.h>

#include <string>
#include <vector>

#include "collectors/linux/all.h"
#include "collectors/linux/round_cache.h"
#include "collectors/sdk/scan.h"
#include "proto/exposition_read.h"

namespace lariat::host {
namespace {

struct Value {
  std::string metric;
  std::string tags;
  double value = 0;
  bool counter = false;
};

struct TextFile {
  std::string path;
  std::string tags;
  struct stat seen {};
  bool good = false;
  std::vector<Value> values;
};

bool is_the_same(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

std::string tags_of(std::string_view labels) {
  std::vector<std::string> texts;
  std::vector<std::string_view> names;
  proto::LabelWalk walk(labels);
  for (proto::ExpositionLabel label; walk.next(label);) {
    std::string room(label.value.size(), '\0');
    texts.emplace_back(proto::unescape_label(label.value, room));
    names.push_back(label.name);
  }
  std::vector<sdk::Tags::Pair> pairs;
  for (std::size_t i = 0; i < names.size(); ++i) pairs.push_back({names[i], texts[i]});
  return sdk::Tags(pairs).text();
}

// All of it or nothing: a file with one line that is not good counts as broken.
bool parse_values(std::string_view text, std::vector<Value>& values) {
  values.clear();
  proto::ExpositionReader reader(text);
  for (proto::ExpositionValue value; reader.next(value);) {
    values.push_back(
        {std::string(value.name), tags_of(value.labels), value.value, value.cumulative()});
  }
  return reader.refused() == 0;
}

// What other programs have written in files in Prometheus' text format.
class TextfileSource : public sdk::Source {
 public:
  explicit TextfileSource(sdk::Host& host)
      : folder_(host.paths().in_root(host.paths().textfiles)) {}

  std::string collect(sdk::Answer& answer) override {
    files_.begin();
    bool good = folder_.list([this](std::string_view name) {
      if (!name.ends_with(".prom")) return;
      const auto make = [this](std::string_view of) {
        std::string path = folder_.path() + '/' + std::string(of);
        std::string tags = sdk::Tags{{"file", path}}.text();
        return TextFile{.path = std::move(path), .tags = std::move(tags), .values = {}};
      };
      refresh(files_.at(name, make));
    });
    files_.end();
    for (std::size_t i = 0; i < files_.size(); ++i) {
      good &= files_[i].good;
      if (files_[i].good) put(files_[i], answer);
    }
    answer.sample("node_textfile_scrape_error", good ? 0 : 1);
    return {};
  }

 private:
  // It is read again only when it is another one, or was written to.
  static void refresh(TextFile& file) {
    struct stat now {};
    if (::stat(file.path.c_str(), &now) != 0) {
      file.good = false;
      file.seen = {};
      return;
    }
    if (is_the_same(now, file.seen)) return;
    file.seen = now;
    sdk::ProcFile reader(file.path);
    const auto text = reader.read();
    file.good = text && parse_values(*text, file.values);
  }

  static void put(const TextFile& file, sdk::Answer& answer) {
    for (const Value& value : file.values) {
      value.counter ? answer.delta(value.metric, value.value, value.tags)
                    : answer.sample(value.metric, value.value, value.tags);
    }
    // Whole seconds, as node_exporter has it.
    answer.sample("node_textfile_mtime_seconds", static_cast<double>(file.seen.st_mtim.tv_sec),
                  file.tags);
  }

  sdk::Folder folder_;
  RoundCache<TextFile> files_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_textfile(sdk::Host& host) {
  return std::make_unique<TextfileSource>(host);
}

}  // namespace lariat::host
