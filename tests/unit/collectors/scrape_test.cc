#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"
#include "tests/unit/collectors/answering_server.h"

namespace lariat {
namespace {

using test::AnsweringServer;
using test::Process;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using enum test::Process::Stream;

std::string exporter(std::string_view head) {
  if (head.starts_with("GET /broken "))
    return AnsweringServer::response("200 OK", "one 1\ntwo x\n");
  if (head.starts_with("GET /away ")) return AnsweringServer::response("404 Not Found", "one 1\n");
  return AnsweringServer::response("200 OK",
                                   "# TYPE hits_total counter\n"
                                   "hits_total{path=\"/a\\\"b\",job=\"own\"} 7 1700000000000\n"
                                   "# TYPE took histogram\n"
                                   "took_bucket{le=\"+Inf\"} 3\n"
                                   "took_sum 1.5\n"
                                   "took_count 3\n"
                                   "# TYPE hot gauge\n"
                                   "hot -4\n"
                                   "go_threads 9\n"
                                   "nothing NaN\n");
}

Process start(const std::string& name, std::vector<std::string> options) {
  options.insert(options.begin(), {std::string(LARIAT_COLLECTORS) + "/" + name, "--text"});
  return Process(options);
}

TEST(ScrapeProgram, TellsCountersAsDeltaAndAllElseAsSample) {
  const AnsweringServer server(exporter);
  Process program = start("scrape", {"--url", server.url("/metrics")});
  ASSERT_TRUE(program.write("tick 5\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const std::string& text = program.text(kOut);
  EXPECT_THAT(text, StartsWith("delta 5 hits_total job=own,path=/a\"b 7\n"
                               "delta 5 took_bucket le=+Inf 3\n"
                               "delta 5 took_sum 1.5\n"
                               "delta 5 took_count 3\n"
                               "sample 5 hot -4\n"
                               "sample 5 go_threads 9\n"
                               "sample 5 up target=" +
                               server.url("/metrics") +
                               " 1\n"
                               "sample 5 scrape_duration_seconds target="));
  EXPECT_THAT(
      text, HasSubstr("sample 5 scrape_samples_scraped target=" + server.url("/metrics") + " 7\n"));
  EXPECT_THAT(text,
              HasSubstr("sample 5 scrape_samples_told target=" + server.url("/metrics") + " 6\n"));
  EXPECT_EQ(program.text(kErr), "");
}

TEST(ScrapeProgram, FiltersRenamesAndLabels) {
  const AnsweringServer server(exporter);
  Process program =
      start("scrape", {"--label", "job=db", "--url", server.url("/metrics"), "--prefix", "x_",
                       "--keep", "^(hits|go|hot)", "--drop", "^go_"});
  ASSERT_TRUE(program.write("tick 5\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.text(kOut), StartsWith("delta 5 x_hits_total job=db,path=/a\"b 7\n"
                                             "sample 5 x_hot job=db -4\n"
                                             "sample 5 up "));
}

TEST(ScrapeProgram, OneThatIsAwayOrBrokenCostsItselfAloneAndIsToldOfOnce) {
  const AnsweringServer server(exporter);
  Process program = start(
      "scrape", {"--url", server.url("/broken"), "--url", server.url("/away"), "--url",
                 server.url("/metrics"), "--keep", "hot", "--url", "http://127.0.0.1:1/metrics",
                 "--url", server.url("/long"), "--max-body", "20"});
  ASSERT_TRUE(program.write("tick 5\ntick 6\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  const std::string& text = program.text(kOut);
  for (const std::string& bad : {server.url("/broken"), server.url("/away"), server.url("/long"),
                                 std::string("http://127.0.0.1:1/metrics")}) {
    EXPECT_THAT(text, HasSubstr("sample 6 up target=" + bad + " 0\n"));
    const std::string& words = program.text(kErr);
    const std::size_t first = words.find("scrape: " + bad + ": ");
    EXPECT_NE(first, words.npos) << bad;
    EXPECT_EQ(words.find("scrape: " + bad + ": ", first + 1), words.npos) << "once";
  }
  EXPECT_THAT(text, HasSubstr("sample 6 hot -4\n"));
  EXPECT_THAT(text, Not(HasSubstr(" one ")));
}

TEST(TextfileProgram, TellsOfEachFolder) {
  const test::TemporaryDirectory folder;
  test::write_file(folder.file("a.prom"), "# TYPE runs_total counter\nruns_total{job=\"x\"} 3\n");
  Process program =
      start("textfile", {"--directory", folder.path(), "--directory", "/nonexistent"});
  ASSERT_TRUE(program.write("tick 5\n"));
  program.close_input();
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.text(kOut), StartsWith("delta 5 runs_total job=x 3\n"
                                             "sample 5 textfile_mtime_seconds file=" +
                                             folder.file("a.prom") + " "));
  EXPECT_THAT(program.text(kOut),
              HasSubstr("sample 5 textfile_scrape_error directory=" + folder.path() + " 0\n"));
  EXPECT_THAT(program.text(kOut),
              HasSubstr("sample 5 textfile_scrape_error directory=/nonexistent 1\n"));
}

TEST(ScrapeAndTextfile, WrongUseIsOneSentence) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"scrape"},
                                                {"scrape", "--url", "x"},
                                                {"scrape", "--label", "x"},
                                                {"scrape", "--keep", "("},
                                                {"scrape", "--max-body", "0"},
                                                {"textfile"},
                                                {"textfile", "--directory", "relative"}}) {
    std::vector<std::string> command = words;
    command.front() = std::string(LARIAT_COLLECTORS) + "/" + words.front();
    Process program(command);
    EXPECT_EQ(program.wait(), 2) << words.front() << ' ' << words.back();
    EXPECT_THAT(program.text(kErr), StartsWith(words.front() + ": "));
  }
}

}  // namespace
}  // namespace lariat
