#include "proto/graphite.h"

#include <algorithm>
#include <utility>

#include "proto/number_text.h"
#include "proto/plain_tags.h"
#include "proto/put_text.h"

namespace lariat::proto {
namespace {

using Piece = GraphiteTemplate::Piece;

constexpr std::string_view kDefaultTemplate = "host.metric.tags";
constexpr std::string_view kMetricWord = "metric";
constexpr std::string_view kTagsWord = "tags";
constexpr std::string_view kPathKey = "name";  // To servers it is the path itself.

constexpr bool is_word(char octet) noexcept {
  return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
         (octet >= 'a' && octet <= 'z') || octet == '-' || octet == '_' || octet == ':';
}

constexpr OctetRules kLevel = OctetRules::of(is_word, false);
constexpr OctetRules kLevels = OctetRules::of([](char o) { return is_word(o) || o == '.'; }, false);
constexpr OctetRules kTagKey = OctetRules::of(
    [](char octet) { return std::string_view(";!^= ").find(octet) == std::string_view::npos; },
    false);
constexpr OctetRules kTagValue =
    OctetRules::of([](char octet) { return octet != ';' && octet != ' '; }, false);

// One level. What it stands for may be nothing.
char* put_level(std::string_view spelled, char* out) noexcept {
  char* const begin = out;
  out = write_clean(spelled, kLevel, out);
  if (out == begin) *out++ = '_';
  return out;
}

// Levels with one dot between, and none at the ends.
char* put_levels(std::string_view metric, char* out) noexcept {
  char* const begin = out;
  for (const char octet : metric) {
    *out = kLevels(octet);
    const bool second_dot = *out == '.' && (out == begin || out[-1] == '.');
    out += second_dot ? 0 : 1;
  }
  if (out != begin && out[-1] == '.') --out;
  if (out == begin) *out++ = '_';
  return out;
}

bool has_key(std::string_view tags, const TagPiece& tag, std::string_view key) noexcept {
  const std::string_view spelled = tags.substr(tag.key, std::size_t{tag.equals} - tag.key);
  return spelled == key || (spelled.size() > key.size() && compare_keys(spelled, key) == 0);
}

/// Which tags the pieces of a template name.
class Places {
 public:
  Places(std::string_view text, std::span<const TagPiece> tags,
         std::span<const Piece> pieces) noexcept {
    for (std::size_t piece = 0; piece < pieces.size(); ++piece) {
      if (pieces[piece].kind != Piece::Kind::kTag) continue;
      const auto is_meant = [&](const TagPiece& tag) {
        return has_key(text, tag, pieces[piece].key);
      };
      const auto found = std::ranges::find_if(tags, is_meant);
      tag_of_[piece] = static_cast<std::uint8_t>(found - tags.begin());
      if (found != tags.end()) named_ |= std::uint64_t{1} << tag_of_[piece];
    }
  }
  /// The tag that a piece names; behind the last if there is none.
  [[nodiscard]] std::size_t of(std::size_t piece) const noexcept { return tag_of_[piece]; }
  [[nodiscard]] bool has(std::size_t tag) const noexcept { return (named_ >> tag & 1U) != 0; }

 private:
  std::array<std::uint8_t, kMaxNameEntries> tag_of_;
  std::uint64_t named_ = 0;
};

/// Levels that are written one behind the other.
class Path {
 public:
  explicit Path(char* out) noexcept : begin_(out), end_(out) {}

  void put_metric(std::string_view metric, std::string_view suffix) noexcept {
    separate();
    end_ = put_text(suffix, put_levels(metric, end_));
  }
  void put_value(std::string_view tags, const TagPiece& tag) noexcept {
    separate();
    end_ = put_level(tags.substr(tag.value, std::size_t{tag.end} - tag.value), end_);
  }
  [[nodiscard]] char* end() const noexcept { return end_; }

 private:
  void separate() noexcept {
    if (end_ != begin_) *end_++ = '.';
  }

