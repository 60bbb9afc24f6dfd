#include "collectors/linux/all.h"
#include "collectors/sdk/text_files.h"

namespace lariat::host {
namespace {

// What other programs have written in files in Prometheus' text format.
class TextfileSource : public sdk::Source {
 public:
  explicit TextfileSource(sdk::Host& host)
      : files_(host.paths().in_root(host.paths().textfiles), "node_textfile_mtime_seconds") {}

  std::string collect(sdk::Answer& answer) override {
    const bool good = files_.put(answer);
    answer.sample("node_textfile_scrape_error", good ? 0 : 1);
    return {};
  }

 private:
  sdk::TextFiles files_;
};

}  // namespace

std::unique_ptr<sdk::Source> make_textfile(sdk::Host& host) {
  return std::make_unique<TextfileSource>(host);
}

}  // namespace lariat::host
