"""Hosts of a lab that fetch files through the library, with a source and a supernode. Needs nginx and a JDK."""
import collections, os, pathlib, re, time

from lab import sh, supernode

NGINX = """daemon off; worker_processes 1; pid {0}/pid; error_log {0}/error.log; user root;
events {{ worker_connections 4000; }}
http {{ access_log off; sendfile on; client_body_temp_path {0}/t1; proxy_temp_path {0}/t2;
  fastcgi_temp_path {0}/t3; uwsgi_temp_path {0}/t4; scgi_temp_path {0}/t5;
  server {{ listen 80; root {0}/www; }} }}
"""

# As bin/dfget has a peer compiled: the second compiler takes digests alone, which the first makes ten times slower.
PEER = ("-XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-DisplayVMOutput -XX:CompilerDirectivesFile={0}/libexec/compiling.json "
        "-XX:Tier4InvocationThreshold=500 -XX:Tier4MinInvocationThreshold=100 -XX:Tier4CompileThreshold=600 -XX:Tier4BackEdgeThreshold=4000")


def origin(lab):
    host = lab.host("origin", 1)
    os.makedirs(f"{host.dir}/www")
    pathlib.Path(host.dir, "nginx.conf").write_text(NGINX.format(host.dir))
    host.start(f"/usr/sbin/nginx -c {host.dir}/nginx.conf -p {host.dir}")
    return host


def publish(host, prefix, sizes):
    """Writes new files of these sizes in bytes: prefix0, prefix1 and so on."""
    past = time.time() - 3600  # a version that is clearly older than the response
    for i, size in enumerate(sizes):
        path = f"{host.dir}/www/{prefix}{i}"
        with open(path, "wb") as file:
            for start in range(0, size, 1 << 24):
                file.write(os.urandom(min(1 << 24, size - start)))
        os.utime(path, (past, past))


# What ManyFiles prints.
End = collections.namedtuple("End", "seconds from_supernode silence each")


class Swarm:
    """A source, a supernode and hosts, each with one JVM and a DistributionClient."""

    def __init__(self, lab, dist, count, options=""):
        self.source, self.node, self.hosts = origin(lab), supernode(lab, options), []
        program = pathlib.Path(__file__).with_name("ManyFiles.java")
        sh(f"javac -d {lab.dir}/classes -cp '{dist}/lib/*' {program}")
        java = f"java {PEER.format(dist)} -cp '{lab.dir}/classes:{dist}/lib/*' ManyFiles http://{self.source.ip}"
        for i in range(count):
            host = lab.host(f"host{i}", 10 + i)
            self.hosts.append((host, host.start(f"{java} {self.node.ip} {host.ip} {host.dir}", pipe=True)))

    def fetch(self, prefix, files, kib):
        """Publishes new files, lets all begin, and returns how long each took, and the bytes that left the supernode's cache."""
        publish(self.source, prefix, files * [kib << 10])
        ends = self.run([(prefix, files) for _ in self.hosts])
        return [end.seconds for end in ends], sum(end.from_supernode for end in ends)

    def run(self, orders):
        """Lets each host fetch the files of its order, a prefix and a number; returns an End for each."""
        for (_, process), (prefix, files) in zip(self.hosts, orders):
            process.stdin.write(f"{prefix} {files}\n")
            process.stdin.flush()
        return [end(host, process.stdout.readline()) for host, process in self.hosts]


def end(host, line):
    if not line:
        raise SystemExit(f"{host.name} has ended:\n" + pathlib.Path(host.dir, "out.log").read_text()[-3000:])
    seconds, from_supernode, silence, *each = line.split()
    return End(float(seconds), int(from_supernode), float(silence), [float(one) for one in each])


def check(args):
    """Ends the program before anything is built if there is no distribution, or the rate is none; makes the path absolute."""
    args.dist = os.path.abspath(args.dist)
    if not os.access(f"{args.dist}/bin/supernode", os.X_OK):
        raise SystemExit(f"--dist: {args.dist} is no distribution, it has no bin/supernode")
    bits_per_second(args.rate)


def bits_per_second(rate):
    """Returns what a rate such as 100mbit means."""
    parts = re.fullmatch(r"([\d.]+)([kmg])bit", rate)
    if not parts:
        raise SystemExit(f"--rate: '{rate}' is no rate such as 100mbit")
    return float(parts[1]) * {"k": 1e3, "m": 1e6, "g": 1e9}[parts[2]]
