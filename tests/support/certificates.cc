#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <utility>

namespace lariat::test {
namespace {

struct Free {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

Owned<EVP_PKEY> make_key() {
  Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  require(key != nullptr, "EVP_EC_gen");
  return key;
}

// Beside it first: whoever reads sees the whole file, the old one or the new one.
void write_pem(const std::string& path, mode_t mode, const std::function<int(std::FILE*)>& write) {
  const auto beside = path + ".new";
  {
    const Owned<std::FILE> file(std::fopen(beside.c_str(), "we"));
    require(file && write(file.get()) == 1, beside.c_str());
  }
  ::chmod(beside.c_str(), mode);
  std::filesystem::rename(beside, path);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

Owned<X509> begin_certificate(EVP_PKEY* key, const CertificateOptions& options) {
  static std::atomic<long> serial{1};
  constexpr long kDay = 24L * 3600;
  Owned<X509> made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), options.from_days * kDay);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), options.until_days * kDay);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()),
                             -1, -1, 0);
  X509_set_pubkey(made.get(), key);
  return made;
}

void write_key(const std::string& path, EVP_PKEY* key) {
  write_pem(path, 0600, [key](std::FILE* file) {
    return PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void write_certificate(const std::string& path, X509* certificate) {
  write_pem(path, 0644,
            [certificate](std::FILE* file) { return PEM_write_X509(file, certificate); });
}

}  // namespace

struct TestCa::Impl {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;
};

TestCa::TestCa(std::string folder, const std::string& name)
    : impl_(std::make_unique<Impl>()),
      folder_(std::move(folder)),
      file_(folder_ + "/" + name + ".pem") {
  impl_->key = make_key();
  impl_->certificate =
      begin_certificate(impl_->key.get(), {.common_name = name, .until_days = 365});
  X509* own = impl_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(own, own, NID_subject_key_identifier, "hash");
  require(X509_sign(own, impl_->key.get(), EVP_sha256()) > 0, "X509_sign");
  write_certificate(file_, own);
}

TestCa::~TestCa() = default;

CertificateFiles TestCa::issue(const std::string& stem, const CertificateOptions& options) const {
  const auto key = make_key();
  const auto made = begin_certificate(key.get(), options);
  X509* ca = impl_->certificate.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(ca));
  std::string names;
  for (const auto& name : options.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add_extension(made.get(), ca, NID_subject_alt_name, names);
  add_extension(made.get(), ca, NID_authority_key_identifier, "keyid");
  require(X509_sign(made.get(), impl_->key.get(), EVP_sha256()) > 0, "X509_sign");
  const CertificateFiles files{folder_ + "/" + stem + ".crt", folder_ + "/" + stem + ".key"};
  write_key(files.key, key.get());
  write_certificate(files.certificate, made.get());
  return files;
}

void encrypt_key(const std::string& from, const std::string& to) {
  const Owned<std::FILE> file(std::fopen(from.c_str(), "re"));
  require(file != nullptr, from.c_str());
  const Owned<EVP_PKEY> key(PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr));
  std::string passphrase = "secret";
  write_pem(to, 0600, [&](std::FILE* out) {
    return PEM_write_PrivateKey(out, key.get(), EVP_aes_256_cbc(),
                                reinterpret_cast<unsigned char*>(passphrase.data()),
                                static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
}

}  // namespace lariat::test
