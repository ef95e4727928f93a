#!/usr/bin/env python3
"""Holds `config` against rules that are true of every Compose file, over the golden folders and over made-up services.

usage: run.py --program PATH

  fixed point   what `config` printed for made-up services is read as itself: `config` of it prints the same bytes (so several
                files are one); what it printed for the golden folders, odd ones among them, settles when it is read twice
  spellings     the list and the mapping form of a field, the short and the long form of a part, mean the same
  hash          `config --hash` changes when a field of the service changes, and does not when the field is none of the container's
"""
import argparse, concurrent.futures, json, os, pathlib, shlex, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / 'golden/config'
# Flags whose output is no project that could be read again.
NOT_A_PROJECT = ('--no-', '--format', '--services', '--volumes', '--networks', '--models', '--profiles', '--images', '--variables',
                 '--environment', '--hash', '-q', '--quiet', '-o', '--output', '--explain', '--lock', '--resolve', '--help')
ENV = {'PATH': '/usr/bin:/bin', 'HOME': '/nonexistent'}

# Keys are printed with their dollars doubled, as Compose does, and read without undoubling.
NEVER_SETTLES = ('config-cli/dollar-and-html-in-output 1', 'interpolation/keys-are-not-interpolated 1',
                 'services-core/environment-interpolation-values-not-keys 1', 'services-core/extension-values-interpolated 1')

