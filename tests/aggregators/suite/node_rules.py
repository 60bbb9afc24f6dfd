"""What people watch hosts with: the rules and alerts of node_exporter's own mixin.

Restated after its documentation and sources of version 1.8, with its usual selectors and thresholds:
a rate is taken over 5 minutes, file systems are those with a type and a mount point, disks those that
its dashboards show. The names are the mixin's. Texts for people are left out.
"""

NODE = 'job="node"'
_FILES = f'{NODE},fstype!="",mountpoint!=""'
_DISKS = (f'{NODE},device=~"(/dev/)?(mmcblk.p.+|nvme.+|rbd.+|sd.+|vd.+|xvd.+|dm-.+|md.+|'
          'dasd.+)"')
_NO_LOOPBACK = f'{NODE},device!="lo"'


def _rate(metric: str, selector: str = NODE) -> str:
    return f"rate({metric}{{{selector}}}[5m])"


def _of_files(metric: str) -> str:
    return f"node_filesystem_{metric}{{{_FILES}}}"


def _share(free: str, whole: str) -> str:
    return f"{_of_files(free)} / {_of_files(whole)} * 100"


def _filling_up(free: str, whole: str, below: int, hours: int) -> str:
    return (f"{_share(free, whole)} < {below} "
            f"and predict_linear({_of_files(free)}[6h], {hours}*60*60) < 0 "
            f"and {_of_files('readonly')} == 0")


def _almost_out(free: str, whole: str, below: int) -> str:
    return f"{_share(free, whole)} < {below} and {_of_files('readonly')} == 0"


def _errors(direction: str) -> str:
    return (f"{_rate(f'node_network_{direction}_errs_total')} / "
            f"{_rate(f'node_network_{direction}_packets_total')} > 0.01")


def _sum_of_interfaces(metric: str) -> str:
    return f"sum without (device) ({_rate(f'node_network_{metric}_total', _NO_LOOPBACK)})"


_MEMORY_USED = (f"1 - ((node_memory_MemAvailable_bytes{{{NODE}}} or "
                f"(node_memory_Buffers_bytes{{{NODE}}} + node_memory_Cached_bytes{{{NODE}}} + "
                f"node_memory_MemFree_bytes{{{NODE}}} + node_memory_Slab_bytes{{{NODE}}})) / "
                f"node_memory_MemTotal_bytes{{{NODE}}})")
_DESCRIPTORS = f"node_filefd_allocated{{{NODE}}} * 100 / node_filefd_maximum{{{NODE}}}"
_OFFSET = f"node_timex_offset_seconds{{{NODE}}}"
_IDLE = f'{NODE},mode="idle"'

RECORDED: list[tuple[str, str]] = [
    ("instance:node_num_cpu:sum",
     f"count without (cpu, mode) (node_cpu_seconds_total{{{_IDLE}}})"),
    ("instance:node_cpu_utilisation:rate5m",
     "1 - avg without (cpu) (sum without (mode) (" + _rate(
         "node_cpu_seconds_total", f'{NODE},mode=~"idle|iowait|steal"') + "))"),
    ("instance:node_load1_per_cpu:ratio",
     f"node_load1{{{NODE}}} / instance:node_num_cpu:sum{{{NODE}}}"),
    ("instance:node_memory_utilisation:ratio", _MEMORY_USED),
    ("instance:node_vmstat_pgmajfault:rate5m", _rate("node_vmstat_pgmajfault")),
    ("instance_device:node_disk_io_time_seconds:rate5m",
     _rate("node_disk_io_time_seconds_total", _DISKS)),
    ("instance_device:node_disk_io_time_weighted_seconds:rate5m",
     _rate("node_disk_io_time_weighted_seconds_total", _DISKS)),
    ("instance:node_network_receive_bytes_excluding_lo:rate5m", _sum_of_interfaces("receive_bytes")),
    ("instance:node_network_transmit_bytes_excluding_lo:rate5m",
     _sum_of_interfaces("transmit_bytes")),
    ("instance:node_network_receive_drop_excluding_lo:rate5m", _sum_of_interfaces("receive_drop")),
    ("instance:node_network_transmit_drop_excluding_lo:rate5m",
     _sum_of_interfaces("transmit_drop")),
]

