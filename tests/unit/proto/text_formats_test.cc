// The formats of other ecosystems, a line each.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/proto/text_lines.h"

namespace lariat::proto {
namespace {

using test::one_line;
using test::TextLines;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

struct Case {
  std::string_view line;
  std::string_view gives;
};

void expect_each(TextFormat format, const std::vector<Case>& cases) {
  for (const auto& [line, gives] : cases) EXPECT_EQ(one_line(format, line), gives) << line;
}

TEST(GraphiteLine, ReadsPathTagsValueAndTime) {
  expect_each(TextFormat::kGraphite,
              {{"servers.web.load 1.5 1700000000", "sample 1700000000 servers.web.load host=h 1.5"},
               {"cpu;core=0;host=web1 -2e3 -1", "sample 1000 cpu core=0,host=web1 -2000"},
               {"  y\t5  ", "sample 1000 y host=h 5"},
               {"y 5 1700000000.9", "sample 1700000000 y host=h 5"},
               {"y 5 1700000000123", "sample 1700000000 y host=h 5"},
               {"a=b*c 5", "sample 1000 a_b_c host=h 5"},
               {"t;k=a,b 1", "sample 1000 t host=h,k=a\\,b 1"},
               {"# a comment", ""},
               {"done", "done"}});
}

TEST(GraphiteLine, RefusesWithAReason) {
  expect_each(TextFormat::kGraphite, {{"x", "!missing-field"},
                                      {"x nan 5", "!bad-number"},
                                      {"x 1,5 5", "!bad-number"},
                                      {"x 5 now", "!bad-time"},
                                      {"x 5 -2", "!bad-time"},
                                      {"x 5 6 7", "!bad-time"},
                                      {"x; 5 6", "sample 6 x host=h 5"},
                                      {"x;k 5 6", "!bad-name"},
                                      {"x;k= 5 6", "!bad-name"},
                                      {";k=v 5 6", "!bad-name"},
                                      {"x;k=v;k=w 5 6", "!bad-name"}});
}

TEST(InfluxLine, EachFieldIsAFrameAndValueHasNoNameOfItsOwn) {
  expect_each(
      TextFormat::kInflux,
      {{"cpu,host=a\\ b,z=1 value=3,user=1i,idle=5u,up=true,down=F 1700000000000000000",
        "sample 1700000000 cpu host=a b,z=1 3 | sample 1700000000 cpu_user host=a b,z=1 1 | "
        "sample 1700000000 cpu_idle host=a b,z=1 5 | sample 1700000000 cpu_up host=a b,z=1 1 | "
        "sample 1700000000 cpu_down host=a b,z=1 0"},
       {R"(disk label="a \"b\", c=d",free=-1i)",
        R"(fact disk_label host=h a "b", c=d | sample 1000 disk_free host=h -1)"},
       {R"(sp\ ace,t\,g=v\=w fi\ eld=1 5)", R"(sample 5 sp_ace_fi_eld host=h,t\,g=v\=w 1)"},
       {R"(m f="back\slash")", R"(fact m_f host=h back\slash)"},
       {"# a comment", ""}});
}

TEST(InfluxLine, TheSizeOfATimeSaysItsPrecision) {
  for (const auto* time :
       {"1700000000", "1700000000999", "1700000000999999", "1700000000999999999"}) {
    EXPECT_EQ(one_line(TextFormat::kInflux, "m value=1 " + std::string(time)),
              "sample 1700000000 m host=h 1");
  }
}

TEST(InfluxLine, ABadFieldCostsTheWholeLine) {
  expect_each(TextFormat::kInflux, {{"m", "!missing-field"},
                                    {"m ", "!missing-field"},
                                    {",a=b f=1", "!bad-name"},
                                    {"m,x f=1", "!bad-name"},
                                    {"m,x= f=1", "!bad-name"},
                                    {"m,=y f=1", "!bad-name"},
                                    {"m,x=y,x=z f=1", "!bad-name"},
                                    {"m =1", "!bad-name"},
                                    {"m f", "!missing-field"},
                                    {"m f=", "!missing-field"},
                                    {"m f=1,", "!missing-field"},
                                    {"m good=1,f=nan", "!bad-number"},
                                    {"m f=1.5i", "!bad-number"},
                                    {"m f=-1u", "!bad-number"},
                                    {"m good=1,f=\"open", "!bad-number"},
                                    {"m f=\"open\\\"", "!bad-number"},
                                    {"m f=\"a\"b=1", "!bad-number"},
                                    {"m good=1 12x", "!bad-time"},
                                    {"m good=1 -12", "!bad-time"}});
}

TEST(CollectdLine, NamesAreThoseOfCollectdsExporter) {
  expect_each(
      TextFormat::kCollectd,
      {{R"(PUTVAL "localhost/exec-magic/gauge-magic_level" interval=60 N:7)",
        "sample 1000 collectd_exec_gauge exec=magic,host=h,type=magic_level 7"},
       {"putval web1/interface-eth0/if_octets interval=10.00 1700000000:1:2",
        "delta 1700000000 collectd_interface_if_octets_rx_total host=web1,interface=eth0 1 | "
        "delta 1700000000 collectd_interface_if_octets_tx_total host=web1,interface=eth0 2"},
       {"PUTVAL web1/cpu-0/cpu-idle 5.7:8",
        "delta 5 collectd_cpu_total cpu=0,host=web1,type=idle 8"},
       {"PUTVAL web1/load/load N:1:U:3",
        "sample 1000 collectd_load_shortterm host=web1 1 | "
        "sample 1000 collectd_load_longterm host=web1 3"},
       {"PUTVAL h/p/own-x 1:2 2:3",
        "sample 1 collectd_p_own host=h,p=x 2 | sample 2 collectd_p_own host=h,p=x 3"},
       {"PUTVAL h/p/own 1:2:3",
        "sample 1 collectd_p_own_0 host=h 2 | sample 1 collectd_p_own_1 host=h 3"},
       {R"(PUTVAL "h/a \"b\"/own" 1:2)", "sample 1 collectd_a_\"b\"_own host=h 2"},
       {"PUTVAL h/cpu/cpu N:U", ""},
       {"PUTVAL h/p/requests 1:2", "sample 1 collectd_p_requests host=h 2"},
       {"PUTVAL h/p/connections 1:2", "delta 1 collectd_p_connections_total host=h 2"},
       {"PUTVAL h/p/duration 1:2", "sample 1 collectd_p_duration_seconds host=h 2"},
       {"PUTVAL h/p/smart_attribute 1:2:U:U:3",
        "sample 1 collectd_p_smart_attribute_current host=h 2 | "
        "sample 1 collectd_p_smart_attribute_pretty host=h 3"}});
}

