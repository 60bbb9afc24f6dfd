#pragma once

#include <cstddef>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace lariat::test {

/// The octets of a file; none if it cannot be read.
inline std::vector<std::byte> file_octets(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return {};
  std::vector<std::byte> octets(static_cast<std::size_t>(in.tellg()));
  in.seekg(0);
  in.read(reinterpret_cast<char*>(octets.data()), static_cast<std::streamsize>(octets.size()));
  return octets;
}

inline void write_file(const std::string& path, std::span<const std::byte> octets) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(octets.data()),
            static_cast<std::streamsize>(octets.size()));
}

}  // namespace lariat::test
