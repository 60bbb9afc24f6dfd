"""Where receivers live: a network namespace each at the end of a cable of its own, or this host's
loopback. With namespaces this process has been started in one of its own (see `enter`)."""

import pathlib
import random
import shutil
import signal
import subprocess
from typing import Sequence

# Nobody's: frames sent to it are dropped at the other end of the cable.
NOWHERE = "02:00:00:00:00:99"
# 1 KiB/s and a burst of one full packet.
TRICKLE = "tbf rate 8kbit burst 1600 limit 20000"
# Far less than what is sent at once: most packets are dropped.
LOSSY = "tbf rate 4mbit burst 3000 limit 4500"

# How a cable can be bad.
WAYS = ("unplugged", "acks-lost", "data-lost", "trickle", "lossy")


def enter() -> list[str] | None:
    """The words to put before a command so that it has a network, mounts and processes of its own,
    which end with it; None where that is not allowed."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip", "tc", "mount"))):
        return None
    words = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    probe = ("ip link set lo up && ip link add one type veth peer name other && "
             f"tc qdisc add dev one root {TRICKLE} && mount -t tmpfs none /mnt")
    for more in ([], ["--map-root-user"]):
        tried = subprocess.run([*words, *more, "sh", "-ec", probe], capture_output=True,
                               check=False)
        if tried.returncode == 0:
            return [*words, *more]
    return None


def run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")


class Loopback:
    """No cable that could be cut; each endpoint has an address of 127.0.0.0/8."""

    cables = False

    def __init__(self, count: int) -> None:
        self.addresses = [
            f"127.{random.SystemRandom().randint(16, 250)}.{random.SystemRandom().randint(0, 255)}."
            f"{1 + i}" for i in range(count)]

    def address(self, endpoint: int) -> str:
        return self.addresses[endpoint]

    def host(self, endpoint: int) -> str:
        return self.addresses[endpoint]

    def inside(self, _: int) -> Sequence[str]:
        return ()

    def close(self) -> None:
        pass


class Cables:
    """A namespace and a cable for each endpoint but the first, the witness, which is on loopback.
    One endpoint in two is called by a name, which a name server of ours answers."""

    cables = True

    def __init__(self, count: int, folder: pathlib.Path, dns: Sequence[str]) -> None:
        self.holders: list[subprocess.Popen] = []
        run("ip", "link", "set", "lo", "up")
        for i in range(1, count):
            self.holders.append(self._lay(i))
        self._name(folder)
        table = [f"{self.host(i)}={self.address(i)}" for i in range(1, count)]
        self.dns = subprocess.Popen([*dns, *table], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.dns.stdout.readline()

    # The other end of the cable lives as long as a process in its namespace.
    def _lay(self, i: int) -> subprocess.Popen:
        holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 100000"],
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()
        run("ip", "link", "add", f"here{i}", "type", "veth", "peer", "name", f"there{i}", "netns",
            str(holder.pid))
        script = (f"ip link set lo up; ip address add {self._end(i, 2)}/30 dev there{i}; "
                  f"ip link set there{i} up")
        run("nsenter", f"--net=/proc/{holder.pid}/ns/net", "sh", "-ec", script)
        run("ip", "address", "add", f"{self._end(i, 1)}/30", "dev", f"here{i}")
        run("ip", "link", "set", f"here{i}", "up")
        return holder

    # Files of our own over those of the host, in our own mounts.
    @staticmethod
    def _name(folder: pathlib.Path) -> None:
        for name, text in (("resolv.conf", "nameserver 127.0.0.1\n"),
                           ("hosts", "127.0.0.1 localhost\n")):
            (folder / name).write_text(text, "ascii")
            run("mount", "--bind", str(folder / name), f"/etc/{name}")

    @staticmethod
    def _end(i: int, side: int) -> str:
        return f"10.99.{i}.{side}"

    def address(self, endpoint: int) -> str:
        return self._end(endpoint, 2) if endpoint else "127.0.0.1"

    def host(self, endpoint: int) -> str:
        return f"agg{endpoint}.chaos.test" if endpoint % 2 else self.address(endpoint)

    def inside(self, endpoint: int) -> Sequence[str]:
        if endpoint == 0:
            return ()
        return ("nsenter", f"--net=/proc/{self.holders[endpoint - 1].pid}/ns/net")

    def spoil(self, endpoint: int, way: str) -> None:
        here, there = f"here{endpoint}", f"there{endpoint}"
        match way:
            case "unplugged":
                run(*self.inside(endpoint), "ip", "link", "set", there, "down")
            case "acks-lost":
                run(*self.inside(endpoint), "ip", "neigh", "replace", self._end(endpoint, 1),
                    "lladdr", NOWHERE, "dev", there, "nud", "permanent")
            case "data-lost":
                run("ip", "neigh", "replace", self._end(endpoint, 2), "lladdr", NOWHERE, "dev",
                    here, "nud", "permanent")
            case "trickle" | "lossy":
                run("tc", "qdisc", "add", "dev", here, "root",
                    *(TRICKLE if way == "trickle" else LOSSY).split())

    def mend(self, endpoint: int, way: str) -> None:
        here, there = f"here{endpoint}", f"there{endpoint}"
        match way:
            case "unplugged":
                run(*self.inside(endpoint), "ip", "link", "set", there, "up")
            case "acks-lost":
                run(*self.inside(endpoint), "ip", "neigh", "del", self._end(endpoint, 1), "dev",
                    there)
            case "data-lost":
                run("ip", "neigh", "del", self._end(endpoint, 2), "dev", here)
            case "trickle" | "lossy":
                run("tc", "qdisc", "del", "dev", here, "root")

    def plug_again(self, endpoint: int, ways: Sequence[str]) -> None:
        """The other end has forgotten its neighbours meanwhile."""
        self.mend(endpoint, "unplugged")
        if "acks-lost" in ways:
            self.spoil(endpoint, "acks-lost")

    def names(self, mode: str) -> None:
        """`good`, `silent`, `nxdomain` or `servfail`: what the name server does from now on."""
        self.dns.stdin.write(f"{mode}\n".encode("ascii"))
        self.dns.stdin.flush()
        self.dns.stdout.readline()

    def close(self) -> None:
        for process in [*self.holders, self.dns]:
            process.send_signal(signal.SIGKILL)
            process.wait()