TEST(CollectdLine, ANotificationIsAStateOfWhatItNames) {
  expect_each(
      TextFormat::kCollectd,
      {{R"(PUTNOTIF type=temperature severity=warning time=1201 plugin=sensors )"
        R"(plugin_instance=cpu message="The roof is on fire!")",
        "state 1201 collectd_sensors_temperature host=h,sensors=cpu WARNING "
        "The roof is on fire!"},
       {"putnotif Severity=FAILURE PLUGIN=p Message=x", "state 1000 collectd_p host=h CRITICAL x"},
       {"PUTNOTIF severity=okay message=fine", "event 1000 collectd_notification host=h fine"}});
}

TEST(CollectdLine, RefusesWithAReason) {
  expect_each(TextFormat::kCollectd, {{"FLUSH", "!unknown-keyword"},
                                      {"PUTVAL", "!missing-field"},
                                      {"PUTVAL h/p/t", "!missing-field"},
                                      {"PUTVAL h/p/t interval=5", "!missing-field"},
                                      {"PUTVAL h/p N:1", "!bad-name"},
                                      {"PUTVAL h//t N:1", "!bad-name"},
                                      {"PUTVAL \"h/p/t N:1", "!missing-field"},
                                      {"PUTVAL \"h/p/t\"N:1", "!bad-name"},
                                      {"PUTVAL h/p/t N", "!missing-field"},
                                      {"PUTVAL h/p/t X:1", "!bad-time"},
                                      {"PUTVAL h/p/t N:1 N:x", "!bad-number"},
                                      {"PUTVAL h/p/cpu N:1:2", "!bad-number"},
                                      {"PUTVAL h/host-x/t N:1", "!bad-name"},
                                      {"PUTNOTIF message=x", "!missing-field"},
                                      {"PUTNOTIF severity=bad message=x", "!unknown-keyword"},
                                      {"PUTNOTIF severity=okay x", "!unknown-keyword"}});
}

