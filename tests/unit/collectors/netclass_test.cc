#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/source_run.h"

namespace lariat::host {
namespace {

using test::SourceRun;
using testing::UnorderedElementsAre;

TEST(Netclass, TellsWhatEachInterfaceHasAndSkipsFiles) {
  SourceRun run("netclass");
  EXPECT_THAT(
      run.collect(),
      UnorderedElementsAre(
          "d node_network_carrier_changes_total device=bond0 2",
          "d node_network_carrier_changes_total device=dmz 2",
          "d node_network_carrier_changes_total device=eth0 2",
          "d node_network_carrier_changes_total device=eth1 0",
          "d node_network_carrier_changes_total device=int 2",
          "d node_network_carrier_down_changes_total device=eth0 1",
          "d node_network_carrier_up_changes_total device=eth0 1",
          "s node_network_address_assign_type device=bond0 3",
          "s node_network_address_assign_type device=dmz 3",
          "s node_network_address_assign_type device=eth0 3",
          "s node_network_address_assign_type device=eth1 0",
          "s node_network_address_assign_type device=int 3",
          "s node_network_carrier device=bond0 1", "s node_network_carrier device=dmz 1",
          "s node_network_carrier device=eth0 1", "s node_network_carrier device=int 1",
          "s node_network_device_id device=bond0 0", "s node_network_device_id device=dmz 0",
          "s node_network_device_id device=eth0 32", "s node_network_device_id device=eth1 0",
          "s node_network_device_id device=int 0", "s node_network_dormant device=bond0 0",
          "s node_network_dormant device=dmz 0", "s node_network_dormant device=eth0 1",
          "s node_network_dormant device=int 0", "s node_network_flags device=bond0 4099",
          "s node_network_flags device=dmz 4099", "s node_network_flags device=eth0 4867",
          "s node_network_flags device=eth1 4098", "s node_network_flags device=int 4099",
          "s node_network_iface_id device=bond0 9", "s node_network_iface_id device=dmz 9",
          "s node_network_iface_id device=eth0 2", "s node_network_iface_id device=eth1 3",
          "s node_network_iface_id device=int 9", "s node_network_iface_link device=bond0 9",
          "s node_network_iface_link device=dmz 9", "s node_network_iface_link device=eth0 2",
          "s node_network_iface_link device=eth1 7", "s node_network_iface_link device=int 9",
          "s node_network_iface_link_mode device=bond0 0",
          "s node_network_iface_link_mode device=dmz 0",
          "s node_network_iface_link_mode device=eth0 1",
          "s node_network_iface_link_mode device=eth1 0",
          "s node_network_iface_link_mode device=int 0",
          "s node_network_info "
          "address=01:23:45:67:89:ab,broadcast=ff:ff:ff:ff:ff:ff,device=eth0,duplex=full,ifalias="
          "uplink,operstate=up 1",
          "s node_network_info "
          "address=01:23:45:67:89:ac,broadcast=ff:ff:ff:ff:ff:ff,device=eth1,operstate=down 1",
          "s node_network_info "
          "address=01:23:45:67:89:ad,broadcast=ff:ff:ff:ff:ff:ff,device=bond0,operstate=up 1",
          "s node_network_info "
          "address=01:23:45:67:89:ad,broadcast=ff:ff:ff:ff:ff:ff,device=dmz,operstate=up 1",
          "s node_network_info "
          "address=01:23:45:67:89:ad,broadcast=ff:ff:ff:ff:ff:ff,device=int,operstate=up 1",
          "s node_network_mtu_bytes device=bond0 1500", "s node_network_mtu_bytes device=dmz 1500",
          "s node_network_mtu_bytes device=eth0 1500", "s node_network_mtu_bytes device=eth1 9000",
          "s node_network_mtu_bytes device=int 1500",
          "s node_network_name_assign_type device=bond0 3",
          "s node_network_name_assign_type device=dmz 3",
          "s node_network_name_assign_type device=eth0 2",
          "s node_network_name_assign_type device=int 3",
          "s node_network_net_dev_group device=bond0 0",
          "s node_network_net_dev_group device=dmz 0", "s node_network_net_dev_group device=eth0 0",
          "s node_network_net_dev_group device=eth1 5", "s node_network_net_dev_group device=int 0",
          "s node_network_protocol_type device=bond0 1",
          "s node_network_protocol_type device=dmz 1", "s node_network_protocol_type device=eth0 1",
          "s node_network_protocol_type device=eth1 1", "s node_network_protocol_type device=int 1",
          "s node_network_speed_bytes device=eth0 1.25e+08",
          "s node_network_speed_bytes device=eth1 -125000",
          "s node_network_transmit_queue_length device=bond0 1000",
          "s node_network_transmit_queue_length device=dmz 1000",
          "s node_network_transmit_queue_length device=eth0 1000",
          "s node_network_transmit_queue_length device=eth1 0",
          "s node_network_transmit_queue_length device=int 1000",
          "s node_network_up device=bond0 1", "s node_network_up device=dmz 1",
          "s node_network_up device=eth0 1", "s node_network_up device=eth1 0",
          "s node_network_up device=int 1"));
  EXPECT_EQ(run.fault(), "");
}

}  // namespace
}  // namespace lariat::host
