#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/linux/device_names.h"
#include "collectors/linux/udev.h"
#include "tests/support/process.h"
#include "tests/unit/collectors/posix_regex.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::fixture_paths;
using test::Lines;
using test::SourceRun;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Lines of(const Lines& lines, std::string_view device) {
  Lines some;
  for (const auto& line : lines) {
    if ((line + ',').find("device=" + std::string(device)) != line.npos) some.push_back(line);
  }
  return some;
}

TEST(Diskstats, TellsADiskWithItsDiscardsAndWhatUdevKnows) {
  SourceRun run("diskstats");
  EXPECT_THAT(of(run.collect(), "sda"),
              ElementsAre("s node_disk_info device=sda,major=8,minor=0,model=EXAMPLE_DISK,"
                          "path=pci-0000:00:1f.2-ata-1,revision=CC45,serial=SHORT1,"
                          "wwn=0x5000c500a0b1c2d3 1",
                          "d node_disk_reads_completed_total device=sda 25354637",
                          "d node_disk_reads_merged_total device=sda 34367663",
                          "d node_disk_read_bytes_total device=sda 513713216512",
                          "d node_disk_read_time_seconds_total device=sda 18492.372",
                          "d node_disk_writes_completed_total device=sda 28444756",
                          "d node_disk_writes_merged_total device=sda 11134226",
                          "d node_disk_written_bytes_total device=sda 258916880384",
                          "d node_disk_write_time_seconds_total device=sda 63877.96",
                          "s node_disk_io_now device=sda 0",
                          "d node_disk_io_time_seconds_total device=sda 9653.880000000001",
                          "d node_disk_io_time_weighted_seconds_total device=sda 82621.804",
                          "d node_disk_discards_completed_total device=sda 25",
                          "d node_disk_discards_merged_total device=sda 3",
                          "d node_disk_discarded_sectors_total device=sda 600",
                          "d node_disk_discard_time_seconds_total device=sda 0.128",
                          "s node_disk_ata_rotation_rate_rpm device=sda 7200",
                          "s node_disk_ata_write_cache device=sda 1",
                          "s node_disk_ata_write_cache_enabled device=sda 0"));
}

TEST(Diskstats, TellsMapperAndFileSystemOfADeviceThatHasThem) {
  SourceRun run("diskstats");
  const Lines lines = of(run.collect(), "dm-0");
  ASSERT_EQ(lines.size(), 14U) << "no discards on this kernel's line";
  EXPECT_EQ(lines.at(12),
            "s node_disk_filesystem_info device=dm-0,type=swap,usage=other,"
            "uuid=5deb08f1-bc84-4f7e-9f1b-ed6dc8ee2f4c,version=1 1");
  EXPECT_EQ(lines.at(13),
            "s node_disk_device_mapper_info device=dm-0,lv_name=swap_1,name=nvme0n1_crypt,"
            "uuid=CRYPT-LUKS2-jolaulot80fy9zsiobkxyxo7y2dqeho2-nvme0n1_crypt,vg_name=system 1");
}

TEST(Diskstats, TellsFlushesAndLeavesOutPartitions) {
  SourceRun run("diskstats");
  const Lines lines = run.collect();
  const Lines nvme = of(lines, "nvme0n1");
  EXPECT_EQ(nvme.size(), 18U);
  EXPECT_EQ(nvme.back(), "d node_disk_flush_requests_time_seconds_total device=nvme0n1 1.5");
  for (const char* name : {"ram0", "loop0", "sda1", "nvme0n1p1"}) {
    EXPECT_THAT(of(lines, std::string(name) + ","), IsEmpty()) << name;
  }
}

TEST(Diskstats, ReadsTheShortLinesOfAnOldKernel) {
  SourceRun run("diskstats", fixture_paths("old"));
  const Lines lines = run.collect();
  EXPECT_EQ(lines.size(), 12U) << "a disk of 11 columns; md0 of four is left out";
  EXPECT_EQ(lines.at(11), "d node_disk_io_time_weighted_seconds_total device=hda 0.11");
}

TEST(Diskstats, ColumnsOfANewerKernelAreLeftOut) {
  SourceRun run("diskstats", fixture_paths("new"));
  EXPECT_EQ(run.collect().size(), 18U);
  EXPECT_EQ(run.fault(), "");
}

TEST(Diskstats, GarbageIsAFault) {
  SourceRun run("diskstats", fixture_paths("garbage"));
  (void)run.collect();
  EXPECT_THAT(run.fault(), HasSubstr("cpu0 12 x"));
}

TEST(UdevFile, IsReadAgainWhenItWasReplaced) {
  const test::TemporaryDirectory folder;
  UdevFile file(folder.file("b8:0"));
  EXPECT_TRUE(file.refresh());
  EXPECT_FALSE(file.refresh()) << "there is still none";
  test::write_file(folder.file("new"), "E:ID_MODEL=A\nX:ID_MODEL=B\nE:ID_MODEL\n");
  ASSERT_EQ(::rename(folder.file("new").c_str(), folder.file("b8:0").c_str()), 0);
  EXPECT_TRUE(file.refresh());
  EXPECT_EQ(file.properties().model, "A");
  EXPECT_FALSE(file.refresh());
}

TEST(IgnoredDisks, AreThoseOfTheRegularExpression) {
  const test::PosixRegex ours("^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme[0-9]+n[0-9]+p)[0-9]+$");
  for (const char* name :
       {"ram0",          "ram",       "ram1x",    "loop12",   "loop", "fd0",     "fda",
        "hda",           "hda1",      "sda",      "sda12",    "sdaa", "sdaa1",   "sdA1",
        "vdb",           "vdb3",      "xvda",     "xvda1",    "xda1", "nvme0n1", "nvme0n1p1",
        "nvme10n22p333", "nvme0n1p",  "nvmen1p1", "nvme0np1", "md0",  "dm-0",    "zram0",
        "sr0",           "mmcblk0p1", "",         "1",        "sd1",  "sda1 ",   "nvme0c0n1"}) {
    EXPECT_EQ(is_ignored_disk(name), ours.finds(name)) << name;
  }
}

}  // namespace
}  // namespace lariat::host