  char* begin_;
  char* end_;
};

// Those that have no place of their own.
void put_others(std::string_view text, std::span<const TagPiece> tags, const Places& places,
                Path& path) noexcept {
  for (std::size_t tag = 0; tag < tags.size(); ++tag) {
    if (!places.has(tag)) path.put_value(text, tags[tag]);
  }
}

char* put_tags(std::string_view name, char* out) noexcept {
  TagRoom room;
  for (const auto& [key, value] : plain_tags(name, kTagKey, kTagValue, room)) {
    if (key == kPathKey) continue;
    *out++ = ';';
    out = put_text(key, out);
    *out++ = '=';
    char* const begin = out;
    out = put_text(value, out);
    if (out == begin) ++out;
    if (value.empty() || value.front() == '~') *begin = '_';
  }
  return out;
}

std::string clean_prefix(std::string_view prefix) {
  if (prefix.empty()) return {};
  std::string clean(prefix.size(), '\0');
  clean.resize(static_cast<std::size_t>(put_levels(prefix, clean.data()) - clean.data()));
  return clean + '.';
}

}  // namespace

GraphiteTemplate::GraphiteTemplate()
    : pieces_{{Piece::Kind::kTag, "host"}, {Piece::Kind::kMetric, {}}, {Piece::Kind::kTags, {}}} {}

std::variant<GraphiteTemplate, std::string> GraphiteTemplate::parse(std::string_view text) {
  GraphiteTemplate made;
  made.pieces_.clear();
  bool metric = false;
  for (bool more = true; more;) {
    const std::size_t dot = text.find('.');
    const std::string_view word = text.substr(0, dot);
    more = dot != text.npos;
    if (more) text.remove_prefix(dot + 1);
    if (word.empty() || !std::ranges::all_of(word, is_word)) {
      return "a piece of a template is `metric`, `tags` or the key of a tag, as in " +
             std::string(kDefaultTemplate);
    }
    Piece piece{Piece::Kind::kTag, std::string(word)};
    if (word == kMetricWord) piece = {Piece::Kind::kMetric, {}};
    if (word == kTagsWord) piece = {Piece::Kind::kTags, {}};
    if (std::ranges::find(made.pieces_, piece) != made.pieces_.end()) {
      return "a template has each piece once, and `" + std::string(word) + "` stands there again";
    }
    metric |= piece.kind == Piece::Kind::kMetric;
    made.pieces_.push_back(std::move(piece));
    if (made.pieces_.size() > kMaxNameEntries) return "a template has 64 pieces at most";
  }
  if (!metric) {
    return "the metric has no place: write `metric` where it is to stand, as in " +
           std::string(kDefaultTemplate);
  }
  return made;
}

std::string GraphiteTemplate::text() const {
  std::string text;
  for (const Piece& piece : pieces_) {
    if (!text.empty()) text += '.';
    if (piece.kind == Piece::Kind::kMetric) text += kMetricWord;
    if (piece.kind == Piece::Kind::kTags) text += kTagsWord;
    text += piece.key;
  }
  return text;
}

GraphiteEncoder::GraphiteEncoder(const GraphiteOptions& options, DefaultTags labels)
    : options_(options), labels_(std::move(labels)) {
  options_.prefix = clean_prefix(options.prefix);
}

std::size_t GraphiteEncoder::room() const noexcept {
  constexpr std::size_t kSuffix = 16;
  // A piece that stands for nothing is one octet, and there may be one for each tag.
  return options_.prefix.size() + kMaxNameLength + kSuffix + 2 * kMaxNameEntries + 2 * kNumberRoom;
}

std::size_t GraphiteEncoder::write(const Point& point, std::span<char> out) noexcept {
  if (point.kind == Payload::kFact) return 0;
  const std::size_t path = write_path(point.name, point.suffix(), out);
  if (path == 0) return 0;
  char* end = out.data() + path;
  *end++ = ' ';
  end = write_number(point.value, end);
  *end++ = ' ';
  end = time_.write(point.seconds, end);
  *end++ = '\n';
  return static_cast<std::size_t>(end - out.data());
}

std::size_t GraphiteEncoder::write_path(std::string_view canonical_name, std::string_view suffix,
                                        std::span<char> out) const noexcept {
  std::array<char, kMaxNameLength> room;
  if (!labels_.empty()) {
    const NameResult labelled = add_tags(canonical_name, labels_, room);
    if (!labelled) return 0;
    canonical_name = labelled.name;
  }
  char* end = put_text(options_.prefix, out.data());
  if (!options_.tags) {
    end = put_pieces(canonical_name, suffix, end);
  } else {
    end = put_levels(metric_of(canonical_name), end);
    end = put_tags(canonical_name, put_text(suffix, end));
  }
  return static_cast<std::size_t>(end - out.data());
}

char* GraphiteEncoder::put_pieces(std::string_view name, std::string_view suffix,
                                  char* out) const noexcept {
  const std::string_view text = tags_of(name);
  const auto pieces = options_.layout.pieces();
  std::array<TagPiece, kMaxNameEntries> room;
  const auto tags = split_tags(text, room);
  const Places places(text, tags, pieces);
  Path path(out);
  for (std::size_t piece = 0; piece < pieces.size(); ++piece) {
    if (pieces[piece].kind == Piece::Kind::kMetric) {
      path.put_metric(metric_of(name), suffix);
    } else if (pieces[piece].kind == Piece::Kind::kTags) {
      put_others(text, tags, places, path);
    } else if (places.of(piece) < tags.size()) {
      path.put_value(text, tags[places.of(piece)]);
    }
  }
  return path.end();
}

}  // namespace lariat::proto
