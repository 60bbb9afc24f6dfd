#pragma once

#include <memory>
#include <string>
#include <vector>

namespace lariat::test {

/// Where a certificate and its key lie, in PEM.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

struct CertificateOptions {
  std::string common_name = "test";
  /// As OpenSSL writes them: `DNS:agg.example`, `IP:127.0.0.1`.
  std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1"};
  int from_days = -1;   ///< Valid from so many days from now on,
  int until_days = 30;  ///< until so many.
};

/// A certificate authority of the test's own. Everything is made when it is asked for; nothing of
/// it is in the repository.
class TestCa {
 public:
  /// Writes its certificate to `folder/NAME.pem`.
  TestCa(std::string folder, const std::string& name);
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  /// Writes `folder/STEM.crt` and `folder/STEM.key`, each in place of what is there at once.
  CertificateFiles issue(const std::string& stem, const CertificateOptions& options = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::string folder_;
  std::string file_;
};

/// The same key, encrypted with a passphrase, at `to`.
void encrypt_key(const std::string& from, const std::string& to);

}  // namespace lariat::test