# Of those with two severities each has its own line.
ALERTS: list[tuple[str, str]] = [
    ("NodeFilesystemSpaceFillingUp", _filling_up("avail_bytes", "size_bytes", 40, 24)),
    ("NodeFilesystemSpaceFillingUp", _filling_up("avail_bytes", "size_bytes", 20, 4)),
    ("NodeFilesystemAlmostOutOfSpace", _almost_out("avail_bytes", "size_bytes", 5)),
    ("NodeFilesystemAlmostOutOfSpace", _almost_out("avail_bytes", "size_bytes", 3)),
    ("NodeFilesystemFilesFillingUp", _filling_up("files_free", "files", 40, 24)),
    ("NodeFilesystemFilesFillingUp", _filling_up("files_free", "files", 20, 4)),
    ("NodeFilesystemAlmostOutOfFiles", _almost_out("files_free", "files", 5)),
    ("NodeFilesystemAlmostOutOfFiles", _almost_out("files_free", "files", 3)),
    ("NodeNetworkReceiveErrs", _errors("receive")),
    ("NodeNetworkTransmitErrs", _errors("transmit")),
    ("NodeHighNumberConntrackEntriesUsed",
     f"node_nf_conntrack_entries{{{NODE}}} / node_nf_conntrack_entries_limit > 0.75"),
    ("NodeTextFileCollectorScrapeError", f"node_textfile_scrape_error{{{NODE}}} == 1"),
    ("NodeClockSkewDetected",
     f"({_OFFSET} > 0.05 and deriv({_OFFSET}[5m]) >= 0) or "
     f"({_OFFSET} < -0.05 and deriv({_OFFSET}[5m]) <= 0)"),
    ("NodeClockNotSynchronising",
     f"min_over_time(node_timex_sync_status{{{NODE}}}[5m]) == 0 "
     f"and node_timex_maxerror_seconds{{{NODE}}} >= 16"),
    ("NodeRAIDDegraded",
     f"node_md_disks_required{{{_DISKS}}} - "
     f'ignoring (state) (node_md_disks{{state="active",{_DISKS}}}) > 0'),
    ("NodeRAIDDiskFailure", f'node_md_disks{{state="failed",{_DISKS}}} > 0'),
    ("NodeFileDescriptorLimit", f"{_DESCRIPTORS} > 70"),
    ("NodeFileDescriptorLimit", f"{_DESCRIPTORS} > 90"),
    ("NodeCPUHighUsage",
     "sum without (mode) (avg without (cpu) (" + _rate(
         "node_cpu_seconds_total", f'{NODE},mode!~"idle|iowait"') + ")) * 100 > 90"),
    ("NodeSystemSaturation",
     f'node_load1{{{NODE}}} / count without (cpu, mode) (node_cpu_seconds_total{{{_IDLE}}}) > 2'),
    ("NodeMemoryMajorPagesFaults", f"{_rate('node_vmstat_pgmajfault')} > 500"),
    ("NodeMemoryHighUtilization",
     f"100 - (node_memory_MemAvailable_bytes{{{NODE}}} / "
     f"node_memory_MemTotal_bytes{{{NODE}}} * 100) > 90"),
    ("NodeDiskIOSaturation", f"{_rate('node_disk_io_time_weighted_seconds_total', _DISKS)} > 10"),
    ("NodeSystemdServiceFailed", f'node_systemd_unit_state{{{NODE},state="failed"}} == 1'),
    ("NodeBondingDegraded",
     f"(node_bonding_slaves{{{NODE}}} - node_bonding_active{{{NODE}}}) != 0"),
]