TEST(JsonLine, ReadsEachKind) {
  expect_each(
      TextFormat::kJson,
      {{R"({"kind":"sample","name":"load","tags":{"a":"b","n":1.5,"t":true},"value":1.5,"time":7})",
        "sample 7 load a=b,host=h,n=1.5,t=true 1.5"},
       {R"( { "name" : "load a=b" , "kind" : "sample" , "values" : [ 1 , -2.5 , 3e2 ] } )",
        "sample 1000 load a=b,host=h 1 -2.5 300"},
       {R"({"opcode":"submit","kind":"delta","name":"d","value":-0.5})",
        "delta 1000 d host=h -0.5"},
       {R"({"kind":"tally","name":"t"})", "tally 1000 t host=h"},
       {R"({"kind":"tally","name":"t","increment":18446744073709551615})",
        "tally 1000 t host=h 18446744073709551615"},
       {R"({"kind":"state","name":"s","status":"WARNING","summary":"nearly \u00e9\ud83d\ude00"})",
        "state 1000 s host=h WARNING nearly é😀"},
       {R"({"kind":"event","name":"e","text":"a\nb\"\/\\\t"})",
        "event 1000 e host=h a\\x0ab\"/\\\t"},
       {R"({"kind":"event","name":"e"})", "event 1000 e host=h"},
       {R"({"kind":"fact","name":"f","text":"x"})", "fact f host=h x"},
       {R"({"kind":"done"})", "done"},
       {"done", "done"}});
}

TEST(JsonLine, IsStrict) {
  expect_each(TextFormat::kJson,
              {{"# no comment", "!bad-syntax"},
               {R"({"kind":"event","name":"e"} x)", "!bad-syntax"},
               {R"({"kind":"event","name":"e",})", "!bad-syntax"},
               {R"({"kind":"event" "name":"e"})", "!bad-syntax"},
               {R"({"kind":"event","name":"e","name":"e"})", "!bad-syntax"},
               {R"({"kind":"event","name":null})", "!bad-syntax"},
               {R"({"kind":"event","name":"e","text":"\x"})", "!bad-syntax"},
               {R"({"kind":"event","name":"e","text":"\u12g4"})", "!bad-syntax"},
               {R"({"kind":"event","name":"e","text":"\ud800x"})", "!bad-syntax"},
               {R"({"kind":"event","name":"e","text":"\u0000"})", "!nul"},
               {"{\"kind\":\"event\",\"name\":\"e\",\"text\":\"\t\"}", "!bad-syntax"},
               {R"({"kind":"event","name":"e","tags":{"a":{"b":1}}})", "!bad-syntax"},
               {R"({"kind":"event","name":"e","tags":{"a":t r u e}})", "!bad-syntax"},
               {R"({"kind":"event","name":"e","tags":{"":"x"}})", "!bad-name"},
               {R"({"kind":"event","name":""})", "!bad-name"},
               {R"({"kind":"event","name":"e a=b=c"})", "!bad-name"},
               {R"({"kind":"event","name":"e a=b,a=c"})", "!bad-name"},
               {R"({"kind":"event","name":"e a=b","tags":{"a":"c"}})", "!bad-name"},
               {R"({"kind":"event","text":"e"})", "!missing-field"},
               {R"({"name":"e"})", "!missing-field"},
               {R"({"kind":"sample","name":"e"})", "!missing-field"},
               {R"({"kind":"state","name":"e"})", "!missing-field"},
               {R"({"kind":"fact","name":"e"})", "!missing-field"},
               {R"({"kind":"fact","name":"e","text":"x","time":5})", "!unknown-keyword"},
               {R"({"kind":"sample","name":"e","value":1,"values":[1]})", "!unknown-keyword"},
               {R"({"kind":"sample","name":"e","values":[]})", "!bad-number"},
               {R"({"kind":"sample","name":"e","value":01})", "!bad-number"},
               {R"({"kind":"sample","name":"e","value":1e999})", "!bad-number"},
               {R"({"kind":"sample","name":"e","value":"1"})", "!bad-number"},
               {R"({"kind":"tally","name":"e","increment":-1})", "!bad-number"},
               {R"({"kind":"delta","name":"e","value":1,"time":-1})", "!bad-time"},
               {R"({"kind":"state","name":"e","status":"ok"})", "!unknown-keyword"},
               {R"({"kind":"gauge","name":"e"})", "!unknown-keyword"},
               {R"({"opcode":"broadcast","kind":"event","name":"e"})", "!unknown-keyword"}});
}

