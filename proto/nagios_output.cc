#include "proto/nagios_output.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/perfdata.h"

namespace lariat::proto {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

Status status_of(const PluginEnd& end) noexcept {
  if (!end.exit_status) return Status::kCritical;
  return *end.exit_status >= 0 && *end.exit_status <= 2 ? static_cast<Status>(*end.exit_status)
                                                        : Status::kUnknown;
}

// Behind the first line, of which so much is left that both have room in a text.
std::string with_fault(std::string_view text, const std::string& fault) {
  if (text.empty()) return fault;
  const std::size_t first = std::min(text.find('\n'), text.size());
  const std::string told = " (" + fault + ")";
  const std::size_t kept = kMaxTextLength - std::min(told.size(), kMaxTextLength);
  return std::string(text.substr(0, std::min(first, kept))) + told +
         std::string(text.substr(first));
}

// `''` in a label is a quote.
std::string plain_label(std::string_view label) {
  std::string plain;
  for (std::size_t at = 0; at < label.size(); ++at) {
    plain += label[at];
    if (label[at] == '\'' && at + 1 < label.size() && label[at + 1] == '\'') ++at;
  }
  return plain;
}

// Hands out the values of one piece of performance data.
class ItemWriter {
 public:
  ItemWriter(const PerfItem& item, std::string_view metric, SeriesName& name, Record& record,
             NagiosOutput::Sink sink)
      : item_(item), metric_(metric), name_(name), record_(record), sink_(sink) {}

  Reason value() {
    record_.kind = item_.unit.counter ? Payload::kDelta : Payload::kSample;
    const bool plain = item_.unit.suffix.empty();
    return put({}, plain ? "value" : item_.unit.suffix, item_.value);
  }
  Reason bound(std::string_view what, double value) {
    record_.kind = Payload::kSample;
    const bool counter = item_.unit.counter;
    return put(what, counter ? std::string_view() : item_.unit.suffix, value);
  }

 private:
  Reason put(std::string_view what, std::string_view suffix, double value) {
    name_.clear_metric();
    name_.put_metric(metric_);
    if (!what.empty()) name_.put_part(what);
    if (!suffix.empty()) name_.put_part(suffix);
    record_.value = value * item_.unit.factor;
    const Reason reason = name_.name(record_);
    return reason == Reason::kNone ? sink_(record_) : reason;
  }

  const PerfItem& item_;
  std::string_view metric_;
  SeriesName& name_;
  Record& record_;
  NagiosOutput::Sink sink_;
};

struct Limit {
  std::string_view high;
  std::string_view low;  // Empty: it is a number, not a range.
};
constexpr std::array kLimits{Limit{"warning", "warning_low"}, Limit{"critical", "critical_low"},
                             Limit{"min", ""}, Limit{"max", ""}};

std::string_view take_limit(std::string_view& limits) noexcept {
  const std::size_t end = std::min(limits.find(';'), limits.size());
  const std::string_view limit = limits.substr(0, end);
  limits.remove_prefix(std::min(end + 1, limits.size()));
  return limit;
}

}  // namespace

bool NagiosOutput::take(std::string_view line) {
  if (full_ || text_.size() + data_.size() + line.size() > kMost) {
    last_data_ = data_.size();
    return std::exchange(full_, true);  // Refused once, then in silence.
  }
  if (lines_ == 0 && trimmed(line).empty()) return true;  // The first line is one with words.
  const bool first = lines_++ == 0;
  last_data_ = data_.size();
  std::string_view data = line;
  if (!in_data_) {
    const std::size_t bar = std::min(line.find('|'), line.size());
    if (!first) text_ += '\n';
    text_ += trimmed(line.substr(0, bar));
    data.remove_prefix(std::min(bar + 1, line.size()));
    in_data_ = !first && bar < line.size();
  }
  if (in_data_ || !data.empty()) data_.append(data).append(" ");
  return true;
}

