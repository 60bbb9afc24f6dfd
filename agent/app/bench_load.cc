#include "agent/app/bench_load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdio>
#include <cstring>
#include <utility>

#include "proto/bytes.h"
#include "proto/encode.h"

namespace lariat::app {
namespace {

// Flat out, so much is published before the endpoints write: long enough for a system call to cost
// little a frame, short enough for the bytes to be in the processor's cache still.
constexpr std::size_t kBatchBytes = std::size_t{256} << 10U;
constexpr std::chrono::milliseconds kConnectPoll{5};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t resident_bytes() {
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu %lu", &total, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// A frame of just so many octets, as far as a longer tag can make it.
std::vector<std::byte> make_template(std::size_t series, std::size_t frame_bytes) {
  std::array<std::byte, proto::kEncodeBufferSize> buffer;
  const auto time = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::seconds>(base::wall_now()).time_since_epoch().count());
  constexpr std::array<double, 1> kValue = {0.0};
  std::string name = "bench series=" + std::to_string(series);
  auto encoded = proto::encode_sample(buffer, name, time, kValue);
  constexpr std::size_t kPadTag = 5;  // `pad=` and the comma.
  if (encoded.size + kPadTag < frame_bytes) {
    name = "bench pad=" + std::string(frame_bytes - encoded.size - kPadTag, 'x') +
           ",series=" + std::to_string(series);
    encoded = proto::encode_sample(buffer, name, time, kValue);
  }
  assert(encoded);
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(encoded.size)};
}

}  // namespace

BenchLoad::BenchLoad(loop::Loop& loop, publish::Publisher& publisher, const BenchPlan& plan)
    : loop_(loop),
      publisher_(publisher),
      plan_(plan),
      timer_(loop, [this]() noexcept { tick(); }),
      deadline_(loop, [this]() noexcept { stop(); }) {
  for (std::size_t series = 0; series < plan_.names; ++series) {
    templates_.push_back(make_template(series, plan_.frame_bytes));
  }
}

void BenchLoad::start(std::function<void()> published) {
  published_ = std::move(published);
  running_ = true;
  began_at_ = base::monotonic_now();
  timer_.start(std::chrono::nanoseconds(0));
  // Endpoints that never connect, or take nothing, do not make it longer.
  if (plan_.duration.count() != 0 && !plan_.idle) deadline_.start(plan_.duration);
}

void BenchLoad::stop() {
  if (running_) end();
}

bool BenchLoad::all_connected() const {
  const auto endpoints = publisher_.endpoints();
  return std::all_of(endpoints.begin(), endpoints.end(),
                     [](const auto& endpoint) { return endpoint->connected(); });
}

void BenchLoad::begin() {
  began_ = true;
  cost_.rss_idle_bytes = resident_bytes();
  before_ = loop_.stats();
  cpu_before_ = cpu_seconds();
  began_at_ = base::monotonic_now();
  // At a rate the schedule ends by itself, with the last frames that are due.
  deadline_.stop();
  if (plan_.duration.count() != 0 && plan_.rate == 0 && !plan_.idle) {
    deadline_.start(plan_.duration);
  }
}

void BenchLoad::tick() {
  if (!began_) {
    if (plan_.wait && !all_connected()) {
      timer_.start(kConnectPoll);
      return;
    }
    begin();
    if (plan_.idle) {
      timer_.start(plan_.duration);
      return;
    }
  }
  const bool late =
      plan_.duration.count() != 0 && base::monotonic_now() - began_at_ >= plan_.duration;
  if (plan_.idle || late || left() == 0) {
    end();
  } else if (plan_.rate == 0) {
    tick_flat_out();
  } else {
    tick_at_rate();
  }
}

std::uint64_t BenchLoad::left() const noexcept {
  return plan_.frames == 0 ? ~std::uint64_t{0} : plan_.frames - number_;
}

void BenchLoad::tick_flat_out() {
  publish(std::min<std::uint64_t>(left(),
                                  std::max<std::size_t>(1, kBatchBytes / templates_[0].size())));
  publisher_.when_lag_below(kBatchBytes, [this] {
    if (running_) timer_.start(std::chrono::nanoseconds(0));
  });
}

// By the schedule, not by the last tick: one that is late publishes more.
void BenchLoad::tick_at_rate() {
  const auto elapsed = base::monotonic_now() - began_at_;
  ticks_ = std::max<std::uint64_t>(ticks_, static_cast<std::uint64_t>(elapsed / plan_.every)) + 1;
  const auto due =
      static_cast<std::uint64_t>(plan_.rate * std::chrono::duration<double>(plan_.every).count() *
                                 static_cast<double>(ticks_));
  publish(std::min(left(), due - std::min(due, number_)));
  timer_.start(began_at_ + plan_.every * ticks_ - base::monotonic_now());
}

void BenchLoad::publish(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    auto& frame = templates_[number_ % templates_.size()];
    const auto bits = std::bit_cast<std::uint64_t>(static_cast<double>(number_));
    proto::store_big<std::uint64_t>(frame.data() + frame.size() - sizeof(bits), bits);
    if (!publisher_.publish(frame)) break;
    ++number_;
  }
}

void BenchLoad::end() {
  running_ = false;
  timer_.stop();
  deadline_.stop();
  cost_.rss_bytes = resident_bytes();
  std::exchange(published_, nullptr)();
}

BenchCost BenchLoad::cost() const {
  auto cost = cost_;
  const auto now = loop_.stats();
  cost.frames = number_;
  cost.seconds = std::chrono::duration<double>(base::monotonic_now() - began_at_).count();
  cost.cpu_seconds = cpu_seconds() - cpu_before_;
  cost.wakeups = now.wakeups - before_.wakeups;
  cost.iterations = now.iterations - before_.iterations;
  return cost;
}

}  // namespace lariat::app