TEST(PrometheusLine, TypesTellCountersFromGauges) {
  TextLines lines(TextFormat::kPrometheus);
  const auto take = [&lines](std::string_view line) {
    const auto said = lines.take(line);
    return said.empty() ? std::string() : said.front();
  };
  EXPECT_EQ(take("# TYPE a_total counter"), "");
  EXPECT_EQ(take(R"(a_total{p="/a b",q="x\"y\\z\n",e=""} 12)"),
            R"(delta 1000 a_total host=h,p=/a b,q=x"y_z\\x0a 12)");
  EXPECT_EQ(take("other 1"), "sample 1000 other host=h 1") << "of another family";
  EXPECT_EQ(take("# TYPE h histogram"), "");
  EXPECT_EQ(take(R"(h_bucket{le="+Inf"} 3)"), "delta 1000 h_bucket host=h,le=+Inf 3");
  EXPECT_EQ(take("h_sum 1.5"), "delta 1000 h_sum host=h 1.5");
  EXPECT_EQ(take("h_count 4 1700000000123"), "delta 1700000000 h_count host=h 4");
  EXPECT_EQ(take("# TYPE s summary"), "");
  EXPECT_EQ(take(R"(s{quantile="0.5"} 3.2)"), "sample 1000 s host=h,quantile=0.5 3.2");
  EXPECT_EQ(take("s_count 4"), "delta 1000 s_count host=h 4");
  EXPECT_EQ(take("# HELP s_count"), "");
  EXPECT_EQ(take("a_total 1"), "delta 1000 a_total host=h 1") << "what was said first still holds";
  EXPECT_EQ(take("# TYPE r_count summary"), "");
  EXPECT_EQ(take(R"(r_count{quantile="0.5"} 3)"), "sample 1000 r_count host=h,quantile=0.5 3");
  EXPECT_EQ(take(R"(r_count{quantile="0.9"} NaN)"), "") << "it has seen nothing yet";
}

TEST(PrometheusLine, ReadsWhatOpenMetricsHasOfItsOwn) {
  TextLines lines(TextFormat::kPrometheus);
  EXPECT_THAT(lines.take("# TYPE a counter"), IsEmpty());
  EXPECT_THAT(lines.take("a_total 5 1700000000.25 # {trace_id=\"x\"} 1 1700000000"),
              ElementsAre("delta 1700000000 a_total host=h 5"));
  EXPECT_THAT(lines.take("a_total 5 # {} 1"), ElementsAre("delta 1000 a_total host=h 5"));
  EXPECT_THAT(lines.take("a_total 5 1700000000"), ElementsAre("delta 1700000000 a_total host=h 5"));
  EXPECT_THAT(lines.take("a_created 5 1"), ElementsAre("sample 1 a_created host=h 5"));
  EXPECT_THAT(lines.take("# EOF"), IsEmpty());
}

TEST(PrometheusLine, RefusesWithAReason) {
  expect_each(TextFormat::kPrometheus, {{"g +Inf", "!bad-number"},
                                        {"g{a=\"b\",a=\"c\"} 1", "!bad-name"},
                                        {"g x", "!bad-number"},
                                        {"g", "!missing-field"},
                                        {"g{a=\"b\" 1", "!bad-name"},
                                        {"g{a=b} 1", "!bad-name"},
                                        {"1g 1", "!bad-name"},
                                        {"g 1 x", "!bad-time"},
                                        {"g 1 -5", "!bad-time"}});
}

