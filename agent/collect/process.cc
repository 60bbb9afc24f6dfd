#include "agent/collect/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <utility>

namespace lariat::collect {

Process::Process(loop::Loop& loop, Reaper& reaper, std::chrono::milliseconds kill_grace,
                 std::function<void(const ProcessEnd&)> on_end)
    : reaper_(reaper),
      kill_grace_(kill_grace),
      on_end_(std::move(on_end)),
      ended_(loop, loop::CallbackKind::kChild, [this]() noexcept { ended(); }),
      kill_(loop, [this]() noexcept { ::kill(-pid_, SIGKILL); }) {}

Process::~Process() {
  if (!running()) return;
  ::kill(-pid_, SIGKILL);
  reaper_.remove(pid_);
}

base::Result<Process::Pipes> Process::start(Program program) {
  assert(!running());
  auto spawned = spawn(std::move(program));
  if (!spawned) return spawned.error();
  pid_ = spawned->pid;
  ending_ = false;
  reaper_.add(pid_);
  pidfd_ = std::move(spawned->ended);
  report_ = std::move(spawned->report);
  start_error_ = std::move(spawned->start_error);
  ended_.watch(pidfd_.get());
  ended_.start();
  return Pipes{std::move(spawned->input), std::move(spawned->output), std::move(spawned->errors)};
}

void Process::end() noexcept {
  if (!running() || ending_) return;
  ending_ = true;
  ::kill(-pid_, SIGTERM);
  ::kill(-pid_, SIGCONT);  // One that is stopped could not follow.
  kill_.start(kill_grace_);
}

// The leader is not waited for before its group is killed: until then nobody else can get its
// number.
void Process::ended() noexcept {
  ended_.watch(-1);
  kill_.stop();
  ::kill(-pid_, SIGKILL);
  ProcessEnd end;
  // Without a status, which nobody else should have taken, it counts as one that failed.
  if (::wait4(pid_, &end.status, WNOHANG, &end.usage) != pid_) end.status = 0xff00;
  end.start_error = report_ ? read_report() : std::exchange(start_error_, {});
  report_.reset();
  pidfd_.reset();
  reaper_.remove(std::exchange(pid_, -1));
  on_end_(end);
}

std::string Process::read_report() const {
  std::array<char, 1024> text{};
  const ssize_t got = ::read(report_.get(), text.data(), text.size());
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
}

}  // namespace lariat::collect
