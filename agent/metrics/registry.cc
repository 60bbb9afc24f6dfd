#include "agent/metrics/registry.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <vector>

namespace lariat::metrics {
namespace {

// The serializer writes help as it is; the format wants these two escaped in it.
std::string escaped_help(std::string_view help) {
  std::string text;
  text.reserve(help.size());
  for (const char c : help) {
    if (c == '\\') {
      text += "\\\\";
    } else if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

prometheus::MetricFamily family_of(const Definition& definition) {
  return {.name = std::string(definition.name),
          .help = escaped_help(definition.help),
          .type = definition.type == Type::kCounter ? prometheus::MetricType::Counter
                                                    : prometheus::MetricType::Gauge,
          .metric = {}};
}

/// Sorts what the sources set into families.
class Scrape final : public Report {
 public:
  using Report::set;
  void set(Metric metric, double value,
           std::initializer_list<std::string_view> label_values) override;

  /// Families that have a sample, in the order of the table.
  [[nodiscard]] std::vector<prometheus::MetricFamily> take();

 private:
  using Samples = std::vector<prometheus::ClientMetric>;

  std::array<Samples, kMetricCount> samples_;
};

[[maybe_unused]] bool is_set(const std::vector<prometheus::ClientMetric>& samples,
                             const std::vector<prometheus::ClientMetric::Label>& labels) {
  return std::any_of(samples.begin(), samples.end(),
                     [&](const auto& sample) { return sample.label == labels; });
}

void Scrape::set(Metric metric, double value,
                 std::initializer_list<std::string_view> label_values) {
  const Definition& what = definition(metric);
  assert(label_values.size() == what.labels.size() && "a value for each label");

  prometheus::ClientMetric sample;
  const std::size_t count = std::min(label_values.size(), what.labels.size());
  sample.label.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    sample.label.push_back({std::string(what.labels[i]), std::string(std::data(label_values)[i])});
  }
  if (what.type == Type::kCounter) {
    sample.counter.value = value;
  } else {
    sample.gauge.value = value;
  }

  Samples& samples = samples_[static_cast<std::size_t>(metric)];
  assert(!is_set(samples, sample.label) && "set once in a scrape");
  samples.push_back(std::move(sample));
}

std::vector<prometheus::MetricFamily> Scrape::take() {
  std::vector<prometheus::MetricFamily> families;
  for (const Definition& definition : definitions()) {
    Samples& samples = samples_[static_cast<std::size_t>(definition.metric)];
    if (samples.empty()) continue;
    families.push_back(family_of(definition));
    families.back().metric = std::move(samples);
  }
  return families;
}

}  // namespace

class Registry::Families final : public prometheus::Collectable {
 public:
  [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
    Scrape scrape;
    for (const Source* source : sources_) source->report(scrape);
    return scrape.take();
  }

  void add(const Source& source) {
    assert(std::find(sources_.begin(), sources_.end(), &source) == sources_.end());
    sources_.push_back(&source);
  }

  void remove(const Source& source) noexcept {
    const auto found = std::find(sources_.begin(), sources_.end(), &source);
    assert(found != sources_.end());
    if (found != sources_.end()) sources_.erase(found);
  }

 private:
  std::vector<const Source*> sources_;
};

Registry::Registry() : families_(std::make_unique<Families>()) {}
Registry::~Registry() = default;

void Registry::add(const Source& source) { families_->add(source); }
void Registry::remove(const Source& source) noexcept { families_->remove(source); }

std::string Registry::text() const {
  return prometheus::TextSerializer().Serialize(families_->Collect());
}

}  // namespace lariat::metrics
