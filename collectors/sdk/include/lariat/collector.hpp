// A collector for the host metrics agent Lariat, in C++17. This file is all of it: copy it, or
// include it where it is installed. Nothing is linked.
//
//   int main() {
//     return lariat::Collector::run([](lariat::Collector& say) {
//       say.sample("queue_files", 12, {{"folder", "/var/spool"}});
//     });
//   }
//
// The function is called at each tick in the mode `stream`, and once in the mode `oneshot` or at a
// terminal. `lariat collect ./mine` shows what the agent makes of it. In C: collector.h.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace lariat {

/// What there is to say at one time, as lines of text that go out with one write. In names, what a
/// line cannot carry becomes `_`. A value that is no finite number, and a name without an octet,
/// are left out, and standard error says how many. Numbers do not depend on the locale, and a
/// double comes back as the same.
class Collector {
 public:
  using Tags = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  enum class Status { kOk, kWarning, kCritical, kUnknown };

  /// Seconds since 1970: of the tick, else now. All that is said has this time.
  [[nodiscard]] std::uint64_t time() const noexcept { return time_; }

  /// A measurement that stands for itself.
  template <typename Number>
  void sample(std::string_view metric, Number value, Tags tags = {}) {
    say("sample", metric, tags, number(value));
  }
  /// The reading of a number that only grows.
  template <typename Number>
  void delta(std::string_view metric, Number reading, Tags tags = {}) {
    say("delta", metric, tags, number(reading));
  }
  /// So many more of something.
  void tally(std::string_view metric, std::uint64_t more = 1, Tags tags = {}) {
    say("tally", metric, tags, number(more));
  }
  /// How something is, and why. What is none of `Status` is kUnknown.
  void state(std::string_view metric, Status status, std::string_view text = {}, Tags tags = {}) {
    constexpr const char* kWords[] = {"ok ", "warning ", "critical ", "unknown "};
    const auto which = static_cast<unsigned>(status);
    say("state", metric, tags, kWords[which < 3 ? which : 3] + one_line(text));
  }
  /// Something has happened. (In capitals the first word of the text is none of the name's tags.)
  void event(std::string_view metric, std::string_view text, Tags tags = {}) {
    say(tags_of(tags).empty() ? "EVENT" : "event", metric, tags, one_line(text));
  }
  /// A piece of text that is true until it is replaced.
  void fact(std::string_view name, std::string_view value) {
    if (name.empty() || value.empty()) return void(++left_out_);
    text_ += "fact name=" + plain(name, "=,*\\") + ' ' + one_line(value) + '\n';
  }

  /// Calls `collect` for each tick on standard input, or once if none comes. The exit status: 1 if
  /// nobody reads any more.
  template <typename Collect>
  [[nodiscard]] static int run(Collect collect) {
    Collector say;
    bool asked = false;
    char line[128];
    while (::isatty(0) == 0 && read_line(line, sizeof line)) {
      if (std::string_view(line).substr(0, 5) != "tick ") continue;
      asked = true;
      if (!say.answer(std::strtoull(line + 5, nullptr, 10), collect, "done\n")) return 1;
    }
    const auto now = static_cast<std::uint64_t>(std::time(nullptr));
    return asked || say.answer(now, collect, "") ? 0 : 1;
  }

 private:
  /// A signal, or a descriptor that does not block, is no end.
  static bool may_go_on(int fd, short event) {
    if (errno != EINTR && errno != EAGAIN) return false;
    pollfd wait{fd, event, 0};
    if (errno == EAGAIN) ::poll(&wait, 1, -1);
    return true;
  }
  static bool read_line(char* line, int room) {
    while (std::fgets(line, room, stdin) == nullptr) {
      if (std::feof(stdin) != 0 || !may_go_on(0, POLLIN)) return false;
      std::clearerr(stdin);
    }
    return true;
  }

  template <typename Collect>
  bool answer(std::uint64_t time, Collect& collect, const char* end) {
    time_ = time;
    text_.clear();
    left_out_ = 0;
    collect(*this);
    text_ += end;
    if (left_out_ > 0) {
      std::fprintf(stderr, "%u of this answer left out: no finite number, or no name\n", left_out_);
    }
    std::string_view rest = text_;
    while (!rest.empty()) {
      const auto sent = ::write(1, rest.data(), rest.size());
      if (sent < 0 && !may_go_on(1, POLLOUT)) return false;
      if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void say(const char* kind, std::string_view metric, Tags tags, const std::string& rest) {
    if (metric.empty() || (rest.empty() && *kind != 'e' && *kind != 'E')) return void(++left_out_);
    text_ += kind + (' ' + std::to_string(time_)) + ' ' + plain(metric, "=*") + ' ';
    const std::string named = tags_of(tags);
    text_ += (named.empty() ? "" : named + ' ') + rest + '\n';
  }

  /// Empty if it is no number that can be said.
  template <typename Number>
  static std::string number(Number value) {
    static_assert(std::is_arithmetic_v<Number>);
    if constexpr (std::is_same_v<Number, bool>) {
      return value ? "1" : "0";
    } else {
      if constexpr (std::is_same_v<Number, long double>) {
        if (!(std::fabs(value) <= std::numeric_limits<double>::max())) return {};
        return number(static_cast<double>(value));
      }
      if constexpr (std::is_floating_point_v<Number>) {
        if (!std::isfinite(value)) return {};
      }
      char room[64];
      return {room, std::to_chars(room, room + sizeof room, value).ptr};
    }
  }

  static bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; }
  static std::string plain(std::string_view name, std::string_view refused) {
    std::string text(name);
    for (char& c : text) {
      if (is_blank(c) || refused.find(c) != std::string_view::npos) c = '_';
    }
    return text;
  }
  static std::string one_line(std::string_view text) {
    std::string line(text);
    for (char& c : line) {
      if (is_blank(c)) c = ' ';
    }
    return line;
  }
  /// A tag without a key or a value is left out.
  static std::string tags_of(Tags tags) {
    std::string text;
    const auto put = [&text](const std::string& part) {
      for (const char c : part) {
        if (c == ',' || c == '=' || c == '*') text += '\\';
        text += c;
      }
    };
    for (const auto& [key, value] : tags) {
      if (key.empty() || value.empty()) continue;
      if (!text.empty()) text += ',';
      put(plain(key, "\\"));
      text += '=';
      put(plain(value, "\\"));
    }
    return text;
  }

  std::string text_;
  std::uint64_t time_ = 0;
  unsigned left_out_ = 0;
};

}  // namespace lariat
