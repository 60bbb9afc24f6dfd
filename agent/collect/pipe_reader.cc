#include "agent/collect/pipe_reader.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace lariat::collect {
namespace {

constexpr int kPipeSize = 1 << 20;
constexpr int kReadsPerTurn = 4;

}  // namespace

PipeReader::PipeReader(loop::Loop& loop, std::span<std::byte> room, Events events)
    : room_(room),
      events_(std::move(events)),
      loop_(loop),
      readable_(loop, loop::CallbackKind::kRead, [this]() noexcept { read_some(); }) {}

void PipeReader::open(base::UniqueFd pipe) {
  close();
  pipe_ = std::move(pipe);
  left_.reset();
  ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(pipe_.get(), F_SETPIPE_SZ, kPipeSize);  // A user has so much of them and no more.
  readable_.watch(pipe_.get());
  readable_.start();
}

void PipeReader::close() noexcept {
  readable_.watch(-1);
  pipe_.reset();
}

void PipeReader::finish() {
  if (!pipe_) return;
  int there = 0;
  if (::ioctl(pipe_.get(), FIONREAD, &there) < 0) there = 0;
  left_ = static_cast<std::size_t>(there);
  if (*left_ == 0) {
    end();
  } else {
    resume();
  }
}

void PipeReader::read_some() {
  for (int i = 0; i < kReadsPerTurn && readable_.active(); ++i) {
    if (!read_once()) return;
  }
}

// False if there is nothing more to read now.
bool PipeReader::read_once() {
  const std::size_t wanted = std::min(room_.size(), left_.value_or(room_.size()));
  const ssize_t got = ::read(pipe_.get(), room_.data(), wanted);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    if (left_) {
      end();
    } else {
      loop_.nothing_done();
    }
    return false;
  }
  if (got <= 0) {
    end();
    return false;
  }
  const auto count = static_cast<std::size_t>(got);
  if (left_) *left_ -= count;
  events_.on_octets(room_.first(count));
  if (left_ && *left_ == 0 && pipe_) {
    end();
    return false;
  }
  return count == wanted;
}

void PipeReader::end() {
  close();
  events_.on_end();
}

}  // namespace lariat::collect
