// Whether a sample is the reason of a server's errors.

#include <algorithm>
#include <cassert>
#include <utility>

#include "agent/publish/http_endpoint.h"

namespace lariat::publish {
namespace {

// A body that was answered so often by an error of the server may be the reason of it.
constexpr unsigned kPoison = 10;
// One alone is given up when others were taken so often between its errors.
constexpr unsigned kControls = 3;
constexpr int kInternalError = 500;

}  // namespace

// Places of items count within one batch only.
void HttpEndpoint::forget_blame() {
  busy_answers_ = controls_taken_ = 0;
  poison_ = false;
  blamed_ = {};
  for (auto* item : {&good_, &next_control_, &control_}) item->reset();
}

void HttpEndpoint::send_control(std::size_t item) {
  assert(item < batch_.items().size());
  control_ = item;
  post({item, item + 1});
}

// Of an error of the server that comes back for the same body the body may be the reason: then an
// item that is sent alone shows that others are taken. Of other statuses it is not.
void HttpEndpoint::busy(const HttpAnswer& answer) {
  if (answer.status == kInternalError) {
    ++busy_answers_;
    blamed_ = answer;
    // What would be lost by it: its error is to come twice in a row each time.
    const bool sure = !pieces_.leaves_out() || busy_answers_ % 2 == 0;
    if (poison_ && good_ && sure) {
      send_control(*good_);
      return;
    }
    if (!poison_ && busy_answers_ >= kPoison) next_control_ = choose_control();
  }
  wait_and_retry(wait_after(answer), in_words(answer, client_->peer()), answer.status);
}

// Each time another one; none that is newer than what is not sent yet, which would be out of order
// behind it.
std::optional<std::size_t> HttpEndpoint::choose_control() const {
  if (good_) return good_;
  const auto piece = pieces_.next();
  if (piece.size() == 1) return {};
  const auto items = batch_.items().subspan(piece.from, piece.size());
  const auto later = [&](const HttpItem& item) {
    return item.ours || item.seconds != items.front().seconds;
  };
  const auto end = std::find_if(items.begin(), items.end(), later);
  const auto count = static_cast<std::size_t>(end - items.begin());
  if (count == 0) return {};
  // The first, the last, the second, the last but one.
  const auto turn = (busy_answers_ - kPoison) % count;
  return piece.from + (turn % 2 == 0 ? turn / 2 : count - 1 - turn / 2);
}

void HttpEndpoint::control_answered(const HttpAnswer& answer, HttpVerdict verdict) {
  if (verdict == HttpVerdict::kBusy || verdict == HttpVerdict::kMisconfigured) {
    wait_and_retry(wait_after(answer), in_words(answer, client_->peer()), answer.status);
    return;
  }
  good_ = encoded_.from;
  if (!std::exchange(poison_, true)) {
    send();  // The server may be well again.
    return;
  }
  ++controls_taken_;
  if (!pieces_.leaves_out() || controls_taken_ >= kControls) {
    refused(std::exchange(blamed_, {}), false);
  } else {
    wait_and_retry(jittered(), in_words(blamed_, client_->peer()), blamed_.status);
  }
}

}  // namespace lariat::publish
