#include <cstdlib>
#include <string>
#include <vector>

#include "collectors/sdk/program.h"
#include "collectors/self/control_client.h"
#include "collectors/self/metrics_frames.h"

namespace {

using lariat::sdk::Answer;

// Each change from well to ill and back is told once.
class SelfCollector {
 public:
  SelfCollector(const lariat::sdk::Program& program, const std::string& control)
      : program_(program), control_(control) {}

  void collect(Answer& answer) {
    std::string fault = lariat::self::ask_agent(control_, "metrics agent", text_);
    if (fault.empty()) fault = lariat::self::put_metrics(text_, answer);
    if (fault.empty() != failing_) return;
    failing_ = !failing_;
    lariat::sdk::complain(program_.name, failing_ ? fault : "the agent answers again");
  }

 private:
  const lariat::sdk::Program& program_;
  const std::string& control_;
  std::string text_;
  bool failing_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const lariat::sdk::Program program{"self", "the agent's own metrics, as its socket tells them"};
  const char* const given = std::getenv("LARIAT_CONTROL");
  std::string control = given != nullptr ? given : "";
  const std::vector<lariat::sdk::Option> options = {
      {"--control", "PATH", "the agent's control socket; else of LARIAT_CONTROL",
       [&control](std::string_view path) {
         control = path;
         return std::string();
       }}};
  SelfCollector collector(program, control);
  return lariat::sdk::run(
      lariat::sdk::arguments_of(argc, argv), program,
      [&collector](Answer& answer) { collector.collect(answer); }, options,
      [&] {
        if (!control.empty()) return -1;
        lariat::sdk::complain(program.name,
                              "does not know the agent's socket: set LARIAT_CONTROL, as the agent "
                              "does, or give --control PATH");
        return 2;
      });
}
