#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "agent/config/output_keys.h"
#include "tests/unit/config/support.h"

namespace lariat::config {
namespace {

using testing::HasSubstr;

/// Configurations by chance, each a valid one.
class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}

  Config config() {
    Config config;
    config.file = "c.json";
    config.hostname = FakeHost().surroundings().hostname;
    for (unsigned i = below(4) + 1; i > 0; --i) (void)config.tags.set(name(), text());
    config.interval = seconds();
    config.log.segment = (4096U << below(10)) + below(3);
    config.log.memory = 2 * config.log.segment + below(5);
    if (below(2) != 0) {
      config.log.spool = Spool{.directory = "/" + text(),
                               .max_bytes = 4 * config.log.segment + below(5),
                               .sync = time()};
    }
    config.http = listen();
    if (below(2) != 0) config.control_socket = '/' + name();
    for (unsigned i = below(3); i > 0; --i) config.endpoints.push_back(endpoint(i));
    for (unsigned i = below(3); i > 0; --i) config.directories.push_back(unique('/', i));
    for (unsigned i = below(3); i > 0; --i) config.run.push_back(collector(i));
    config.max_series = below(1000) + 1;
    config.shutdown_grace = time();
    return config;
  }

 private:
  unsigned below(unsigned count) { return static_cast<unsigned>(engine_()) % count; }
  std::chrono::milliseconds time() { return std::chrono::milliseconds(below(1'000'000)); }
  std::chrono::milliseconds timeout() { return time() + std::chrono::milliseconds(1); }
  std::chrono::milliseconds seconds() { return std::chrono::seconds(below(100'000) + 1); }
  std::string unique(char first, unsigned number) {
    return first + std::to_string(number) + "." + name();
  }
  std::string name() {
    constexpr std::string_view kLetters = "abcXYZ019._-";
    std::string name = "n";
    for (unsigned i = below(12); i > 0; --i) name += kLetters[below(kLetters.size())];
    return name;
  }
  std::string text() {
    constexpr std::array<std::string_view, 10> kPieces{"@", "a",  " ",      "\"", "\xc3\xa4",
                                                       ",", "=*", "@env:X", "\n", "\x1b"};
    std::string text;
    for (unsigned i = below(6); i > 0; --i) text += kPieces.at(below(kPieces.size()));
    return text;
  }
  std::optional<Listen> listen() {
    constexpr std::array<const char*, 4> kHosts{"127.0.0.1", "::", "localhost", "fe80::1"};
    if (below(4) == 0) return std::nullopt;
    Listen made{kHosts.at(below(4)), static_cast<std::uint16_t>(below(65'536))};
    if (below(2) != 0) made.tls = ServerTls{'/' + name(), '/' + text(), below(2) != 0 ? "/x" : ""};
    return made;
  }
  // What is written in the file itself is not printed, so all come from elsewhere.
  Secret secret() { return below(2) != 0 ? Secret{"web1", "@hostname"} : Secret(); }
  void credentials(Output& output) {
    if (below(2) != 0) {
      output.bearer_token = secret();
    } else if (output.username = secret(); !output.username.empty()) {
      output.password = secret();
    }
    for (unsigned i = below(3); i > 0; --i) {
      output.headers.emplace_back('X' + std::to_string(i), secret());
    }
    if (below(2) != 0) output.proxy = "http://[::1]:" + std::to_string(1 + below(60'000));
  }
  Output output(const base::Url& url) {
    Output made;
    if (has_key(url, "labels")) (void)made.labels.set(name(), text());
    if (has_key(url, "field")) made.field = "@f " + name();
    if (has_key(url, "tls")) {
      made.tls = {.server_name = below(2) != 0 ? "h.example" : "",
                  .min_version = static_cast<base::TlsVersion>(below(2))};
      if (below(2) != 0) made.tls.certificate = made.tls.key = '/' + name();
    }
    if (url.scheme == "graphite") {
      made.graphite.tags = below(2) != 0;
      if (!made.graphite.tags) {
        made.graphite.layout =
            std::get<proto::GraphiteTemplate>(proto::GraphiteTemplate::parse("a.metric.b"));
      }
      made.graphite.prefix = below(2) != 0 ? "@p" : "";
    }
    if (!url.is_http()) return made;
    made.batch = {1 + below(1000), timeout(), 4096 + below(10'000)};
    made.compression = url.scheme.starts_with("p") ? base::Compression::kSnappy
                                                   : static_cast<base::Compression>(below(2));
    credentials(made);
    return made;
  }
  Endpoint endpoint(unsigned number) {
    Endpoint endpoint{.name = unique('e', number)};
    constexpr std::array<const char*, 7> kUrls{
        "tsdp://h:",   "tsdp+tls://h:",         "graphite://h:",
        "influx://h:", "influx+https://[::1]:", "prometheus+http://h:",
        "bolo://h:"};
    const std::string begin = kUrls.at(below(kUrls.size()));
    const bool http = begin.find("+http") != std::string::npos;
    endpoint.url = *base::parse_url(begin + std::to_string(number) + (http ? "/w?a=%20" : ""));
    endpoint.output = output(endpoint.url);
    endpoint.from_begin = below(2) != 0;
    endpoint.fresh_first = endpoint.url.scheme != "bolo" && below(2) != 0;
    endpoint.catch_up = below(1'000) / 7.0;
    if (below(2) != 0) endpoint.max_age = timeout();
    if (below(2) != 0) endpoint.max_bytes = 4096 + below(100'000);
    if (below(2) != 0) {
      endpoint.match = {"a* *", "b host=" + name()};
      endpoint.filter = std::get<proto::Filter>(proto::Filter::parse(endpoint.match));
    }
    endpoint.connect_timeout = timeout();
    endpoint.stall_timeout = timeout();
    endpoint.back_off_min = timeout();
    endpoint.back_off_max = endpoint.back_off_min + time();
    endpoint.heartbeat = endpoint.url.is_tsdp() ? time() : std::chrono::milliseconds(0);
    return endpoint;
  }
  Collector collector(unsigned number) {
    Collector collector{.name = unique('c', number)};
    collector.command = {"/opt/" + name(), text(), text()};
    collector.mode = static_cast<Mode>(below(3));
    collector.format = static_cast<OutputFormat>(below(9));
    if (collector.format == OutputFormat::kNagios) collector.mode = Mode::kOneshot;
    collector.interval = seconds();
    collector.timeout = collector.interval;
    if (collector.mode != Mode::kFeed && below(2) != 0) collector.timeout /= 2;
    for (unsigned i = below(3); i > 0; --i) collector.env.emplace_back(unique('E', i), text());
    if (below(2) != 0) collector.user = name();
    collector.nice = static_cast<int>(below(20));
    if (below(2) != 0) {
      collector.ionice = IoPriority{.idle = below(2) != 0};
      if (!collector.ionice->idle) collector.ionice->level = static_cast<int>(below(8));
    }
    if (below(2) != 0) collector.max_cpu = std::chrono::seconds(1 + below(1000));
    if (below(2) != 0) collector.max_files = 8 + below(1000);
    if (below(2) != 0) collector.max_processes = 1 + below(1000);
    if (below(2) != 0) collector.max_memory = (std::uint64_t{1} << 20U) + below(1'000'000);
    collector.max_series = below(100) + 1;
    collector.max_frames = below(100) + 1;
    collector.max_output = 1024 + below(1'000'000);
    collector.max_line = 1024 + below(1'000'000);
    collector.expose = below(2) != 0;
    collector.enabled = below(2) != 0;
    collector.origin = "c.json: collectors.run.\"" + collector.name + '"';
    return collector;
  }

  std::mt19937 engine_;
};

TEST(Print, LoadsAsTheSame) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    const Config config = Chance(seed).config();
    const std::string printed = print(config);
    const auto loaded = parse_on(printed);
    ASSERT_TRUE(loaded.config) << printed << testing::PrintToString(lines(loaded.mistakes));
    ASSERT_EQ(loaded.config, config) << "seed " << seed << '\n' << printed;
  }
}

TEST(Print, OfTheBuiltInDefaultLoadsAsTheSame) {
  auto config = built_in_default(FakeHost().surroundings());
  const auto loaded = parse("" + print(config), "", FakeHost().surroundings());
  ASSERT_TRUE(loaded.config);
  for (auto& collector : config.run) collector.origin = ": collectors.run." + collector.name;
  EXPECT_EQ(loaded.config, config);
}

TEST(Print, KeepsTheScheduleAsItsFile) {
  FakeHost host;
  host.files["/s"] = "@10s a\n";
  const auto loaded = parse_on(R"({"collectors": {"schedule_file": "/s"}})", host);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(parse_on(print(*loaded.config), host).config, loaded.config);
}

TEST(Print, ShowsEachKeyWithItsValue) {
  const auto printed = print(*parse_on(R"({"endpoints": {"e": {"url": "tsdp://a:1"}}})").config);
  for (const auto* key : {"tags",       "interval",        "memory",        "segment",
                          "spool",      "listen",          "socket",        "url",
                          "start",      "max_age",         "max_bytes",     "order",
                          "match",      "connect_timeout", "stall_timeout", "back_off",
                          "heartbeat",  "directories",     "run",           "schedule_file",
                          "max_series", "shutdown_grace"}) {
    EXPECT_THAT(printed, HasSubstr('"' + std::string(key) + "\": "));
  }
}

TEST(Print, ControlsNoTerminal) {
  auto config = *parse_on("{}").config;
  (void)config.tags.set("a", "\x1b[2J\x7f\xc2\x9b\xff");
  const auto printed = print(config);
  for (const char octet : printed) {
    EXPECT_TRUE(octet == '\n' || (octet >= 0x20 && octet < 0x7f));
  }
}

}  // namespace
}  // namespace lariat::config