TEST(TextReader, FindsOutTheFormatByTheFirstLineThatHasAForm) {
  const std::vector<Case> cases = {{"sample 1 x 1", "bolo"},
                                   {"SAMPLE never x 1", "bolo"},
                                   {"state 5 1700000000", "bolo"},
                                   {"PUTVAL h/p/t N:1", "collectd"},
                                   {"putnotif severity=okay", "collectd"},
                                   {"{", "json"},
                                   {"# HELP x Words.", "prometheus"},
                                   {"#  TYPE x gauge", "prometheus"},
                                   {"x{a=\"b\"} 1", "prometheus"},
                                   {"x 1", "prometheus"},
                                   {"x NaN", "prometheus"},
                                   {"x 1 1700000000000", "prometheus"},
                                   {"x 1 1700000000", "graphite"},
                                   {"x.y 1 1700000000000", "graphite"},
                                   {"x.y 1", "graphite"},
                                   {"x;a=b 1 5", "graphite"},
                                   {"m,a=b f=1", "influx"},
                                   {"m f=1 5", "influx"},
                                   {"DISK OK - free space: / 1 MB", "nagios"},
                                   {"OK: all well", "nagios"},
                                   {"check x [CRITICAL] no", "nagios"},
                                   {"this word OK comes too late OK", "nagios"},
                                   {"but this one is too far OK", ""},
                                   {"DISK ok", ""},
                                   {"no word that is known", ""},
                                   {"# a comment", ""},
                                   {"# TYPE", ""},
                                   {"done", ""},
                                   {"", ""}};
  for (const auto& [line, format] : cases) {
    TextLines lines;
    (void)lines.take(line);
    EXPECT_EQ(lines.format(), format) << line;
  }
}

TEST(TextReader, WhatHasNoFormIsRefusedUntilALineHasOne) {
  TextLines lines;
  EXPECT_THAT(lines.take("warming up"), ElementsAre("!unknown-keyword"));
  EXPECT_THAT(lines.take("# words"), IsEmpty());
  EXPECT_THAT(lines.take("done"), ElementsAre("done"));
  EXPECT_THAT(lines.take("DISK OK"), ElementsAre("!unknown-keyword")) << "not the first line";
  EXPECT_THAT(lines.take("x.y 1 5"), ElementsAre("sample 5 x.y host=h 1"));
  EXPECT_THAT(lines.take("y.z 2 5"), ElementsAre("sample 5 y.z host=h 2"));
}

TEST(TextReader, WordsBeforeOurLinesCostThemselves) {
  for (const auto* line :
       {"Connection OK", "WARNING: cannot open /x", "retry 3", "connecting timeout=5", "# HELP me",
        "OK: 0", "{", "PUTVAL", "try 1 1700000000"}) {
    TextLines lines;
    (void)lines.take(line);
    EXPECT_THAT(lines.take("  SAMPLE 1700000000 web:load 0.5"),
                Contains("sample 1700000000 web:load host=h 0.5"))
        << line;
    EXPECT_EQ(lines.format(), "bolo") << line;
    EXPECT_THAT(lines.take("x 1"), ElementsAre("!unknown-keyword")) << line;
    EXPECT_THAT(lines.finish({0, {}}), IsEmpty()) << line;
  }
}

TEST(TextReader, LinesThatWereTakenForAPluginsAreRefusedOnceTheyAreNot) {
  TextLines lines;
  EXPECT_THAT(lines.take("Connection OK"), IsEmpty());
  EXPECT_THAT(lines.take("more words"), IsEmpty());
  EXPECT_THAT(lines.take("key a=b"),
              ElementsAre("!unknown-keyword", "!unknown-keyword", "fact a host=h b"));
}

TEST(TextReader, AFormatThatIsSaidAndAWholeLineOfGraphitesStay) {
  TextLines said(TextFormat::kPrometheus);
  EXPECT_THAT(said.take("SAMPLE 1 x 1"), ElementsAre("!bad-time"));
  TextLines guessed;
  EXPECT_THAT(guessed.take("cpu 5 1700000000"), ElementsAre("sample 1700000000 cpu host=h 5"));
  EXPECT_THAT(guessed.take("tally 5 1700000000"), ElementsAre("sample 1700000000 tally host=h 5"));
}

