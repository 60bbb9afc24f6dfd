#include <sys/timex.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "collectors/linux/all.h"
#include "collectors/linux/fault.h"

namespace lariat::host {
namespace {

constexpr double kMicrosecondsASecond = 1e6;
constexpr double kNanosecondsASecond = 1e9;
// Frequencies are in millionths, with 16 bits behind the point.
constexpr double kFrequencyUnit = 1e6 * 65536;

// The clock as the kernel steers it.
class TimexSource : public sdk::Source {
 public:
  std::string collect(sdk::Answer& answer) override {
    timex now{};
    const int state = ::adjtimex(&now);
    // A sandbox may forbid even to ask.
    if (state < 0 && errno == EPERM) return not_here();
    if (state < 0) return "adjtimex: " + std::generic_category().message(errno);
    put_clock(now, state, answer);
    put_pulse(now, answer);
    return {};
  }

 private:
  static double unit_of(const timex& now) noexcept {
    return (now.status & STA_NANO) != 0 ? kNanosecondsASecond : kMicrosecondsASecond;
  }

  static void put_clock(const timex& now, int state, sdk::Answer& answer) {
    answer.sample("node_timex_sync_status", state == TIME_ERROR ? 0 : 1);
    answer.sample("node_timex_offset_seconds", static_cast<double>(now.offset) / unit_of(now));
    answer.sample("node_timex_frequency_adjustment_ratio",
                  1 + static_cast<double>(now.freq) / kFrequencyUnit);
    answer.sample("node_timex_maxerror_seconds",
                  static_cast<double>(now.maxerror) / kMicrosecondsASecond);
    answer.sample("node_timex_estimated_error_seconds",
                  static_cast<double>(now.esterror) / kMicrosecondsASecond);
    answer.sample("node_timex_status", now.status);
    answer.sample("node_timex_loop_time_constant", static_cast<double>(now.constant));
    answer.sample("node_timex_tick_seconds", static_cast<double>(now.tick) / kMicrosecondsASecond);
    answer.sample("node_timex_tai_offset_seconds", now.tai);
  }

  // A pulse each second from a receiver of time.
  static void put_pulse(const timex& now, sdk::Answer& answer) {
    answer.sample("node_timex_pps_frequency_hertz",
                  static_cast<double>(now.ppsfreq) / kFrequencyUnit);
    answer.sample("node_timex_pps_jitter_seconds", static_cast<double>(now.jitter) / unit_of(now));
    answer.sample("node_timex_pps_shift_seconds", now.shift);
    answer.sample("node_timex_pps_stability_hertz",
                  static_cast<double>(now.stabil) / kFrequencyUnit);
    answer.delta("node_timex_pps_jitter_total", static_cast<double>(now.jitcnt));
    answer.delta("node_timex_pps_calibration_total", static_cast<double>(now.calcnt));
    answer.delta("node_timex_pps_error_total", static_cast<double>(now.errcnt));
    answer.delta("node_timex_pps_stability_exceeded_total", static_cast<double>(now.stbcnt));
  }
};

}  // namespace

std::unique_ptr<sdk::Source> make_timex(sdk::Host& /*host*/) {
  return std::make_unique<TimexSource>();
}

}  // namespace lariat::host
