"""Many findings judged in one run beside one: what does each more cost?

`findings.py --flowproof target/release/flowproof [--records N] [--interfaces N] [--rounds N] [--publish]`

Made are a set of logs and findings about its interfaces: remotes, times and types differ. Answers are compared before
anything is timed: those of some findings in the run of all must be, byte for byte, what a run of each alone tells.
"""

import argparse
import copy
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pages

TYPES = [
    "UnauthorizedAccess:EC2/TorClient",
    "Backdoor:EC2/C&CActivity.B",
    "UnauthorizedAccess:EC2/SSHBruteForce",
    "Recon:EC2/Portscan",
]


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def described(interface):
    """An interface as findings have it."""
    own = {"PrivateIpAddress": interface["PrivateIpAddress"]}
    others = [address["Ipv6Address"] for address in interface.get("Ipv6Addresses", [])]
    return {
        "NetworkInterfaceId": interface["NetworkInterfaceId"],
        "PrivateIpAddresses": [own],
        "Ipv6Addresses": others,
        **own,
    }


def findings(folder, count, minutes):
    """As many findings, each about an interface of the set and some minutes of its time; all of it without `minutes`."""
    chance = random.Random(1)
    base = json.loads((folder / "finding.json").read_text())["Findings"][0]
    interfaces = json.loads((folder / "inventory.json").read_text())["NetworkInterfaces"]
    interfaces = [one for one in interfaces if one.get("Attachment", {}).get("InstanceId")]
    chance.shuffle(interfaces)
    by_instance = {}
    for interface in interfaces:
        by_instance.setdefault(interface["Attachment"]["InstanceId"], []).append(interface)
    service = base["Service"]
    first, last = (datetime.fromisoformat(service[name]) for name in ("EventFirstSeen", "EventLastSeen"))
    made = []
    for number in range(count):
        finding, interface = copy.deepcopy(base), interfaces[number % len(interfaces)]
        finding["Id"] = f"{number:032x}"
        finding["Type"] = TYPES[number % len(TYPES)]
        details = finding["Resource"]["InstanceDetails"]
        instance = interface["Attachment"]["InstanceId"]
        details["InstanceId"] = instance
        # A finding names all interfaces of its instance.
        details["NetworkInterfaces"] = [described(one) for one in by_instance[instance]]
        action = finding["Service"]["Action"]["NetworkConnectionAction"]
        action["RemoteIpDetails"]["IpAddressV4"] = f"203.0.113.{1 + number % 250}"
        begin, end = first, last + timedelta(seconds=number)
        if minutes:
            begin = first + (last - first) * chance.random()
            end = begin + timedelta(minutes=minutes)
        finding["Service"]["EventFirstSeen"] = stamp(begin)
        finding["Service"]["EventLastSeen"] = stamp(end)
        made.append(finding)
    return made


class Asked:
    """A set of logs, and the program that is asked about it."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def answer(self, some):
        """The answers of one run, a line each, and the CPU seconds and the peak memory that it took."""
        file, out = self.folder / "asked.json", self.folder / "answers.jsonl"
        file.write_text(json.dumps({"Findings": some}))
        logs = ["--logs", str(self.folder / "logs"), "--finding", str(file)]
        command = [self.program, "investigate", *logs, "--format", "jsonl", "--output", str(out), "-q"]
        environment = {**os.environ, "AWS_EC2_METADATA_DISABLED": "true"}
        process = subprocess.Popen(command, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
        if os.waitstatus_to_exitcode(status) != 0:
            raise SystemExit(f"ended with {os.waitstatus_to_exitcode(status)}: {' '.join(command)}")
        return out.read_text().splitlines(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def of_one_instance(folder, count):
    """As many findings about one instance in the same hours, each with a remote of its own."""
    made = []
    for number, finding in enumerate(findings(folder, 1, None) * count):
        finding = copy.deepcopy(finding)
        finding["Id"] = f"{number:032x}"
        finding["Type"] = TYPES[number % len(TYPES)]
        remote = finding["Service"]["Action"]["NetworkConnectionAction"]["RemoteIpDetails"]
        remote["IpAddressV4"] = f"203.0.113.{1 + number % 250}"
        made.append(finding)
    return made


def row(asked, name, many, whole, rounds):
    """`whole` is a finding about all of the time: what reading the logs once costs."""
    together, _, _ = asked.answer(many)
    assert len(together) == len(many), "an answer each"
    sampled = random.Random(2).sample(range(len(many)), 8)
    for number in sampled:
        alone, _, _ = asked.answer([many[number]])
        assert alone == [together[number]], f"finding {number} is answered differently alone"
    ones, alls, wholes, memory = [], [], [], 0
    for turn in range(rounds):
        ones.append(asked.answer([many[sampled[turn % len(sampled)]]])[1])
        wholes.append(asked.answer([whole])[1])
        _, cpu, peak = asked.answer(many)
        alls.append(cpu)
        memory = max(memory, peak)
    one, every, once = (statistics.median(times) for times in (ones, alls, wholes))
    each = (every - once) / (len(many) - 1) * 1000
    told = (
        f"| {len(many)} {name} | {one:.2f} | {once:.2f} | {every:.2f} | {every / one:.2f} | {every / once:.2f} | "
        f"{each:.1f} | {memory / 1e6:.0f} |"
    )
    print(told, flush=True)
    return told


def page(command, rows, records, interfaces):
    cpu = next(line for line in open("/proc/cpuinfo") if line.startswith("model name")).split(":")[1].strip()
    return "\n".join([
        "<!-- findings -->",
        "## Many findings",
        "",
        f"Made by `{command}` on {datetime.now():%Y-%m-%d}, {cpu}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}.",
        "",
        f"{records:,} records of {interfaces:,} interfaces in all formats; many findings in one run, beside one of them alone, and "
        "beside one about all of the time: one about ten minutes reads the objects of these, many read all. The answers of eight are, "
        "byte for byte, those of runs of their own. Medians; CPU in seconds; the bar of both ratios is 1.5.",
        "",
        "| findings | one | one of all the time | all | all / one | all / one of all the time | each more, ms | peak MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "<!-- /findings -->",
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flowproof", default="target/release/flowproof")
    parser.add_argument("--records", type=int, default=20_000_000)
    parser.add_argument("--interfaces", type=int, default=1000)
    parser.add_argument("--findings", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--set", help="a folder in which the set is kept")
    parser.add_argument("--publish", action="store_true")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.set or temporary)
        if not (folder / "finding.json").exists():
            size = ["--records", str(args.records), "--interfaces", str(args.interfaces)]
            subprocess.run([args.flowproof, "sample", "-q", *size, str(folder)], check=True, stdout=subprocess.DEVNULL)
        asked = Asked(args.flowproof, folder)
        whole = findings(folder, 1, None)[0]
        rows = [
            row(asked, "about ten minutes each", findings(folder, args.findings, 10), whole, args.rounds),
            row(asked, "of one instance", of_one_instance(folder, args.findings), whole, args.rounds),
            row(asked, "about all of the time", findings(folder, args.findings // 20, None), whole, args.rounds),
        ]
    command = f"python3 benches/compare/findings.py --records {args.records} --interfaces {args.interfaces}"
    text = page(command, rows, args.records, args.interfaces)
    print(text)
    if args.publish:
        pages.publish("findings", text)


if __name__ == "__main__":
    main()
