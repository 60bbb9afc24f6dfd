#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/exposition_read.h"
#include "tests/fuzz/claim.h"

namespace lariat::proto {
namespace {

using test::claim;

bool is_inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ExpositionReader reader(text);
  ExpositionValue value;
  while (reader.next(value)) {
    claim(!value.name.empty() && is_inside(value.name, text), "a value has a name of the text");
    claim(is_inside(value.labels, text), "labels are of the text");
    LabelWalk walk(value.labels);
    ExpositionLabel label;
    while (walk.next(label)) {
      claim(!label.name.empty() && is_inside(label.value, value.labels),
            "a label is of the labels");
      std::string room(label.value.size(), '\0');
      claim(unescape_label(label.value, room).size() <= label.value.size(), "it gets no longer");
    }
    claim(walk.at_end(), "all labels of a value that was handed out are good");
  }
  return 0;
}

}  // namespace lariat::proto
