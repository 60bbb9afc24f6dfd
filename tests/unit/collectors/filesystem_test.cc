#include "collectors/linux/filesystem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <condition_variable>
#include <mutex>

#include "collectors/linux/device_names.h"
#include "collectors/linux/mountinfo.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/posix_regex.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using std::chrono::milliseconds;
using test::fixture_paths;
using test::Lines;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Stands for the kernel: mounts whose path has `hang` in it do not answer until they may.
class FakeKernel {
 public:
  ~FakeKernel() { release(); }
  [[nodiscard]] MountProbe::Call call() {
    return [state = state_](const char* path, struct statfs* out) {
      return state->answer(path, *out);
    };
  }
  void release() { state_->release(); }
  [[nodiscard]] Lines asked() const {
    const std::lock_guard lock(state_->mutex);
    return state_->asked;
  }

 private:
  struct State {
    int answer(const std::string& path, struct statfs& out) {
      std::unique_lock lock(mutex);
      asked.push_back(path);
      if (path.find("hang") != path.npos) freed.wait(lock, [this] { return released; });
      out = {};
      out.f_bsize = 4096;
      out.f_frsize = 1024;
      out.f_blocks = 100;
      out.f_bfree = 50;
      out.f_bavail = 40;
      out.f_files = 30;
      out.f_ffree = 20;
      if (path.find("frozen") != path.npos) out.f_flags = ST_RDONLY;
      return path.find("bad") == path.npos ? 0 : -1;
    }
    void release() {
      const std::lock_guard lock(mutex);
      released = true;
      freed.notify_all();
    }
    std::mutex mutex;
    std::condition_variable freed;
    bool released = false;
    Lines asked;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// The source with a kernel of its own.
class FilesystemTest : public testing::Test {
 protected:
  void start(sdk::Paths paths) {
    host_.emplace(std::move(paths));
    source_ = make_filesystem_with(*host_, kernel_.call(), limits_);
  }
  void mounts(std::string_view text) {
    test::write_file(folder_.file("self-mountinfo"), "");
    std::string path = folder_.file("1");
    ::mkdir(path.c_str(), 0755);
    test::write_file(path + "/mountinfo", text);
  }
  Lines collect() {
    host_->next_round();
    answer_.begin(1'700'000'000);
    fault_ = source_->collect(answer_);
    return test::lines_of(answer_);
  }

  FakeKernel kernel_;
  MountProbe::Limits limits_{
      .patience = milliseconds(250), .total = milliseconds(750), .threads = 2};
  test::TemporaryDirectory folder_;
  std::optional<sdk::Host> host_;
  std::unique_ptr<sdk::Source> source_;
  sdk::Answer answer_;
  std::string fault_;
};

TEST_F(FilesystemTest, TellsEachMountPointOnceAndLeavesOutWhatIsNoStorage) {
  limits_ = {};
  sdk::Paths paths = fixture_paths();
  paths.root = "/";
  start(paths);
  const auto seven = [](const std::string& tags, int read_only) {
    return Lines{"s node_filesystem_device_error " + tags + " 0",
                 "s node_filesystem_size_bytes " + tags + " 409600",
                 "s node_filesystem_free_bytes " + tags + " 204800",
                 "s node_filesystem_avail_bytes " + tags + " 163840",
                 "s node_filesystem_files " + tags + " 30",
                 "s node_filesystem_files_free " + tags + " 20",
                 "s node_filesystem_readonly " + tags + " " + std::to_string(read_only)};
  };
  Lines expected;
  for (const auto& lines :
       {seven("device=/dev/sda1,fstype=ext4,mountpoint=/", 0),
        seven("device=/dev/sda2,fstype=xfs,mountpoint=/srv/with blank", 1),
        seven("device=/dev/sde1,fstype=ext4,mountpoint=/backup", 1),
        seven("device=server:/export_x,fstype=nfs4,mountpoint=/export/a\\,b\\=c", 0)}) {
    expected.insert(expected.end(), lines.begin(), lines.end());
  }
  EXPECT_EQ(collect(), expected) << "what may hang comes last";
  EXPECT_THAT(kernel_.asked(), ElementsAre("/", "/srv/with blank", "/backup", "/export/a,b=c"));
}

TEST_F(FilesystemTest, AsksBelowRootAndStripsIt) {
  mounts(
      "1 0 8:1 / /hostfs rw - ext4 /dev/sda1 rw\n"
      "2 1 8:2 / /hostfs/data rw - ext4 /dev/sda2 rw\n"
      "3 1 8:3 / /hostfsx rw - ext4 /dev/sda3 rw\n");
  start({.proc = folder_.file(""), .root = "/hostfs"});
  const Lines lines = collect();
  EXPECT_THAT(lines,
              Contains("s node_filesystem_files device=/dev/sda1,fstype=ext4,mountpoint=/ 30"));
  EXPECT_THAT(lines,
              Contains("s node_filesystem_files device=/dev/sda2,fstype=ext4,mountpoint=/data 30"));
  EXPECT_THAT(kernel_.asked(), ElementsAre("/hostfs/", "/hostfs/data", "/hostfs/hostfsx"));
}

TEST_F(FilesystemTest, FallsBackToItsOwnMounts) {
  start(fixture_paths("old"));
  EXPECT_THAT(
      collect(),
      Contains("s node_filesystem_readonly device=/dev/hda2,fstype=ext3,mountpoint=/data 1"));
}

TEST_F(FilesystemTest, AMountThatSaysNoHasADeviceErrorAlone) {
  mounts("1 0 8:1 / /bad rw - ext4 /dev/sda1 rw\n");
  start({.proc = folder_.file("")});
  EXPECT_THAT(
      collect(),
      ElementsAre("s node_filesystem_device_error device=/dev/sda1,fstype=ext4,mountpoint=/bad 1"));
}

TEST_F(FilesystemTest, WhatTheMountItselfSaysOfBeingReadOnlyCountsToo) {
  mounts("1 0 8:1 / /frozen rw - ext4 /dev/sda1 rw\n");
  start({.proc = folder_.file("")});
  EXPECT_THAT(
      collect(),
      Contains("s node_filesystem_readonly device=/dev/sda1,fstype=ext4,mountpoint=/frozen 1"));
}

TEST_F(FilesystemTest, WhatIsReadOnlyInASandboxAloneIsNotReadOnly) {
  const std::string own = "1 0 8:1 / /frozen ro - ext4 /dev/a rw\n";
  const std::string readonly = "s node_filesystem_readonly device=/dev/a,fstype=ext4,mountpoint=";
  ::mkdir(folder_.file("self").c_str(), 0755);
  test::write_file(folder_.file("self") + "/mountinfo", own);
  mounts("1 0 8:1 / /frozen rw - ext4 /dev/a rw\n");
  start({.proc = folder_.file("")});
  EXPECT_THAT(collect(), Contains(readonly + "/frozen 0"));
  EXPECT_THAT(collect(), Contains(readonly + "/frozen 0")) << "the second time too";
  mounts("1 0 8:1 / /frozen rw - ext4 /dev/a ro\n");
  EXPECT_THAT(collect(), Contains(readonly + "/frozen 1")) << "an error, told by the host's mounts";
  mounts("1 0 8:1 / /frozen rw - ext4 /dev/a rw\n");
  EXPECT_THAT(collect(), Contains(readonly + "/frozen 0"));
}

TEST_F(FilesystemTest, ASandboxIsSeenBelowAnotherRootToo) {
  ::mkdir(folder_.file("self").c_str(), 0755);
  test::write_file(folder_.file("self") + "/mountinfo",
                   "1 0 8:1 / /frozen ro - ext4 /dev/a rw\n"
                   "2 1 8:2 / /frozen/data rw - ext4 /dev/b rw\n");
  mounts(
      "1 0 8:1 / /frozen rw - ext4 /dev/a rw\n"
      "2 1 8:2 / /frozen/data rw - ext4 /dev/b rw\n");
  start({.proc = folder_.file(""), .root = "/frozen"});
  const Lines lines = collect();
  EXPECT_THAT(lines,
              Contains("s node_filesystem_readonly device=/dev/a,fstype=ext4,mountpoint=/ 0"));
  EXPECT_THAT(lines,
              Contains("s node_filesystem_readonly device=/dev/b,fstype=ext4,mountpoint=/data 1"))
      << "our own mount is not read-only: then it is the file system";
}

TEST_F(FilesystemTest, AMountThatHangsStopsNoOtherAndIsAskedAgainOnceItsCallReturns) {
  mounts("1 0 8:1 / /hang rw - ext4 /dev/a rw\n2 0 8:2 / /good rw - ext4 /dev/b rw\n");
  start({.proc = folder_.file("")});
  const auto begin = std::chrono::steady_clock::now();
  const std::string error =
      "s node_filesystem_device_error device=/dev/a,fstype=ext4,mountpoint=/hang ";
  const std::string good = "s node_filesystem_files device=/dev/b,fstype=ext4,mountpoint=/good 30";
  Lines lines = collect();
  EXPECT_EQ(lines.size(), 8U);
  EXPECT_THAT(lines, AllOf(Contains(error + "1"), Contains(good)));
  for (int round = 0; round < 20; ++round) {
    lines = collect();
    EXPECT_THAT(lines, AllOf(Contains(error + "1"), Contains(good))) << round;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, test::kPatience) << "waited for it each time";
  EXPECT_EQ(std::ranges::count(kernel_.asked(), "/hang"), 1) << "asked while it hangs";

  kernel_.release();
  EXPECT_TRUE(test::wait_until([&] {
    lines = collect();
    return std::ranges::find(lines, error + "0") != lines.end();
  }));
}

TEST_F(FilesystemTest, ThreadsThatHangAreBoundedAndTheRestIsLeftOut) {
  std::string text = "1 0 8:1 / /good rw - ext4 /dev/b rw\n";
  for (int i = 0; i < 6; ++i) {
    text += "1 0 8:1 / /hang" + std::to_string(i) + " rw - ext4 /dev/h rw\n";
  }
  mounts(text + "1 0 8:1 / /last rw - ext4 /dev/c rw\n");
  start({.proc = folder_.file("")});
  for (int round = 0; round < 4; ++round) {
    const Lines lines = collect();
    EXPECT_EQ(std::ranges::count_if(
                  lines, [](const std::string& line) { return line.find("/hang") != line.npos; }),
              2)
        << round;
  }
  EXPECT_EQ(std::ranges::count_if(
                kernel_.asked(), [](const std::string& path) { return path.starts_with("/hang"); }),
            2)
      << "two threads are the most";
}

TEST_F(FilesystemTest, MountsThatComeAndGoAreFollowed) {
  mounts("1 0 8:1 / /a rw - ext4 /dev/a rw\n");
  start({.proc = folder_.file("")});
  EXPECT_EQ(collect().size(), 7U);
  mounts("1 0 8:1 / /b rw - ext4 /dev/b rw\n2 0 8:1 / /a ro - ext4 /dev/a rw\n");
  Lines lines = collect();
  EXPECT_EQ(lines.size(), 14U);
  EXPECT_THAT(lines,
              Contains("s node_filesystem_readonly device=/dev/a,fstype=ext4,mountpoint=/a 1"));
  mounts("1 0 8:1 / /b rw - ext4 /dev/b rw\n");
  lines = collect();
  EXPECT_EQ(lines.size(), 7U);
  EXPECT_THAT(lines, Not(Contains(HasSubstr("/dev/a"))));
}

TEST_F(FilesystemTest, GarbageIsAFaultAndThenItGoesOn) {
  mounts("1 0 8:1 / /a rw - ext4 /dev/a rw\n");
  start({.proc = folder_.file("")});
  (void)collect();
  mounts("1 0 8:1 / /a rw - ext4 /dev/a rw\ngarbage\n");
  EXPECT_THAT(collect(), IsEmpty());
  EXPECT_THAT(fault_, HasSubstr("garbage"));
  mounts("1 0 8:1 / /b rw - ext4 /dev/b rw\n1 0 8:1 / /a rw - ext4 /dev/a rw\n");
  EXPECT_EQ(collect().size(), 14U);
  EXPECT_EQ(fault_, "");
}

TEST(Mountinfo, LinesAreRead) {
  const auto mount =
      parse_mount("28 27 8:2 /sub /a\\040b\\011c\\134 rw,ro - fuse.sshfs me@h:/x\\040y rw");
  ASSERT_TRUE(mount);
  EXPECT_EQ(mount->point, "/a b\tc\\");
  EXPECT_EQ(mount->type, "fuse.sshfs");
  EXPECT_EQ(mount->device, "me@h:/x y");
  EXPECT_TRUE(mount->read_only);
  EXPECT_FALSE(parse_mount("1 0 8:1 / /a rw,romantic - ext4 /dev/a rw,errors=ro")->read_only);
  EXPECT_EQ(parse_mount("1 0 8:1 / /a rw - tmpfs  ro")->device, "") << "without a device";
  for (const char* line : {"", "1 0 8:1 / /a rw - ", "1 0 8:1 / /a rw", "1 0 8:1 / a rw - x y z"}) {
    EXPECT_FALSE(parse_mount(line)) << line;
  }
}

TEST(Mountinfo, WhatIsNoEscapeStays) {
  EXPECT_EQ(unescape_mount("a\\04"), "a\\04");
  EXPECT_EQ(unescape_mount("\\999\\08x\\"), "\\999\\08x\\");
  EXPECT_EQ(unescape_mount("\\377\\400"), "\377\\400");
}

TEST(IgnoredMounts, AreThoseOfTheRegularExpression) {
  const test::PosixRegex ours(
      "^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)");
  for (const char* path : {"/",
                           "/dev",
                           "/dev/",
                           "/dev/shm",
                           "/devel",
                           "/run",
                           "/running",
                           "/mnt/a",
                           "/mntx",
                           "/media",
                           "/var/lib/docker",
                           "/var/lib/docker/",
                           "/var/lib/docker/x",
                           "/var/lib/docker/x/y",
                           "/var/lib/dockerx/a",
                           "/var/lib/containers/storage/",
                           "/var/lib/containers/storage/a",
                           "",
                           "dev",
                           "/sys/fs",
                           "/a/dev",
                           "/procfs",
                           "/var/lib/docker//"}) {
    EXPECT_EQ(is_ignored_mount(path), ours.finds(path)) << path;
  }
}

TEST(IgnoredTypes, AreThoseOfTheRegularExpression) {
  const test::PosixRegex ours(
      "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660"
      "|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs"
      "|tracefs)$");
  for (const char* type :
       {"autofs",    "binfmt_misc", "bpf",      "cgroup",  "cgroup2",   "cgroup3",    "configfs",
        "debugfs",   "devpts",      "devtmpfs", "fusectl", "hugetlbfs", "iso9660",    "mqueue",
        "nsfs",      "overlay",     "proc",     "procfs",  "pstore",    "rpc_pipefs", "securityfs",
        "selinuxfs", "squashfs",    "sysfs",    "tracefs", "ext4",      "tmpfs",      "",
        "fuse",      "xproc",       "overlayfs"}) {
    EXPECT_EQ(is_ignored_type(type), ours.finds(type)) << type;
  }
}

}  // namespace
}  // namespace lariat::host
