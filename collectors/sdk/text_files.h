#pragma once

#include <sys/stat.h>

#include <string>
#include <vector>

#include "collectors/sdk/answer.h"
#include "collectors/sdk/exposition.h"
#include "collectors/sdk/round_cache.h"
#include "collectors/sdk/sys_file.h"

namespace lariat::sdk {

/// What other programs have written in files `*.prom` of a folder, in Prometheus' text format.
///
/// A file is read when it has changed. One with a line that is not good counts as broken, and
/// nothing of it is told.
class TextFiles {
 public:
  /// `mtime_metric` is what a file's time of change is told as, with the tag `file`.
  TextFiles(std::string folder, std::string mtime_metric)
      : folder_(std::move(folder)), mtime_metric_(std::move(mtime_metric)) {}

  /// Puts the values of all good files into `answer`. False if the folder cannot be read, or one of
  /// them.
  [[nodiscard]] bool put(Answer& answer);

 private:
  struct File {
    std::string path;
    std::string tags;
    struct stat seen {};
    bool good = false;
    std::vector<ExpositionReading> values;
  };

  static void refresh(File& file);

  Folder folder_;
  std::string mtime_metric_;
  RoundCache<File> files_;
};

}  // namespace lariat::sdk