# What the two forms of a service are; each pair must give one answer.
SPELLINGS = [
    ({'environment': ['A=1', 'B=', 'C=x=y']}, {'environment': {'A': '1', 'B': '', 'C': 'x=y'}}),
    ({'labels': ['a=1', 'b']}, {'labels': {'a': '1', 'b': ''}}),
    ({'annotations': ['a=1']}, {'annotations': {'a': '1'}}),
    ({'sysctls': ['net.core.somaxconn=1024']}, {'sysctls': {'net.core.somaxconn': 1024}}),
    ({'extra_hosts': ['h:1.2.3.4', 'i:5.6.7.8']}, {'extra_hosts': {'h': '1.2.3.4', 'i': '5.6.7.8'}}),
    ({'depends_on': ['other']}, {'depends_on': {'other': {'condition': 'service_started'}}}),
    ({'networks': ['n']}, {'networks': {'n': None}}),
    ({'build': '.'}, {'build': {'context': '.'}}),
    ({'build': {'context': '.', 'args': ['A=1']}}, {'build': {'context': '.', 'args': {'A': '1'}}}),
    ({'build': {'context': '.', 'labels': ['A=1']}}, {'build': {'context': '.', 'labels': {'A': '1'}}}),
    ({'command': 'echo "a b" c'}, {'command': ['echo', 'a b', 'c']}),
    ({'entrypoint': "sh -c 'exit 1'"}, {'entrypoint': ['sh', '-c', 'exit 1']}),
    ({'env_file': 'e'}, {'env_file': ['e']}),
    ({'env_file': 'e'}, {'env_file': [{'path': 'e', 'required': True}]}),
    ({'dns': '1.1.1.1'}, {'dns': ['1.1.1.1']}),
    ({'dns_search': 'a.example'}, {'dns_search': ['a.example']}),
    ({'tmpfs': '/run'}, {'tmpfs': ['/run']}),
    ({'ports': ['127.0.0.1:8080:80/udp']}, {'ports': [{'mode': 'ingress', 'host_ip': '127.0.0.1', 'target': 80, 'published': '8080', 'protocol': 'udp'}]}),
    ({'ports': ['80']}, {'ports': [80]}),
    ({'ports': ['8000-8001:80-81']}, {'ports': ['8000:80', '8001:81']}),
    ({'volumes': ['vol:/data:ro']}, {'volumes': [{'type': 'volume', 'source': 'vol', 'target': '/data', 'read_only': True, 'volume': {}}]}),
    ({'volumes': ['./d:/data']}, {'volumes': [{'type': 'bind', 'source': './d', 'target': '/data', 'bind': {'create_host_path': True}}]}),
    ({'configs': ['c']}, {'configs': [{'source': 'c'}]}),
    ({'secrets': ['s']}, {'secrets': [{'source': 's'}]}),
    ({'healthcheck': {'test': 'true'}}, {'healthcheck': {'test': ['CMD-SHELL', 'true']}}),
    ({'healthcheck': {'test': 'true', 'interval': '90s'}}, {'healthcheck': {'test': 'true', 'interval': '1m30s'}}),
    ({'ulimits': {'nofile': 100}}, {'ulimits': {'nofile': 100}}),
    ({'mem_limit': '64m'}, {'mem_limit': 67108864}),
    ({'shm_size': '1gb'}, {'shm_size': '1073741824'}),
    ({'stop_grace_period': '1m'}, {'stop_grace_period': '60s'}),
    ({'gpus': 'all'}, {'gpus': [{'count': -1}]}),
    ({'devices': ['/dev/null:/dev/n:r']}, {'devices': [{'source': '/dev/null', 'target': '/dev/n', 'permissions': 'r'}]}),
    ({'develop': {'watch': [{'path': './s', 'action': 'sync', 'target': '/t', 'ignore': ['a']}]}},
     {'develop': {'watch': [{'path': 's', 'action': 'sync', 'target': '/t', 'ignore': ['a']}]}}),
]
# Fields that make another container of a service, with a value that is no default, and a second one.
HASHED = {
    'command': ['true', 'false'], 'entrypoint': ['sh', 'ash'], 'environment': [{'A': '1'}, {'A': '2'}], 'labels': [{'a': '1'}, {'a': '2'}],
    'image': ['busybox:1', 'busybox:2'], 'user': ['1', '2'], 'working_dir': ['/a', '/b'], 'hostname': ['a', 'b'], 'domainname': ['a', 'b'],
    'privileged': [True], 'read_only': [True], 'tty': [True], 'stdin_open': [True], 'init': [True, False], 'restart': ['always', 'on-failure'],
    'cap_add': [['NET_ADMIN'], ['SYS_TIME']], 'cap_drop': [['ALL']], 'ports': [['80:80'], ['81:80']], 'expose': [['1'], ['2']],
    'volumes': [['vol:/a'], ['vol:/b']], 'tmpfs': ['/a', '/b'], 'networks': [['n'], {'n': {'aliases': ['x']}}], 'dns': ['1.1.1.1', '1.0.0.1'],
    'extra_hosts': [['a:1.1.1.1'], ['a:1.1.1.2']], 'mem_limit': ['64m', '65m'], 'cpus': [1, 0.5], 'pids_limit': [10, 11], 'shm_size': ['1m', '2m'],
    'stop_signal': ['INT', 'TERM'], 'stop_grace_period': ['1s', '2s'], 'sysctls': [{'a': 1}, {'a': 2}], 'ulimits': [{'nofile': 1}, {'nofile': 2}],
    'healthcheck': [{'test': 'true'}, {'test': 'false'}, {'disable': True}], 'logging': [{'driver': 'none'}, {'driver': 'local'}],
    'network_mode': ['none', 'host'], 'ipc': ['host', 'private'], 'pid': ['host'], 'security_opt': [['label:disable']], 'group_add': [[1], [2]],
    'configs': [['c']], 'secrets': [['s']], 'devices': [['/dev/null']], 'oom_score_adj': [1, 2], 'container_name': ['xx', 'yy'], 'annotations': [{'a': '1'}],
    'post_start': [[{'command': 'true'}]], 'runtime': ['runc'], 'platform': ['linux/amd64'], 'mac_address': ['02:42:ac:11:00:03'],
}
NOT_HASHED = {
    'build': ['.'], 'pull_policy': ['always', 'never'], 'depends_on': [['other'], {'other': {'condition': 'service_healthy'}}],
    'profiles': [['a']], 'scale': [2, 3], 'deploy': [{'replicas': 2}, {'replicas': 3}],
}


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, folder, *args, text=None):
        return subprocess.run([self.path, *args], cwd=folder, env=ENV, input=text, capture_output=True, text=True, timeout=60)


