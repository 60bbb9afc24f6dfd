#pragma once

namespace lariat::app {

/// Gives the system back the pages of program code that are resident and may not be needed again:
/// those of the start, of libraries that set themselves up, of a configuration that was read. What
/// runs again is mapped again from the page cache, at the cost of a page fault. Code is read-only,
/// so nothing can be lost; in a program that a debugger traces, which may have changed its code,
/// nothing is done. Probes that others have set in the code (uprobes) have to be set again.
void give_back_code() noexcept;

}  // namespace lariat::app
