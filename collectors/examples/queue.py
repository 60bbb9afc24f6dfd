#!/usr/bin/python3
"""Files in a folder. Lives on, mode `stream`: a line comes in, lines and `done` go out."""
import os, sys

folder = sys.argv[1] if len(sys.argv) > 1 else "/var/spool"
for tick in sys.stdin:
    files = len(os.listdir(folder))
    print(f"sample {tick.split()[1]} queue_files folder={folder} {files}\ndone", flush=True)