def printed_projects():
    for expected in sorted(GOLDEN.glob('*/*/expect/*.out')):
        case, number = expected.parents[1], int(expected.stem)
        lines = [line for line in (case / 'run').read_text().splitlines() if line.strip() and not line.startswith('#')]
        args = shlex.split(lines[number - 1])
        code = case / 'expect' / f'{number}.code'
        if 'config' not in args and 'convert' not in args or code.exists() or any(arg.startswith(NOT_A_PROJECT) for arg in args):
            continue
        text = expected.read_text()
        if text.startswith('name: '):
            yield f'{case.parent.name}/{case.name} {number}', text


def check_fixed_points(program, folder):
    def again(text):
        got = program.run(folder, '-f', '-', '--profile', '*', 'config', text=text)
        return got.stdout if got.returncode == 0 else None

    def settles(item):
        name, text = item
        second = again(text)
        # Compose prints things that it does not read (a tab at the start of a text, two equal hosts), and so do we.
        settled = second is None or again(second) == second
        return None if settled != (name in NEVER_SETTLES) else f'{name}: {"settles after all" if settled else "does not settle"}'

    def made_up(service):
        first = again(project(service))
        return None if first is not None and again(first) == first else f'{service}: read again it is another project'

    services = [service for pair in SPELLINGS for service in pair]
    services += [{key: value} for table in (HASHED, NOT_HASHED) for key, values in table.items() for value in values]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [*pool.map(settles, printed_projects()), *pool.map(made_up, services)]


def project(service):
    return json.dumps({'name': 'p', 'services': {'web': {'image': 'busybox', **service}, 'other': {'image': 'busybox'}}, 'networks': {'n': {}},
                       'volumes': {'v': {}, 'vol': {}}, 'configs': {'c': {'content': 'x'}}, 'secrets': {'s': {'environment': 'HOME'}}})


def check_spellings(program, folder):
    def answer(service):
        got = program.run(folder, '-f', '-', 'config', text=project(service))
        return got.stdout if got.returncode == 0 else f'refused: {got.stderr}'
    for one, other in SPELLINGS:
        a, b = answer(one), answer(other)
        yield None if a == b and not a.startswith('refused') else f'{one} and {other} differ:\n{a}---\n{b}'


def check_hashes(program, folder):
    def hash_of(service):
        got = program.run(folder, '-f', '-', '--profile', '*', 'config', '--hash', 'web', text=project(service))
        if got.returncode != 0:
            raise SystemExit(f'{service}: {got.stderr}')
        return got.stdout
    plain = hash_of({})
    for key, values in HASHED.items():
        hashes = [plain] + [hash_of({key: value}) for value in values]
        yield None if len(set(hashes)) == len(hashes) else f'{key}: another value, the same hash'
    for key, values in NOT_HASHED.items():
        same = hash_of({'deploy': {}}) if key == 'deploy' else plain
        yield None if {hash_of({key: value}) for value in values} == {same} else f'{key}: does not make another container, but another hash'


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    program = Program(os.path.abspath(parser.parse_args().program))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, 'e').write_text('A=1\n')
        for name, check in (('fixed point', check_fixed_points), ('spellings', check_spellings), ('hash', check_hashes)):
            results = list(check(program, folder))
            faults = [fault for fault in results if fault]
            failed += len(faults)
            for fault in faults:
                print(f'{name}: {fault}')
            print(f'{name}: {len(results) - len(faults)} of {len(results)}')
            if not results:
                failed += 1
    sys.exit(1 if failed else 0)


main()
