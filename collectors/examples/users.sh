#!/bin/sh
# Processes of each user. Run at each interval, mode `oneshot`: print, and end.
now=$(date +%s)
ps -eo user= | sort | uniq -c | while read -r count user; do
  echo "sample $now user_processes user=$user $count"
done