TEST(TextReader, APluginIsGuessedOnlyWhereItMayBeOne) {
  for (const auto* line : {"DISK OK - free", "OK: 0", "WARNING: 3", "OK 5", "OK time=5"}) {
    TextLines oneshot;
    (void)oneshot.take(line);
    EXPECT_EQ(oneshot.format(), "nagios") << line;
    TextLines stream({}, "");
    (void)stream.take(line);
    EXPECT_NE(stream.format(), "nagios") << line;
  }
}

TEST(TextReader, OneThatWasAPluginIsOneWhateverItPrints) {
  TextLines silent;
  silent.expect_plugin();
  EXPECT_THAT(silent.finish({{}, "did not end"}),
              ElementsAre("state 1000 check host=h CRITICAL did not end"));
  TextLines words;
  words.expect_plugin();
  EXPECT_THAT(words.take("no such word"), IsEmpty());
  EXPECT_THAT(words.finish({2, {}}), ElementsAre("state 1000 check host=h CRITICAL no such word"));
  TextLines other;
  other.expect_plugin();
  EXPECT_THAT(other.take("m f=1 5"), ElementsAre("sample 5 m_f host=h 1"));
  EXPECT_THAT(other.finish({0, {}}), IsEmpty());
}

TEST(TextReader, OurOwnLinesStayOurs) {
  TextLines lines;
  EXPECT_THAT(lines.take("# HELPFUL words"), IsEmpty());
  EXPECT_THAT(lines.take("sample never x 1"), ElementsAre("!bad-time"));
  for (const auto* line : {"{", "x 1", "m f=1", "PUTVAL h/p/t N:1", "DISK OK"}) {
    EXPECT_THAT(lines.take(line), ElementsAre("!unknown-keyword")) << line;
  }
}

TEST(TextReader, ANulRefusesALineOfAnyFormat) {
  using enum TextFormat;
  const std::string line("x 1\0", 4);
  for (const auto format : {kBolo, kNagios, kPrometheus, kInflux, kGraphite, kCollectd, kJson}) {
    EXPECT_EQ(one_line(format, line), "!nul") << to_string(format);
  }
}

TEST(TextReader, ANameThatIsTooLongIsRefused) {
  const std::string name(kMaxNameLength, 'x');
  EXPECT_EQ(one_line(TextFormat::kGraphite, name + " 1"), "!bad-name");
  EXPECT_EQ(one_line(TextFormat::kGraphite, "x;k=" + name + " 1"), "!bad-name");
  EXPECT_EQ(one_line(TextFormat::kPrometheus, name + " 1"), "!bad-name");
  EXPECT_EQ(one_line(TextFormat::kPrometheus, "x{k=\"" + name + "x\"} 1"), "!bad-name");
  EXPECT_EQ(one_line(TextFormat::kInflux, "m,k=" + name + " f=1"), "!bad-name");
  EXPECT_EQ(one_line(TextFormat::kInflux, "m f=1," + name + "=1"), "!bad-name");
  EXPECT_EQ(one_line(TextFormat::kCollectd, "PUTVAL h/" + name + "/t N:1"), "!bad-name");
  EXPECT_EQ(one_line(TextFormat::kJson, R"({"kind":"event","name":")" + name + "\"}"), "!bad-name");
  const std::string tags = R"({"kind":"event","name":"e","tags":{"k":")" + name + "\"}}";
  EXPECT_EQ(one_line(TextFormat::kJson, tags), "!bad-name");
  const std::string escaped = R"({"kind":"event","name":"\u0065)" + name + "\"}";
  EXPECT_EQ(one_line(TextFormat::kJson, escaped), "!bad-name") << "it is not cut";
}

TEST(TextReader, ALineHasNoMoreValuesThanALineMayHave) {
  std::string fields = "m ";
  std::string lists = "PUTVAL h/p/t";
  for (int i = 0; i <= 1000; ++i) fields += "f=1,";
  for (int i = 0; i <= 100; ++i) lists += " 1:1";
  EXPECT_EQ(one_line(TextFormat::kInflux, fields + "f=1"), "!limit");
  EXPECT_EQ(one_line(TextFormat::kCollectd, lists), "!limit");
}

}  // namespace
}  // namespace lariat::proto
