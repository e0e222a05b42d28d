#!/usr/bin/env python3
"""Many connections of one address at a supernode while others fetch. Needs root, iproute2 and a JDK; ends all that it starts.

    crowd.py --dist dragonfly-examples/target/dragonfly --peers 50 --connections 2000 --seconds 30

One network namespace has all addresses: the supernode's, one for each honest peer, and one for all intruders, so none of them
counts as the supernode's own machine. The intruders hold half requests and bodies that are almost whole, register with 30 kB of
headers, new names and new data centres, and begin TLS handshakes again and again. Prints how many fetches failed (none should), the median and the 99th percentile
of the honest peers' control calls without and with the intruders (the goal: below 250 ms), what the intruders were answered, and the
processor seconds of the supernode and of all others, who run on the same processors: peers, source and intruders are one process.
"""
import argparse, json, os, pathlib, subprocess, tempfile

from lab import Host, sh


class Space:
    """One namespace instead of a lab of hosts."""

    def __init__(self, args):
        self.args, self.started, self.dir = args, [], tempfile.mkdtemp(prefix="dragonfly-measure-")
        self.name = f"{args.prefix}-all"
        addresses = ["10.98.0.1", "10.98.0.2", "10.98.9.9"] + [f"10.98.1.{i + 1}" for i in range(args.peers)]
        sh(f"ip netns add {self.name}; ip -n {self.name} link set lo up")
        sh("\n".join(f"ip -n {self.name} addr add {address}/32 dev lo" for address in addresses))

    def host(self, name, number, rate=None):
        return Host(self, self.name, f"10.98.0.{number}", name)

    def close(self):
        for process in self.started:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
        sh(f"ip netns del {self.name}; rm -rf {self.dir}", check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dist", default="dragonfly-examples/target/dragonfly")
    parser.add_argument("--peers", type=int, default=50)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--options", default="", help="of the supernode, such as '--share-per-address 100%%' to see it without shares")
    parser.add_argument("--prefix", default="crowd")
    args = parser.parse_args()
    args.dist = os.path.abspath(args.dist)
    space = Space(args)
    try:
        node = space.host("supernode", 2)
        supernode = node.start(f"{args.dist}/bin/supernode --home-dir {node.dir}/home --advertise-ip {node.ip} {args.options}")
        node.await_line("supernode ready")
        here = pathlib.Path(__file__).parent
        sh(f"javac -d {space.dir}/classes -cp '{args.dist}/lib/*' {here}/Crowd.java {here}/Intruders.java")
        java = f"java -Xmx1g -XX:+UseSerialGC -cp '{space.dir}/classes:{args.dist}/lib/*' Crowd"
        done = subprocess.run(
            f"ulimit -n 16384; ip netns exec {space.name} {java} {node.ip} {args.peers} {args.connections} {args.seconds} {space.dir}/peers {supernode.pid}",
            shell=True, stdout=subprocess.PIPE, stderr=open(f"{space.dir}/crowd.log", "w"), text=True)
        if done.returncode:
            raise SystemExit("Crowd has failed:\n" + pathlib.Path(space.dir, "crowd.log").read_text()[-3000:])
        print(json.dumps(json.loads(done.stdout.splitlines()[-1])))
    finally:
        space.close()


if __name__ == "__main__":
    main()
