# Sourced by what runs in a container: one line a check.

# Runs a command; it is the check of that name, good if the command is.
check() {
  local what=$1 output
  shift
  if output=$("$@" 2>&1); then
    printf 'ok    %s\n' "$what"
  else
    printf 'FAIL  %s\n' "$what"
    tail -n 25 <<<"$output" | sed 's/^/        /'
  fi
}

# Waits until a command succeeds, at most $1 seconds.
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || { "$@"; return; }
    sleep 0.1
  done
}

not() { ! "$@"; }

equal() { [[ $1 == "$2" ]] || { printf 'is "%s" and not "%s"\n' "$1" "$2"; return 1; }; }

property() { systemctl show --property "$1" --value lariat; }
active() { equal "$(property ActiveState)" active; }
main_pid() { property MainPID; }

get() { curl --silent --show-error --fail --max-time 5 "http://127.0.0.1:9299$1"; }
# The number that stands behind a metric of the agent: metric 'lariat_log_frames_total'.
metric() { get '/metrics?scope=agent' | awk -v name="$1" '$1 == name { print $2 }'; }
metric_is() { equal "$(metric "$1")" "$2"; }
shows() { get "$1" | grep -- "$2" >/dev/null; }

reload() {
  systemctl reload lariat || { journalctl --unit lariat --lines 8 --output cat; return 1; }
}

# It runs and answers, and not as process $1.
runs_anew() { active && [[ $(main_pid) != "$1" ]] && shows /-/healthy .; }

# Frames of a receiver, as a transient service: receiver east 2600.
receiver() {
  systemd-run --quiet --collect --unit="$1" --property="StandardOutput=truncate:$room/$1.txt" \
    --property=StandardError=journal lariat receive "tsdp://127.0.0.1:$2"
}
