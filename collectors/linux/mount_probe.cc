#include "collectors/linux/mount_probe.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace lariat::host {

// A thread and its orders. It works on copies: who gave the orders may have gone when it is done.
class MountProbe::Worker {
 public:
  static std::shared_ptr<Worker> start(const Call& call) {
    auto worker = std::make_shared<Worker>(call);
    std::thread([worker] { worker->work(); }).detach();
    return worker;
  }
  explicit Worker(Call call) : call_(std::move(call)) {}

  void order(std::span<MountQuestion* const> questions) {
    {
      const std::lock_guard lock(mutex_);
      // Strings keep their memory from round to round.
      if (answers_.size() < questions.size()) answers_.resize(questions.size());
      for (std::size_t i = 0; i < questions.size(); ++i) answers_[i].path = questions[i]->path;
      asked_ = questions.size();
      done_ = 0;
    }
    // Who is woken finds the lock free: it does not have to be woken twice.
    wake_.notify_one();
  }

  // Waits until all are answered, or one has not been for `patience`. How many are.
  [[nodiscard]] std::size_t wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    while (done_ < asked_) {
      const std::size_t before = done_;
      finished_.wait_for(lock, patience, [this] { return done_ == asked_; });
      if (done_ == before) break;
    }
    return done_;
  }

  // Of the first `questions.size()`, which are answered.
  void take(std::span<MountQuestion* const> questions) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      questions[i]->outcome =
          answers_[i].failed ? MountQuestion::Outcome::kFailed : MountQuestion::Outcome::kGood;
      questions[i]->numbers = answers_[i].numbers;
    }
  }

  // The thread ends as soon as its call returns.
  void dismiss() {
    const std::lock_guard lock(mutex_);
    dismissed_ = true;
    wake_.notify_one();
  }
  [[nodiscard]] bool has_ended() const noexcept { return ended_; }

 private:
  struct Answer {
    std::string path;
    bool failed = false;
    struct statfs numbers {};
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return dismissed_ || done_ < asked_; });
      if (dismissed_) break;
      // While it is asked nobody else touches this answer: `order` waits for `done_`.
      Answer& answer = answers_[done_];
      lock.unlock();
      const bool failed = call_(answer.path.c_str(), &answer.numbers) != 0;
      lock.lock();
      if (dismissed_) break;
      answer.failed = failed;
      if (++done_ < asked_) continue;
      lock.unlock();
      finished_.notify_one();
      lock.lock();
    }
    ended_ = true;
  }

  Call call_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  std::vector<Answer> answers_;
  std::size_t asked_ = 0;
  std::size_t done_ = 0;
  bool dismissed_ = false;
  std::atomic<bool> ended_ = false;
};

MountProbe::MountProbe(Call call, const Limits& limits) : call_(std::move(call)), limits_(limits) {}

MountProbe::~MountProbe() {
  if (worker_) worker_->dismiss();
}

void MountProbe::ask(std::span<MountQuestion* const> questions) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + limits_.total;
  forget_returned();
  rest_.clear();
  for (MountQuestion* question : questions) {
    const bool stuck = is_stuck(question->path);
    question->outcome = stuck ? MountQuestion::Outcome::kStuck : MountQuestion::Outcome::kNotAsked;
    if (!stuck) rest_.push_back(question);
  }

  std::span<MountQuestion* const> rest = rest_;
  while (!rest.empty() && provide_worker()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) break;
    worker_->order(rest);
    const std::size_t done = worker_->wait(std::min(limits_.patience, left));
    worker_->take(rest.first(done));
    rest = rest.subspan(done);
    if (rest.empty()) break;
    worker_->dismiss();
    stuck_.push_back({std::exchange(worker_, nullptr), rest.front()->path});
    rest.front()->outcome = MountQuestion::Outcome::kStuck;
    rest = rest.subspan(1);
  }
}

bool MountProbe::is_stuck(const std::string& path) const noexcept {
  return std::ranges::find(stuck_, path, &Stuck::path) != stuck_.end();
}

bool MountProbe::provide_worker() {
  if (worker_) return true;
  if (stuck_.size() >= limits_.threads) return false;
  try {
    worker_ = Worker::start(call_);
  } catch (const std::system_error&) {  // No thread to be had: a limit of the system.
    return false;
  }
  return true;
}

void MountProbe::forget_returned() {
  std::erase_if(stuck_, [](const Stuck& stuck) { return stuck.worker->has_ended(); });
}

}  // namespace lariat::host
