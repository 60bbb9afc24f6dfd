#include "proto/reason.h"

namespace lariat::proto {

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kShort:
      return "short";
    case Reason::kVersion:
      return "version";
    case Reason::kOpcode:
      return "opcode";
    case Reason::kIncomplete:
      return "incomplete";
    case Reason::kPayload:
      return "payload";
    case Reason::kArity:
      return "arity";
    case Reason::kFrame:
      return "frame";
    case Reason::kLimit:
      return "limit";
    case Reason::kTooManyInvalid:
      return "too-many-invalid";
    case Reason::kTooLong:
      return "too-long";
    case Reason::kUnknownKeyword:
      return "unknown-keyword";
    case Reason::kMissingField:
      return "missing-field";
    case Reason::kBadTime:
      return "bad-time";
    case Reason::kBadNumber:
      return "bad-number";
    case Reason::kBadName:
      return "bad-name";
    case Reason::kNul:
      return "nul";
    case Reason::kBadSyntax:
      return "bad-syntax";
  }
  return "?";
}

}  // namespace lariat::proto