void NagiosOutput::finish(const PluginEnd& end, std::uint64_t now, SeriesName& name, Sink sink,
                          Refused refused) {
  now_ = now;
  if (end.half_line && !end.exit_status) drop_half_item();
  put_state(end, name, sink, refused);
  for (std::string_view rest = data_; !rest.empty();) {
    const std::string_view item = take_perf_item(rest);
    if (!item.empty()) put_item(item, name, sink, refused);
  }
  text_.clear();
  data_.clear();
  last_data_ = lines_ = 0;
  in_data_ = full_ = false;
}

void NagiosOutput::drop_half_item() noexcept {
  std::size_t kept = last_data_;
  for (std::string_view rest = std::string_view(data_).substr(last_data_); !rest.empty();) {
    kept = data_.size() - rest.size();
    (void)take_perf_item(rest);
  }
  data_.resize(kept);
}

void NagiosOutput::put_state(const PluginEnd& end, SeriesName& name, Sink sink, Refused refused) {
  while (text_.ends_with('\n')) text_.pop_back();
  if (!end.fault.empty()) text_ = with_fault(text_, end.fault);
  if (text_.empty()) text_ = "(no output)";
  begin_name(name);
  name.put_metric(metric());
  Record record;
  record.type = Record::Type::kData;
  record.kind = Payload::kState;
  record.status = status_of(end);
  record.time = now_;
  record.text = text_;
  Reason reason = name.name(record);
  if (reason == Reason::kNone) reason = sink(record);
  if (reason != Reason::kNone) refused(reason, text_);
}

void NagiosOutput::put_item(std::string_view text, SeriesName& name, Sink sink, Refused refused) {
  PerfItem item;
  Reason reason = read_perf_item(text, item);
  if (reason != Reason::kNone) return refused(reason, text);
  if (item.unknown) return;

  name_item(item, false, name);
  Record record;
  record.type = Record::Type::kData;
  record.time = now_;
  reason = ItemWriter(item, metric(), name, record, sink).value();
  if (reason == Reason::kNone) reason = put_limits(item, name, record, sink);
  if (reason != Reason::kNone) refused(reason, text);
}

// One that is not good costs itself and those behind it.
Reason NagiosOutput::put_limits(const PerfItem& item, SeriesName& name, Record& record, Sink sink) {
  ItemWriter writer(item, metric(), name, record, sink);
  std::string_view rest = item.limits;
  for (const Limit& limit : kLimits) {
    const std::string_view written = take_limit(rest);
    if (written.empty()) continue;
    const auto range = read_perf_range(written);
    if (!range || (limit.low.empty() && (range->low || range->inside))) return Reason::kBadNumber;
    name_item(item, range->inside, name);
    Reason reason = Reason::kNone;
    if (range->low) reason = writer.bound(limit.low, *range->low);
    if (range->high && reason == Reason::kNone) reason = writer.bound(limit.high, *range->high);
    if (reason != Reason::kNone) return reason;
  }
  return Reason::kNone;
}

std::string_view NagiosOutput::metric() const noexcept {
  return std::string_view(check_).substr(0, check_.find(' '));
}

void NagiosOutput::begin_name(SeriesName& name) const {
  name.clear();
  const std::size_t blank = check_.find(' ');
  if (blank != check_.npos) name.put_spelled_tags(std::string_view(check_).substr(blank + 1));
}

void NagiosOutput::name_item(const PerfItem& item, bool inside, SeriesName& name) const {
  begin_name(name);
  name.put_tag("label", plain_label(item.label));
  name.put_tag("unit", item.unit.other);
  if (inside) name.put_tag("range", "inside");
}

bool is_nagios_line(std::string_view line, int words) noexcept {
  constexpr std::array<std::string_view, 4> kWords{"OK", "WARNING", "CRITICAL", "UNKNOWN"};
  for (int i = 0; i < words && !line.empty(); ++i) {
    std::string_view word = take_field(line);
    while (!word.empty() && std::string_view(":,-;.[]|").find(word.back()) != word.npos) {
      word.remove_suffix(1);
    }
    word.remove_prefix(std::min(word.find_first_not_of("[("), word.size()));
    if (std::ranges::find(kWords, word) != kWords.end()) return true;
  }
  return false;
}

}  // namespace lariat::proto
