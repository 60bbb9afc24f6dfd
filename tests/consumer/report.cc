// The same from C++: one message of each kind to each endpoint that is named.
#include <array>
#include <chrono>
#include <iostream>
#include <lariat/lariat.hpp>

namespace {

constexpr std::uint64_t kTime = 1'700'000'000;

lariat::Result report(lariat::Publisher& publisher) {
  using lariat::Result;
  constexpr std::array values{1.5, 2.0};
  for (const auto result :
       {publisher.sample("temperature room=attic", values, kTime),
        publisher.tally("visits room=attic", 3, kTime),
        publisher.delta("steps room=attic", 12345, kTime),
        publisher.state("roof room=attic", lariat::Status::kWarning, "a drip", kTime),
        publisher.event("rain room=attic", "it began", kTime),
        publisher.fact("floor room=attic", "oak")}) {
    if (result != Result::kOk) return result;
  }
  return publisher.flush(std::chrono::seconds(10));
}

}  // namespace

int main(int argc, char** argv) {
  auto result = lariat::Result::kOk;
  auto publisher = lariat::Publisher::open({}, &result);
  for (int i = 1; publisher && result == lariat::Result::kOk && i < argc; ++i) {
    result = publisher->connect(argv[i]);
  }
  if (publisher && result == lariat::Result::kOk) result = report(*publisher);
  if (result != lariat::Result::kOk) {
    std::cerr << "lariat " << lariat_version() << ": " << to_string(result) << '\n';
  }
  return result == lariat::Result::kOk ? 0 : 1;
}
