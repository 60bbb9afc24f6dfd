// The one place where fmt's own functions are compiled. From its headers alone they would be
// compiled anew for each file that formats something, which is most of the time that such a file
// takes.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {

// What its headers leave to be found elsewhere, as far as we use it.
template FMT_API auto thousands_sep_impl<char>(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl<char>(locale_ref) -> char;
template FMT_API auto locale_ref::get<std::locale>() const -> std::locale;

}  // namespace detail
FMT_END_NAMESPACE
