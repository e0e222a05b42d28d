"""Hosts for measurements: network namespaces with one address and a shaped link each. Needs root and iproute2."""
import json, os, shutil, signal, subprocess, tempfile, time

SUBNET = "10.98.0"


def sh(command, check=True):
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if check and done.returncode:
        raise SystemExit(f"failed: {command}\n{done.stdout}")
    return done.stdout


class Lab:
    def __init__(self, args):
        self.args, self.prefix = args, args.prefix
        self.dir = tempfile.mkdtemp(prefix="dragonfly-measure-")
        self.started, self.spaces = [], []
        self.switch = f"{self.prefix}-sw"
        sh(f"ip netns add {self.switch}; ip -n {self.switch} link add br0 type bridge; ip -n {self.switch} link set br0 up")
        self.spaces.append(self.switch)

    def host(self, name, number, rate=None):
        """Makes a host; its link has another rate than the others' if one is given."""
        rate = rate or self.args.rate
        space, near, far = f"{self.prefix}-{name}", f"{self.prefix}{number}h", f"{self.prefix}{number}s"
        sh(f"ip netns add {space}; ip link add {near} netns {space} type veth peer name {far} netns {self.switch}")
        self.spaces.append(space)
        sh(f"ip -n {space} addr add {SUBNET}.{number}/24 dev {near}; ip -n {space} link set {near} up; ip -n {space} link set lo up")
        sh(f"ip -n {self.switch} link set {far} master br0; ip -n {self.switch} link set {far} up")
        if rate != "none":
            for where, device in ((space, near), (self.switch, far)):
                sh(f"ip netns exec {where} tc qdisc add dev {device} root tbf rate {rate} burst 128kb latency 100ms")
        return Host(self, space, f"{SUBNET}.{number}", name)

    def close(self):
        for process in self.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        for space in reversed(self.spaces):
            sh(f"ip netns del {space}", check=False)
        shutil.rmtree(self.dir, ignore_errors=True)


class Host:
    def __init__(self, lab, space, ip, name):
        self.lab, self.space, self.ip, self.name = lab, space, ip, name
        self.dir = os.path.join(lab.dir, name)
        os.makedirs(self.dir)

    def start(self, command, log="out.log", pipe=False):
        """Starts a command; with a pipe for lines in and out, or without input and all that it says in a log."""
        out = open(os.path.join(self.dir, log), "ab")
        process = subprocess.Popen(["ip", "netns", "exec", self.space, "sh", "-c", "exec " + command], cwd=self.dir, start_new_session=True,
                                   stdin=subprocess.PIPE if pipe else subprocess.DEVNULL, stdout=subprocess.PIPE if pipe else out, stderr=out, text=True)
        self.lab.started.append(process)
        return process

    def await_line(self, text, log="out.log", seconds=60):
        end = time.time() + seconds
        while text not in open(os.path.join(self.dir, log)).read():
            if time.time() > end:
                raise SystemExit(f"no '{text}' in {self.dir}/{log}:\n" + open(os.path.join(self.dir, log)).read())
            time.sleep(0.05)

    def sent(self):
        links = json.loads(sh(f"ip -n {self.space} -j -s link show type veth"))
        return sum(link["stats64"]["tx"]["bytes"] for link in links if link)


def supernode(lab, options="", rate=None):
    host = lab.host("supernode", 2, rate)
    host.start(f"{lab.args.dist}/bin/supernode --home-dir {host.dir}/home --advertise-ip {host.ip} {options}")
    host.await_line("supernode ready")
    return host
