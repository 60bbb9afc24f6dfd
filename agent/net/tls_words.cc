#include "agent/net/tls_words.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>

#include <array>
#include <cstdlib>

namespace lariat::net {
namespace {

// Names of a certificate are its maker's: a terminal must not obey them.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 200)) out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

std::string text_of(const ASN1_STRING* string) {
  return printable({reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                    static_cast<std::size_t>(ASN1_STRING_length(string))});
}

std::string text_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at >= 0) return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  const TlsPtr<BIO> bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? printable({text, static_cast<std::size_t>(size)}) : "no name";
}

std::string address_text(const ASN1_OCTET_STRING* octets) {
  const int size = ASN1_STRING_length(octets);
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = size == 4 ? AF_INET : AF_INET6;
  if (size != 4 && size != 16) return {};
  ::inet_ntop(family, ASN1_STRING_get0_data(octets), text.data(), text.size());
  return text.data();
}

std::string day_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "a time that cannot be read";
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

std::string ago(const ASN1_TIME* time) {
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, time, nullptr);
  if (days == 0) return "today";
  return fmt::format("{} {} ago", days, days == 1 ? "day" : "days");
}

std::string unknown_ca(X509* certificate, std::string_view source) {
  const auto issuer = text_of(X509_get_issuer_name(certificate));
  if (source.empty()) {
    return fmt::format(
        "its certificate is signed by \"{}\", which this host does not trust: give the "
        "certificate of that CA as \"ca\"",
        issuer);
  }
  return fmt::format(
      "its certificate is signed by \"{}\", whose certificate is not in {}: add it there", issuer,
      source);
}

std::string wrong_name(X509* certificate, std::string_view wanted) {
  const auto names = names_of(certificate);
  return fmt::format(
      "its certificate is for {}, not for {}: connect to a name that it has, or give one as "
      "\"server_name\"",
      names.empty() ? fmt::format("\"{}\" and no host", name_of(certificate)) : names, wanted);
}

std::string no_common_version(TlsSide side) {
  return side == TlsSide::kClient
             ? "it speaks only versions of TLS that \"min_version\" does not allow, or needs one "
               "that we do not speak"
             : "it speaks no version of TLS that is allowed here";
}

}  // namespace

std::string name_of(X509* certificate) { return text_of(X509_get_subject_name(certificate)); }

std::string names_of(X509* certificate) {
  const TlsPtr<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  constexpr int kMost = 8;
  std::string out;
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count && i < kMost; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    std::string text;
    if (name->type == GEN_DNS) text = text_of(name->d.dNSName);
    if (name->type == GEN_IPADD) text = address_text(name->d.iPAddress);
    if (text.empty()) continue;
    if (!out.empty()) out += ", ";
    out += text;
  }
  if (count > kMost) out += ", ...";
  return out;
}

std::string age_fault(X509* certificate) {
  const auto* from = X509_get0_notBefore(certificate);
  const auto* until = X509_get0_notAfter(certificate);
  if (X509_cmp_current_time(until) < 0) {
    return fmt::format("expired {}, on {}", ago(until), day_of(until));
  }
  if (X509_cmp_current_time(from) > 0) {
    return fmt::format("is valid only from {} on", day_of(from));
  }
  return {};
}

std::string refusal(X509_STORE_CTX* check, std::string_view source, std::string_view wanted) {
  const int error = X509_STORE_CTX_get_error(check);
  X509* certificate = X509_STORE_CTX_get_current_cert(check);
  if (!certificate) return X509_verify_cert_error_string(error);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("its certificate \"{}\" {}: it needs a new one", name_of(certificate),
                         age_fault(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("its certificate \"{}\" {}: is the clock of this host right?",
                         name_of(certificate), age_fault(certificate));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return unknown_ca(certificate, source);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return wrong_name(certificate, wanted);
    default:
      return fmt::format("its certificate \"{}\" is refused: {}", name_of(certificate),
                         X509_verify_cert_error_string(error));
  }
}

std::string protocol_fault(unsigned long code, TlsSide side, bool certificate_asked) {
  constexpr auto kWantsOurs =
      "it wants a client certificate: give \"certificate\" and \"key\", signed by a CA that it "
      "knows";
  switch (ERR_GET_REASON(code)) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_RECORD_LENGTH_MISMATCH:
      return side == TlsSide::kClient ? "it speaks no TLS: is it a port without?"
                                      : "it speaks no TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return no_common_version(side);
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return "it gave no client certificate, which is required here";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return kWantsOurs;
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      if (certificate_asked) return kWantsOurs;
      break;
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "it does not know the CA of our certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "it says that our certificate has expired";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return "it refuses our certificate";
    default:
      break;
  }
  const char* reason = ERR_reason_error_string(code);
  return fmt::format("TLS failed: {}", reason ? reason : "for no reason that the library tells");
}

}  // namespace lariat::net
