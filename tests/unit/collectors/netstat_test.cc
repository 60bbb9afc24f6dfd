#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "collectors/linux/device_names.h"
#include "tests/unit/collectors/posix_regex.h"
#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::ElementsAre;

TEST(Netstat, TellsTheNamedColumnsOfThreeFiles) {
  SourceRun run("netstat");
  EXPECT_THAT(
      run.collect(),
      ElementsAre(
          "d node_netstat_TcpExt_SyncookiesSent 1", "d node_netstat_TcpExt_SyncookiesRecv 2",
          "d node_netstat_TcpExt_SyncookiesFailed 3", "d node_netstat_TcpExt_ListenOverflows 5",
          "d node_netstat_TcpExt_ListenDrops 6", "d node_netstat_TcpExt_TCPTimeouts 115",
          "d node_netstat_TcpExt_TCPSynRetrans 19", "d node_netstat_IpExt_InOctets 6286396970",
          "d node_netstat_IpExt_OutOctets 2786264347", "s node_netstat_Ip_Forwarding 1",
          "d node_netstat_Icmp_InMsgs 104", "d node_netstat_Icmp_InErrors 7",
          "d node_netstat_Icmp_OutMsgs 120", "d node_netstat_Tcp_ActiveOpens 3556",
          "d node_netstat_Tcp_PassiveOpens 230", "s node_netstat_Tcp_CurrEstab 12",
          "d node_netstat_Tcp_InSegs 57252008", "d node_netstat_Tcp_OutSegs 54915039",
          "d node_netstat_Tcp_RetransSegs 227", "d node_netstat_Tcp_InErrs 5",
          "d node_netstat_Tcp_OutRsts 1003", "d node_netstat_Udp_InDatagrams 88542",
          "d node_netstat_Udp_NoPorts 120", "d node_netstat_Udp_InErrors 3",
          "d node_netstat_Udp_OutDatagrams 53028", "d node_netstat_Udp_RcvbufErrors 9",
          "d node_netstat_Udp_SndbufErrors 8", "d node_netstat_UdpLite_InErrors 2",
          "d node_netstat_Ip6_InOctets 460", "d node_netstat_Ip6_OutOctets 536",
          "d node_netstat_Icmp6_InMsgs 1", "d node_netstat_Icmp6_InErrors 2",
          "d node_netstat_Icmp6_OutMsgs 8", "d node_netstat_Udp6_InDatagrams 3",
          "d node_netstat_Udp6_NoPorts 4", "d node_netstat_Udp6_InErrors 5",
          "d node_netstat_Udp6_OutDatagrams 6", "d node_netstat_Udp6_RcvbufErrors 9",
          "d node_netstat_Udp6_SndbufErrors 8", "d node_netstat_UdpLite6_InErrors 11"));
  EXPECT_EQ(run.fault(), "");
}

TEST(Netstat, ChoosesAsTheRegularExpression) {
  const test::PosixRegex told(
      "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
      "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)|Tcp_(ActiveOpens|InSegs|OutSegs|"
      "OutRsts|PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|"
      "RcvbufErrors|SndbufErrors))$");
  for (const std::string protocol : {"Ip", "Ip6", "IpExt", "Icmp", "Icmp6", "IcmpMsg", "Tcp",
                                     "TcpExt", "Udp", "Udp6", "UdpLite", "UdpLite6", "MPTcpExt"}) {
    for (const std::string name :
         {"InErrors",      "InErrs",       "Forwarding",   "InOctets",     "OutOctets",
          "InMsgs",        "OutMsgs",      "ListenDrops",  "Listen",       "SyncookiesSent",
          "TCPSynRetrans", "TCPTimeouts",  "ActiveOpens",  "InSegs",       "OutSegs",
          "OutRsts",       "PassiveOpens", "RetransSegs",  "CurrEstab",    "InDatagrams",
          "OutDatagrams",  "NoPorts",      "RcvbufErrors", "SndbufErrors", "InErrorsX",
          "DefaultTTL"}) {
      const std::string both = protocol + '_' + name;
      EXPECT_EQ(is_told_netstat(protocol, name), told.finds(both.c_str())) << both;
    }
  }
}

}  // namespace
}  // namespace lariat::host
