#!/usr/bin/env python3
"""Runs scenarios: what a user types, and what the user must then see. Real program, real containers.

usage: run.py --program PATH [--engine embedded|docker] [--only SUBSTRING] [--jobs N] [--keep]

A scenario is a folder below cases/ with a file `scenario` beside its Compose files. Lines of `scenario`:

  # text                 the intent; a comment
  $ COMMAND              runs it with bash in the folder (a fresh copy); `tutti` is the program; must exit with 0 unless …
    = N | = any          … this exit status is expected
    out: TEXT            standard output has TEXT            out! TEXT   has it not         out~ REGEX  matches (multi-line)
    err: TEXT  err! TEXT  err~ REGEX                         standard error likewise
    save NAME            keeps standard output               same NAME   equals what was kept      differs NAME
  eventually COMMAND     the same, tried again until its expectations hold (20 s at most)

$PROJECT is a name of the scenario's own, and COMPOSE_PROJECT_NAME. When it ends everything of it is taken down, and nothing may be left:
processes, mounts, links and files are counted before and after. The embedded engine runs in a network namespace of the run's own.
"""
import argparse, concurrent.futures, os, pathlib, re, shutil, subprocess, sys, tempfile, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True
from images import image_archive, own_network  # noqa: E402
from steps import faults, parse, shell  # noqa: E402


class Run:
    def __init__(self, args):
        self.args = args
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='tutti-scenarios-'))
        bin = self.top / 'bin'
        bin.mkdir()
        program = str(pathlib.Path(args.program).resolve())
        (bin / 'tutti').write_text(f'#!/bin/sh\nexec {program} --engine {args.engine} "$@"\n')
        (bin / 'tutti').chmod(0o755)
        self.env = {'PATH': f'{bin}:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': str(self.top / 'home'), 'LANG': 'C.UTF-8',
                    'TUTTI_ROOT': str(self.top / 'root'), 'TUTTI_RUN': str(self.top / 'run')}
        (self.top / 'home').mkdir()
        if args.engine == 'docker':
            self.env['DOCKER_HOST'] = os.environ.get('DOCKER_HOST', 'unix:///var/run/docker.sock')

    def prepare(self):
        archive = self.top / 'image.tar'
        image_archive(archive)
        code, out, err = shell(f'tutti image load -i {archive}', self.top, self.env)
        if code != 0:
            raise SystemExit(f'the image of the scenarios cannot be loaded: {out}{err}')
        # The default network stays from its first use on, as docker0 does: it is no leftover of a scenario.
        file = "services: {one: {image: busybox, command: 'true', network_mode: bridge}}"
        code, out, err = shell(f'echo "{file}" | tutti -p first -f - run --rm -T one && tutti -p first down', self.top, self.env)
        if code != 0:
            raise SystemExit(f'a first container does not run: {out}{err}')

    def scenario(self, folder):
        name = 's' + re.sub('[^a-z0-9]', '', folder.name)[:20] + str(os.getpid() % 10000)
        work = self.top / 'work' / folder.name
        shutil.copytree(folder, work)
        env = dict(self.env, PROJECT=name, COMPOSE_PROJECT_NAME=name)
        kept, told = {}, []
        try:
            for step in parse(folder / 'scenario'):
                until = time.monotonic() + (20 if step['again'] else 0)
                while True:
                    result = shell(step['command'], work, env)
                    wrong = faults(step['checks'], result, kept)
                    if not wrong or time.monotonic() > until:
                        break
                    time.sleep(0.1)
                if wrong:
                    told = [f'line {step["line"]}: {step["command"]}'] + [f'  {w}' for w in wrong]
                    told += [f'  out| {l}' for l in result[1].splitlines()[-25:]] + [f'  err| {l}' for l in result[2].splitlines()[-25:]]
                    break
        finally:
            files = ' '.join(f'-f {f.name}' for f in sorted(work.glob('*compose*.y*ml'))[:1])
            shell(f'tutti {files} --profile "*" down -v --remove-orphans -t 0; tutti -p {name} down -v --remove-orphans -t 0', work, env)
        return folder.name, told

    def inventory(self):
        mine = str(self.top)
        processes = []
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                if mine in pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().decode('utf-8', 'replace') and int(pid) != os.getpid():
                    processes.append(pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().replace(b'\0', b' ').decode('utf-8', 'replace'))
            except OSError:
                pass
        mounts = [l.split()[4] for l in open('/proc/self/mountinfo') if mine in l]
        links = sorted(os.listdir('/sys/class/net')) if self.args.engine == 'embedded' else []
        containers = os.listdir(self.top / 'root/containers') if (self.top / 'root/containers').exists() else []
        return {'processes': processes, 'mounts': mounts, 'links': links, 'containers': containers}

    def close(self):
        if not self.args.keep:
            shutil.rmtree(self.top, ignore_errors=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--program', required=True)
    ap.add_argument('--engine', default='embedded')
    ap.add_argument('--only', default='')
    ap.add_argument('--jobs', type=int, default=2)
    ap.add_argument('--keep', action='store_true')
    ap.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    args = ap.parse_args()
    if args.engine == 'embedded' and not args.inside:
        os.execvp('unshare', ['unshare', '--net', '--mount', sys.executable, *sys.argv, '--inside'])
    if args.inside:
        own_network()
    run = Run(args)
    try:
        run.prepare()
        before = run.inventory()
        folders = sorted(f.parent for f in (HERE / 'cases').glob('*/scenario') if args.only in str(f))
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            results = list(pool.map(run.scenario, folders))
        until = time.monotonic() + 15  # supervisors leave by themselves once nothing of their project is left
        left = lambda: {key: extra for key, now in run.inventory().items() if (extra := [x for x in now if x not in before[key]])}
        while (leftovers := left()) and time.monotonic() < until:
            time.sleep(0.1)
        failed = [(n, told) for n, told in results if told]
        for name, told in failed:
            print(f'FAIL {name}')
            print('\n'.join(f'     {line}' for line in told))
        if leftovers:
            failed.append(('leftovers', []))
            print('FAIL something is left behind:')
            for key, extra in leftovers.items():
                print(f'     {key}: {extra}')
        print(f'{len(results) - len([f for f in failed if f[0] != "leftovers"])} passed, {len(failed)} failed')
        return 1 if failed or not results else 0
    finally:
        run.close()


sys.exit(main())
