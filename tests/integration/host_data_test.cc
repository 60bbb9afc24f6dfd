#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <set>
#include <span>
#include <string>

#include "proto/decode.h"
#include "proto/message.h"
#include "proto/qname.h"
#include "tests/integration/agent_run.h"
#include "tests/integration/bench_run.h"
#include "tests/integration/receive_run.h"
#include "tests/support/process.h"

namespace lariat::test {
namespace {

using std::chrono::milliseconds;

/// What a stream of host data says.
struct HostData {
  std::uint64_t messages = 0;
  std::uint64_t not_canonical = 0;
  std::uint64_t without_host = 0;
  std::set<std::string> names;
  std::set<std::uint64_t> times;
};

bool has_tag(std::string_view name, std::string_view key) {
  proto::TagWalk tags(proto::tags_of(name));
  for (proto::Tag tag; tags.next(tag);) {
    if (tag.key == key && !tag.value.empty()) return true;
  }
  return false;
}

HostData host_data(const std::string& octets) {
  HostData data;
  proto::Decoder decoder;
  decoder.feed(std::as_bytes(std::span(octets)));
  while (const auto event = decoder.next()) {
    if (event->outcome != proto::Decoder::Outcome::kMessage) break;
    const proto::Submit submit(event->message);
    ++data.messages;
    data.not_canonical += proto::is_canonical(submit.name()) ? 0 : 1;
    data.without_host += has_tag(submit.name(), "host") ? 0 : 1;
    data.names.emplace(submit.name());
    if (submit.kind() != proto::Payload::kFact) data.times.insert(submit.time());
  }
  return data;
}

TEST(HostData, DecodesAndIsCanonicalAndItsJsonIsAPipeThatLosesNothing) {
  const TemporaryDirectory folder;
  const auto direct_file = folder.file("direct");
  ReceiveRun direct("tsdp://127.0.0.1:0", {"--raw", direct_file});
  ReceiveRun as_json("tsdp://127.0.0.1:0", {"--json"});
  AgentRun agent("\"interval\": \"1s\",\n" +
                 endpoints_member({direct.url(), as_json.url()}, ", \"heartbeat\": \"1s\"") +
                 R"(, "collectors": {"directories": [], "run": {
                        "linux": {"command": ["linux"], "mode": "stream"},
                        "hostinfo": {"command": ["hostinfo"]}}})");
  const auto duration = lasting(std::chrono::seconds(60), std::chrono::seconds(10));
  const Deadline end(duration);
  while (!end.passed()) {
    agent.ledgers();
    as_json.process().wait(std::min(milliseconds(1'000), milliseconds(end.left())));
  }
  const auto reading = agent.ledgers();
  EXPECT_EQ(reading.sum("lariat_collector_rejected_total"), 0);
  EXPECT_EQ(reading.sum("lariat_endpoint_write_wakeups_empty_total"), 0);
  EXPECT_EQ(reading.sum("lariat_collector_restarts_total"), 0);
  EXPECT_EQ(agent.end(), 0);
  for (auto* receive : {&direct, &as_json}) {
    receive->process().signal(SIGTERM);
    EXPECT_EQ(receive->process().wait(), 0);
  }

  const auto stream = read_raw(direct_file);
  EXPECT_EQ(stream.bad, 0U);
  EXPECT_GT(stream.heartbeats, 0U);
  EXPECT_EQ(stream.heartbeats_wrong, 0U);
  const auto data = host_data(stream.frames);
  EXPECT_EQ(data.not_canonical, 0U);
  EXPECT_EQ(data.without_host, 0U);
  EXPECT_GT(data.names.size(), 50U);
  const auto seconds = static_cast<std::uint64_t>(duration.count() / 1'000);
  EXPECT_GE(data.times.size(), seconds - seconds / 10 - 1) << "a round each second";
  EXPECT_GT(data.messages, seconds * 50);

  const auto piped_file = folder.file("piped");
  ReceiveRun piped("tsdp://127.0.0.1:0", {"--raw", piped_file});
  write_file(folder.file("json"), as_json.process().text(Process::Stream::kOut));
  Process send({LARIAT_BINARY, "send", piped.url(), "--json", "-"},
               {.input_file = folder.file("json")});
  EXPECT_EQ(send.wait(), 0) << send.text(Process::Stream::kErr);
  piped.process().signal(SIGTERM);
  EXPECT_EQ(piped.process().wait(), 0);
  EXPECT_EQ(read_raw(piped_file).bad, 0U);
  EXPECT_TRUE(read_raw(piped_file).frames == stream.frames) << "octet by octet";
}

}  // namespace
}  // namespace lariat::test
