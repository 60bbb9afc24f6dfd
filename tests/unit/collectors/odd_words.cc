#include <fcntl.h>
#include <lariat/collector.h>
#include <signal.h>
#include <sys/time.h>

#include <clocale>
#include <lariat/collector.hpp>
#include <limits>
#include <string>
#include <string_view>

// Says what is hard to say: `odd_words c` with the header of C, `odd_words cpp` with that of C++.
// Both have to say the same. With a third word a signal comes each millisecond while it waits, and
// says `.` on standard error; with `unblocked` standard input does not block either.
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void in_c(lariat_collector* say, void*) {
  lariat_collector_sample(say, "third", nullptr, 1.0 / 3.0);
  lariat_collector_sample(say, "least", "", 5e-324);
  lariat_collector_sample(say, "most", "a=b", -1.7976931348623157e308);
  lariat_collector_sample(say, "none", "a=b", kNan);
  lariat_collector_delta(say, "none", "a=b", kInfinity);
  lariat_collector_sample(say, "none", "a=b", -kInfinity);
  lariat_collector_sample(say, "", "a=b", 1);
  lariat_collector_delta(say, "grows", nullptr, 9007199254740991.0);
  lariat_collector_tally(say, "more", nullptr, 18446744073709551615U);
  lariat_collector_sample(say, "a b=c*\n", "k e=v a\\,l\\=x\ty", 0.1);
  lariat_collector_state(say, "how", nullptr, LARIAT_COLLECTOR_WARNING, "a=b is\nso");
  lariat_collector_state(say, "how", "a=b", LARIAT_COLLECTOR_OK, nullptr);
  lariat_collector_state(say, "how", nullptr, LARIAT_COLLECTOR_UNKNOWN, nullptr);
  lariat_collector_event(say, "what", nullptr, "a=b\nsample 1 bad 1");
  lariat_collector_event(say, "what", "c=d", "a=b");
  lariat_collector_fact(say, "ker nel", "a=b c");
}

void in_cpp(lariat::Collector& say) {
  using Status = lariat::Collector::Status;
  say.sample("third", 1.0 / 3.0);
  say.sample("least", 5e-324);
  say.sample("most", -1.7976931348623157e308, {{"a", "b"}});
  say.sample("none", kNan, {{"a", "b"}});
  say.delta("none", kInfinity, {{"a", "b"}});
  say.sample("none", std::numeric_limits<long double>::max());
  say.sample("", 1, {{"a", "b"}});
  say.delta("grows", std::int64_t{9007199254740991});
  say.tally("more", std::numeric_limits<std::uint64_t>::max());
  say.sample("a b=c*\n", 0.1, {{"k e", "v a,l=x\ty"}, {"", "b"}, {"c", ""}});
  say.state("how", Status::kWarning, "a=b is\nso");
  say.state("how", Status::kOk, {}, {{"a", "b"}});
  say.state("how", static_cast<Status>(-7));
  say.event("what", "a=b\nsample 1 bad 1");
  say.event("what", "a=b", {{"c", "d"}});
  say.fact("ker nel", "a=b c");
}

void say_signal(int) { [[maybe_unused]] const auto said = ::write(2, ".", 1); }

// As a collector may do it: without SA_RESTART.
void be_interrupted(bool unblocked) {
  struct sigaction action {};
  action.sa_handler = say_signal;
  ::sigaction(SIGALRM, &action, nullptr);
  const itimerval each{.it_interval = {0, 1000}, .it_value = {0, 1000}};
  ::setitimer(ITIMER_REAL, &each, nullptr);
  if (unblocked) ::fcntl(0, F_SETFL, O_NONBLOCK);
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "");
  if (argc > 2) be_interrupted(std::string_view(argv[2]) == "unblocked");
  if (argc > 1 && std::string_view(argv[1]) == "c") return lariat_collector_run(in_c, nullptr);
  return lariat::Collector::run(in_cpp);
}
