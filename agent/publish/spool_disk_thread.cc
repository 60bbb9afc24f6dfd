#include "agent/publish/spool_disk_thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "agent/base/clock.h"
#include "agent/base/unique_fd.h"

namespace lariat::publish {

// Shared by both threads, so that either may end first.
struct SpoolDiskThread::State {
  std::mutex mutex;
  std::condition_variable posted;
  std::condition_variable ended;
  std::deque<Work> work;
  std::vector<Done> done;
  bool stopping = false;
  bool has_ended = false;
  base::UniqueFd finished;  // An eventfd: `done` has something.

  void run();
  void tell();
};

void SpoolDiskThread::State::tell() {
  const std::uint64_t one = 1;
  // It cannot be full: the loop reads it to 0, and one is added a piece of work.
  [[maybe_unused]] const auto written = ::write(finished.get(), &one, sizeof one);
}

void SpoolDiskThread::State::run() {
  std::unique_lock lock(mutex);
  for (;;) {
    if (work.empty()) {
      if (stopping) break;
      posted.wait(lock);
      continue;
    }
    auto next = std::move(work.front());
    work.pop_front();
    lock.unlock();
    auto result = next();
    next = nullptr;
    lock.lock();
    done.push_back(std::move(result));
    tell();
  }
  has_ended = true;
  ended.notify_all();
}

base::Result<std::unique_ptr<SpoolDiskThread>> SpoolDiskThread::start(loop::Loop& loop) {
  auto state = std::make_shared<State>();
  state->finished.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!state->finished) {
    return base::Error{"cannot start the disk's thread: " + std::generic_category().message(errno)};
  }
  // A thread begins with the mask of the one that makes it.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::string failure;
  try {
    std::thread([state] {
      ::pthread_setname_np(::pthread_self(), "lariat-disk");
      state->run();
    }).detach();
  } catch (const std::system_error& error) {
    failure = error.what();
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!failure.empty()) return base::Error{"cannot start the disk's thread: " + failure};
  return std::unique_ptr<SpoolDiskThread>(new SpoolDiskThread(loop, std::move(state)));
}

SpoolDiskThread::SpoolDiskThread(loop::Loop& loop, std::shared_ptr<State> state)
    : state_(std::move(state)),
      finished_(loop, loop::CallbackKind::kFile, [this] { finish_done(); }) {
  finished_.watch(state_->finished.get());
  finished_.start();
}

SpoolDiskThread::~SpoolDiskThread() {
  if (stopped_) return;
  const std::lock_guard lock(state_->mutex);
  state_->stopping = true;
  state_->work.clear();
  state_->posted.notify_one();
}

void SpoolDiskThread::post(Work work) {
  if (stopped_) return;
  ++pending_;
  const std::lock_guard lock(state_->mutex);
  state_->work.push_back(std::move(work));
  state_->posted.notify_one();
}

void SpoolDiskThread::abandon() noexcept {
  finished_.watch(-1);
  stopped_ = true;
}

void SpoolDiskThread::finish_done() noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(state_->finished.get(), &count, sizeof count);
  std::vector<Done> done;
  {
    const std::lock_guard lock(state_->mutex);
    done.swap(state_->done);
  }
  for (auto& one : done) {
    --pending_;
    if (one) one();
  }
}

bool SpoolDiskThread::stop(std::chrono::milliseconds patience) {
  if (stopped_) return true;
  bool ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->stopping = true;
    state_->posted.notify_one();
    ended = state_->ended.wait_until(lock, base::monotonic_now() + patience,
                                     [this] { return state_->has_ended; });
    if (!ended) state_->work.clear();
  }
  stopped_ = true;
  finish_done();
  finished_.stop();
  return ended;
}

}  // namespace lariat::publish
