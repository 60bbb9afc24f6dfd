#pragma once

#include <cstddef>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace lariat::test {

/// The octets of a file; none if it cannot be read.
inline std::vector<std::byte> file_octets(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::byte> octets;
  for (std::istreambuf_iterator<char> at(in), end; at != end; ++at) {
    octets.push_back(static_cast<std::byte>(*at));
  }
  return octets;
}

inline void write_file(const std::string& path, std::span<const std::byte> octets) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(octets.data()),
            static_cast<std::streamsize>(octets.size()));
}

}  // namespace lariat::test
