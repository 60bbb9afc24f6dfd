#include "collectors/http/probe.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "collectors/sdk/scan.h"

namespace lariat::http {
namespace {

constexpr long kLeastStatus = 100;
constexpr long kMostStatus = 999;

std::optional<long> parse_status(std::string_view text) {
  const auto status = sdk::parse<long>(text);
  return status && *status >= kLeastStatus && *status <= kMostStatus ? status : std::nullopt;
}

constexpr std::array<std::string_view, kPhases> kPhaseNames = {"resolve", "connect", "tls",
                                                               "processing", "transfer"};

}  // namespace

std::string Statuses::set(std::string_view text) {
  ranges_.clear();
  const std::string whole(text);
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::size_t dash = word.find('-');
    std::optional<long> first;
    std::optional<long> last;
    if (word.size() == 3 && word.ends_with("xx")) {
      first = parse_status(std::string(word.substr(0, 1)) + "00");
      if (first) last = *first + 99;
    } else {
      first = parse_status(word.substr(0, dash));
      last = dash == word.npos ? first : parse_status(word.substr(dash + 1));
    }
    if (!first || !last || *first > *last) {
      return "'" + whole + "' are no statuses: write them as 200,301 or 2xx or 200-204";
    }
    ranges_.push_back({*first, *last});
  }
  return ranges_.empty() ? "needs a status, as 200 or 2xx" : "";
}

bool Statuses::has(long status) const noexcept {
  return std::ranges::any_of(ranges_, [status](const Range& range) {
    return range.first <= status && status <= range.last;
  });
}

ProbeTags make_tags(std::string_view tag, std::string_view url) {
  ProbeTags tags;
  tags.all = sdk::Tags{{tag, url}}.text();
  for (std::size_t i = 0; i < kPhases; ++i) {
    tags.phases.at(i) = sdk::Tags{{tag, url}, {"phase", kPhaseNames.at(i)}}.text();
  }
  return tags;
}

std::string judge(const Target& target, const sdk::FetchResponse& response, bool& by_pattern) {
  by_pattern = false;
  if (!response.fault.empty()) return response.fault;
  if (!target.statuses.has(response.status)) {
    return "status " + std::to_string(response.status);
  }
  by_pattern = true;
  if (target.match.is_set() && !target.match.found_in(response.body)) {
    return "its body lacks what it has to have";
  }
  if (target.match_not.found_in(response.body)) return "its body has what it may not have";
  by_pattern = false;
  return {};
}

void put(const Target& target, const sdk::FetchResponse& response, const ProbeTags& tags,
         sdk::Answer& answer) {
  bool by_pattern = false;
  const std::string fault = judge(target, response, by_pattern);
  const bool good = fault.empty();
  answer.state("probe_state", good ? proto::Status::kOk : proto::Status::kCritical,
               good ? "status " + std::to_string(response.status) : fault, tags.all);
  answer.sample("probe_success", good ? 1 : 0, tags.all);
  answer.sample("probe_duration_seconds", response.total, tags.all);
  answer.sample("probe_dns_lookup_time_seconds", response.resolved, tags.all);
  answer.sample("probe_failed_due_to_regex", by_pattern ? 1 : 0, tags.all);
  answer.sample("probe_http_status_code", static_cast<double>(response.status), tags.all);
  answer.sample("probe_http_redirects", static_cast<double>(response.redirects), tags.all);
  answer.sample("probe_http_ssl", response.encrypted > 0 ? 1 : 0, tags.all);
  answer.sample("probe_http_version", response.http_version, tags.all);
  answer.sample("probe_http_uncompressed_body_length", static_cast<double>(response.body.size()),
                tags.all);
  // As Go has it: -1 is not said.
  answer.sample("probe_http_content_length",
                static_cast<double>(response.content_length.value_or(-1)), tags.all);
  if (response.certificate_expiry) {
    answer.sample("probe_ssl_earliest_cert_expiry",
                  static_cast<double>(*response.certificate_expiry), tags.all);
  }
  // From when to when; what has not taken place has no end.
  const std::array<std::array<double, 2>, kPhases> phases = {
      {{0, response.resolved},
       {response.resolved, response.connected},
       {response.connected, response.encrypted},
       {response.asked, response.first_octet},
       {response.first_octet, response.total}}};
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const auto [begin, end] = phases.at(i);
    const bool whole = end > 0 && (begin > 0 || i == 0);
    answer.sample("probe_http_duration_seconds", whole ? std::max(end - begin, 0.0) : 0,
                  tags.phases.at(i));
  }
}

}  // namespace lariat::http
