#pragma once

namespace lariat::sdk {

/// Gives the system back the resident pages of the program's and its libraries' files that are
/// never written to: code and tables that only the start needed. What is used again is mapped again
/// from the page cache, at the cost of a page fault. In a program that a debugger traces, which may
/// have changed its code, nothing is done.
void give_back_start_pages() noexcept;

}  // namespace lariat::sdk
