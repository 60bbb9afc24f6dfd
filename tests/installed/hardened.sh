# Sourced: a collector under the sandbox of the unit, and the same without it.

unit_file=$(systemctl show --property FragmentPath --value lariat)

# Runs $2... under every line of the unit that is not about how the agent itself lives; what it prints
# is in file $1.
run_hardened() {
  local out=$1
  shift
  sed -e '/^ExecStart=/d; /^ExecReload=/d; /^Type=/d; /^WatchdogSec=/d; /^Restart/d' \
    -e '/^RuntimeDirectory/d; /^\[Install\]/,$d' \
    -e "s|^\[Service\]|&\nType=oneshot\nExecStart=$*\nStandardOutput=truncate:$out|" \
    -e 's|^\[Service\]|&\nEnvironment=LARIAT_CONTROL=/run/lariat/lariat.sock|' \
    "$unit_file" >/run/systemd/system/lariat-probe.service
  systemctl daemon-reload
  systemctl start lariat-probe.service
}

# Without the sandbox, and as root.
run_plain() {
  local out=$1
  shift
  LARIAT_CONTROL=/run/lariat/lariat.sock "$@" >"$out"
}

# Of three outputs, that of the middle under the sandbox: the same series in all of them, and its
# values not outside those before and after. What moves up and down by itself may by a tenth.
compare() {
  awk '
    function say(text) { print text; bad = 1 }
    function moves(name) {
      return name ~ /^node_(memory|load|procs|scrape_collector_duration|filesystem_(avail|free|files_free))/ \
        || name ~ /^node_(sockstat|netstat|filefd|entropy|nf_conntrack|arp|pressure|timex|hwmon|thermal)/ \
        || name ~ /^node_(cpu_(scaling_)?frequency|disk_io_now|udp_queues|vmstat|schedstat|softnet)/ \
        || name ~ /^(process|lariat)_/
    }
    FNR == 1 { ++file }
    $1 == "done" { next }
    {
      key = $1 == "fact" ? $2 : $1 " " $3 ($1 != "event" && NF > 4 ? " " $4 : "")
      value = $NF
      if ($1 == "fact") { value = $0; sub(/^fact [^ ]+ /, "", value) }
      seen[key] = seen[key] file
      of[key, file] = value
    }
    END {
      for (key in seen) {
        ++count
        if (seen[key] != "123") { say("only in outputs " seen[key] ": " key); continue }
        before = of[key, 1]; inside = of[key, 2]; after = of[key, 3]
        if (key !~ /^(sample|delta) /) {
          if (inside != before) say(key ": " inside " and not " before)
          continue
        }
        low = before < after ? before + 0 : after + 0
        high = before < after ? after + 0 : before + 0
        split(key, word, " ")
        room = moves(word[2]) ? high / 10 + (word[2] ~ /_bytes$/ ? 67108864 : 5) : 0
        # The kernel takes back a little of what it has counted as idle.
        if (word[2] == "node_cpu_seconds_total") room = 0.1
        if (inside + 0 < low - room || inside + 0 > high + room) {
          say(key ": " inside " is not between " before " and " after)
        }
      }
      if (count < least) say("only " count " series")
      exit bad
    }' least="$1" "$2" "$3" "$4"
}

# same_hardened LEAST-SERIES PROGRAM ARGUMENTS...
same_hardened() {
  local least=$1
  shift
  run_plain "$room/before.txt" "$@" && run_hardened "$room/inside.txt" "$@" &&
    run_plain "$room/after.txt" "$@" &&
    compare "$least" "$room/before.txt" "$room/inside.txt" "$room/after.txt"
}
