#include "tests/unit/net/fake_dns.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>

#include "agent/net/address.h"

namespace lariat::test {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::uint16_t kTypeA = 1;
constexpr std::uint16_t kTypeAaaa = 28;
constexpr std::uint8_t kNameError = 3;

/// The question of a query: its name, its type, and where it ends.
struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::size_t end = 0;
};

Question question_of(std::span<const std::uint8_t> query) {
  Question question;
  std::size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    if (!question.name.empty()) question.name += '.';
    for (std::size_t i = 1; i <= query[at] && at + i < query.size(); ++i) {
      question.name += static_cast<char>(query[at + i]);
    }
    at += query[at] + 1U;
  }
  if (at + 5 > query.size()) return question;
  question.type = static_cast<std::uint16_t>(query[at + 1] << 8U | query[at + 2]);
  question.end = at + 5;
  return question;
}

void append_record(std::vector<std::uint8_t>& answer, std::uint16_t type,
                   std::span<const std::uint8_t> data) {
  const std::array<std::uint8_t, 12> head{0xc0, kHeader, 0, static_cast<std::uint8_t>(type),
                                          0,    1,       0, 0,
                                          0,    60,      0, static_cast<std::uint8_t>(data.size())};
  answer.insert(answer.end(), head.begin(), head.end());
  answer.insert(answer.end(), data.begin(), data.end());
  ++answer[7];
}

}  // namespace

FakeDns::FakeDns(loop::Loop& loop, const std::string& address, std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      address_(address),
      readable_(loop, loop::CallbackKind::kRead, [this] { answer_one(); }) {
  const auto bound = net::Address::from_literal(address, port);
  EXPECT_EQ(::bind(socket_.get(), bound->data(), bound->size), 0);
  port_ = net::Address::local(socket_.get())->port();
  readable_.watch(socket_.get());
  readable_.start();
}

std::string FakeDns::text() const { return address_ + ":" + std::to_string(port_); }

void FakeDns::answer_one() {
  std::array<std::uint8_t, 512> query{};
  net::Address from;
  from.size = sizeof from.storage;
  auto* const storage = reinterpret_cast<sockaddr*>(&from.storage);
  const ssize_t size =
      ::recvfrom(socket_.get(), query.data(), query.size(), 0, storage, &from.size);
  if (size < static_cast<ssize_t>(kHeader)) return;
  ++queries_;
  const auto answer = answer_to(std::span(query).first(static_cast<std::size_t>(size)));
  if (answer.empty()) return;
  EXPECT_GT(::sendto(socket_.get(), answer.data(), answer.size(), 0, from.data(), from.size), 0);
}

std::vector<std::uint8_t> FakeDns::answer_to(std::span<const std::uint8_t> query) const {
  const auto question = question_of(query);
  const auto found = records_.find(question.name);
  if (found != records_.end() && found->second.silent) return {};

  std::vector<std::uint8_t> answer(query.begin(),
                                   query.begin() + static_cast<std::ptrdiff_t>(question.end));
  answer[2] = 0x81;
  answer[3] = 0x80 | (found == records_.end() ? kNameError : 0);
  for (std::size_t i = 6; i < kHeader; ++i) answer[i] = 0;
  if (found == records_.end()) return answer;
  for (const auto& literal : found->second.addresses) {
    std::array<std::uint8_t, 16> data{};
    if (question.type == kTypeA && ::inet_pton(AF_INET, literal.c_str(), data.data()) == 1) {
      append_record(answer, kTypeA, std::span(data).first(4));
    }
    if (question.type == kTypeAaaa && ::inet_pton(AF_INET6, literal.c_str(), data.data()) == 1) {
      append_record(answer, kTypeAaaa, data);
    }
  }
  return answer;
}

}  // namespace lariat::test
