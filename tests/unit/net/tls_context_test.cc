#include "agent/net/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/net/tls_pair.h"

namespace lariat::net {
namespace {

using Step = TlsChannel::Step;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class TlsContextTest : public testing::Test, protected test::TlsFixture {
 protected:
  std::string server_fault(TlsOptions options) {
    const auto good = server(std::move(options))->refresh();
    return good ? "" : good.error().text;
  }
  std::string key_fault(const std::string& key) {
    return server_fault({.certificate = own.certificate, .key = key});
  }
};

TEST_F(TlsContextTest, TakesGoodFiles) {
  EXPECT_EQ(server_fault({.certificate = own.certificate, .key = own.key}), "");
  EXPECT_TRUE(client()->refresh());
  EXPECT_TRUE(client({})->refresh()) << "the system's store";
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(TlsContextTest, WantsBothFilesOrNone) {
  EXPECT_THAT(server_fault({}), HasSubstr("needs a certificate and its key"));
  EXPECT_THAT(server_fault({.certificate = own.certificate}), HasSubstr("without its key"));
  EXPECT_THAT(client({.key = own.key})->refresh().error().text,
              HasSubstr("key is given without its certificate"));
}

TEST_F(TlsContextTest, NamesAMissingFile) {
  const auto missing = folder / "none.pem";
  EXPECT_EQ(key_fault(missing), "the key file " + missing + " does not exist");
  EXPECT_EQ(server_fault({.certificate = missing, .key = own.key}),
            "the certificate file " + missing + " does not exist");
  EXPECT_EQ(client({.ca = missing})->refresh().error().text,
            "the CA file " + missing + " does not exist");
}

TEST_F(TlsContextTest, RefusesWhatIsNotPem) {
  const auto text = folder / "text.pem";
  std::ofstream(text) << "hello\n";
  ::chmod(text.c_str(), 0600);
  EXPECT_THAT(key_fault(text), HasSubstr("has no private key in PEM"));
  EXPECT_THAT(server_fault({.certificate = text, .key = own.key}),
              AllOf(HasSubstr(text), HasSubstr("no certificate in PEM")));
  EXPECT_THAT(client({.ca = text})->refresh().error().text, HasSubstr("no certificate in PEM"));
  std::ofstream(text) << "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(client({.ca = text})->refresh().error().text, HasSubstr("is damaged"));
}

TEST_F(TlsContextTest, RefusesWhatIsNoFile) {
  EXPECT_THAT(key_fault(folder.path()), HasSubstr("is not a regular file"));
  const auto pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(key_fault(pipe), HasSubstr("is not a regular file")) << "and it does not wait";
}

TEST_F(TlsContextTest, RefusesTheKeyOfAnotherCertificate) {
  const auto other = ca.issue("other");
  EXPECT_THAT(key_fault(other.key),
              AllOf(HasSubstr("does not belong to"), HasSubstr(own.certificate)));
}

TEST_F(TlsContextTest, RefusesAKeyThatOthersMayRead) {
  ::chmod(own.key.c_str(), 0644);
  EXPECT_THAT(key_fault(own.key), AllOf(HasSubstr("mode 0644"), HasSubstr("chmod 600 " + own.key)));
  ::chmod(own.key.c_str(), 0640);
  EXPECT_EQ(key_fault(own.key), "") << "its group is ours";
  ::chmod(own.key.c_str(), 0660);
  EXPECT_THAT(key_fault(own.key), HasSubstr("chmod 600")) << "but may not write it";
  if (::geteuid() != 0) GTEST_SKIP() << "giving a file away takes root";
  ::chmod(own.key.c_str(), 0640);
  ASSERT_EQ(::chown(own.key.c_str(), 0, 54321), 0);
  EXPECT_THAT(key_fault(own.key), HasSubstr("chmod 600"));
}

TEST_F(TlsContextTest, RefusesAnEncryptedKey) {
  const auto encrypted = folder / "encrypted.key";
  test::encrypt_key(own.key, encrypted);
  EXPECT_THAT(key_fault(encrypted),
              AllOf(HasSubstr("is encrypted"), HasSubstr("openssl pkey -in " + encrypted)));
}

TEST_F(TlsContextTest, TellsOfACertificateOutOfDate) {
  const auto old = ca.issue("old", {.common_name = "old", .from_days = -30, .until_days = -3});
  EXPECT_EQ(server_fault({.certificate = old.certificate, .key = old.key}), "");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], AllOf(HasSubstr("\"old\""), HasSubstr("expired 3 days ago")));
  const auto early = ca.issue("early", {.from_days = 2});
  EXPECT_EQ(server_fault({.certificate = early.certificate, .key = early.key}), "");
  EXPECT_THAT(lines.back(), HasSubstr("is valid only from"));
}

TEST_F(TlsContextTest, ReadsChangedFilesAnewForTheNextConnectionOnly) {
  const auto theirs = server();
  const auto ours = client();
  auto before = test::shake_hands(*ours, *theirs);
  ASSERT_EQ(before.client_step, Step::kDone);

  ca.issue("own", {.names = {"DNS:new.example"}});
  auto after = test::shake_hands(*ours, *theirs);
  EXPECT_EQ(after.client_step, Step::kFailed);
  EXPECT_THAT(std::string(after.client->trouble()), HasSubstr("is for new.example, not for"));
  after = test::shake_hands(*ours, *theirs, "new.example");
  EXPECT_EQ(after.client_step, Step::kDone);
  EXPECT_THAT(lines, testing::ElementsAre("receive: has read its TLS files anew"));

  const iovec hello{const_cast<char*>("hello"), 5};
  EXPECT_EQ(before.client->send({&hello, 1}).octets, 5U) << "it lives on";
  EXPECT_EQ(test::receive(*before.server, 5), "hello");
}

TEST_F(TlsContextTest, KeepsWhatItHasWhenNewFilesAreBadAndSaysSoOnce) {
  const auto theirs = server();
  const auto ours = client();
  ASSERT_EQ(test::shake_hands(*ours, *theirs).client_step, Step::kDone);
  std::filesystem::rename(own.key, own.key + ".away");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(test::shake_hands(*ours, *theirs).client_step, Step::kDone);
  }
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0], AllOf(HasSubstr("does not exist"), HasSubstr("stays in use")));
  ca.issue("own");
  EXPECT_EQ(test::shake_hands(*ours, *theirs).client_step, Step::kDone);
  EXPECT_EQ(lines.back(), "receive: has read its TLS files anew");
  EXPECT_EQ(lines.size(), 2U);
}

TEST_F(TlsContextTest, HasNoUseForAnEmptyName) {
  const auto begun = client()->begin(base::UniqueFd(), "");
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().text, HasSubstr("no name that a certificate can have"));
}

}  // namespace
}  // namespace lariat::net
