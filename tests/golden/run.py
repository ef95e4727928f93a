#!/usr/bin/env python3
"""Runs the real program over folders of Compose files and compares it with what Docker Compose v5.5.0 answered.

usage: run.py --program PATH [--only TEXT] [--show N] [--jobs N]

A case is a folder config/AREA/NAME:
  in/            the files; the program runs in a fresh copy of them
  run            one invocation a line, shell-quoted, without the program's name; '#' starts a comment line
  env            KEY=VALUE lines, @ROOT@ standing for the working folder; otherwise only PATH and HOME are set (optional)
  stdin, cwd     what is read on standard input; the folder below in/ to run from (optional)
  expect/K.out   standard output of the K-th invocation, the working folder written /ROOT, the home folder /HOME
  expect/K.err   standard error, for people to read: ours says more and is not compared
  expect/K.code  exit status; an absent file means 0 or nothing

An answer can differ in `code` (one succeeds, the other fails), in `data` (parsed values) or in `bytes` only. Differences that are
meant stand in differences.txt, one a line: level, AREA/NAME, K or *, the reason. One that is no more is a failure, too.
"""
import argparse
import concurrent.futures
import difflib
import fcntl
import hashlib
import json
import pathlib
import shlex
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
# Some config hashes contain absolute paths, so an invocation must run in the folder that its answer was recorded in.
WORK = pathlib.Path('/tmp/oracle')
LEVELS = ('code', 'data', 'bytes')
# Compose prints these lines in random order.
LISTINGS = ('--services', '--hash', '--images', '--profiles', '--volumes', '--networks', '--models', '--environment', '--variables')


def read(path):
    return path.read_text() if path.exists() else ''


def load_yaml(text):
    import yaml

    class Loader(yaml.SafeLoader):
        pass
    Loader.yaml_implicit_resolvers = {key: [(tag, rule) for tag, rule in rules if tag != 'tag:yaml.org,2002:timestamp']
                                      for key, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()}
    return yaml.load(text, Loader)


def meaning(text, is_listing):
    try:
        return json.loads(text)
    except ValueError:
        pass
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if is_listing:
        return sorted(lines)
    try:
        value = load_yaml(text)
        if isinstance(value, dict):
            return value
    except Exception:  # not YAML: plain text
        pass
    return lines


class Invocation:
    def __init__(self, case, number, args):
        self.case, self.number, self.args = case, number, args
        self.name = f'{case.parent.name}/{case.name}'
        expect = case / 'expect'
        self.want_code = int(read(expect / f'{number}.code') or 0)
        self.want = read(expect / f'{number}.out')

    def environment(self, root, home):
        env = {'PATH': '/usr/bin:/bin', 'HOME': str(home)}
        for line in read(self.case / 'env').splitlines():
            if line.strip() and not line.startswith('#'):
                key, _, value = line.partition('=')
                env[key] = value.replace('@ROOT@', str(root))
        return env

    def run(self, program):
        top = WORK / hashlib.sha256(f'{self.name} {self.number}'.encode()).hexdigest()[:12]
        WORK.mkdir(parents=True, exist_ok=True)
        with open(f'{top}.lock', 'w') as lock:  # another run of the suite may be at work
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(top, ignore_errors=True)
            try:
                self.run_in(program, top / 'project', top / 'home')
            finally:
                shutil.rmtree(top, ignore_errors=True)

    def run_in(self, program, root, home):
        home.mkdir(parents=True)
        if (self.case / 'in').exists():
            shutil.copytree(self.case / 'in', root, symlinks=True)
        else:
            root.mkdir()
        stdin = (self.case / 'stdin').read_bytes() if (self.case / 'stdin').exists() else b''
        args = [arg.replace('@ROOT@', str(root)) for arg in self.args]
        try:
            done = subprocess.run([program, *args], cwd=root / read(self.case / 'cwd').strip(), env=self.environment(root, home),
                                  input=stdin, capture_output=True, timeout=60)
            self.code, out, self.err = done.returncode, done.stdout, done.stderr.decode('utf-8', 'replace')
        except subprocess.TimeoutExpired:
            self.code, out, self.err = 124, b'', 'timed out'
        self.out = out.decode('utf-8', 'replace').replace(str(root), '/ROOT').replace(str(home), '/HOME')

    def difference(self):
        """None, or the level at which the answers part."""
        if self.code < 0 or self.code == 124 or (self.code == 0) != (self.want_code == 0):
            return 'code'
        is_listing = any(arg in LISTINGS for arg in self.args)
        lines = (lambda text: sorted(text.splitlines())) if is_listing else (lambda text: text)
        if self.want_code != 0 or lines(self.out) == lines(self.want):
            return None
        return 'bytes' if meaning(self.out, is_listing) == meaning(self.want, is_listing) else 'data'

    def show(self):
        print(''.join(line if line.endswith('\n') else line + '\n' for line in difflib.unified_diff(
            self.want.splitlines(True), self.out.splitlines(True), 'expected', 'got', n=2)), end='')
        print('   exit', self.code, 'wanted', self.want_code, '; standard error:', self.err.strip()[:600])


def known_differences():
    known = {}
    for line in read(HERE / 'differences.txt').splitlines():
        if line.strip() and not line.startswith('#'):
            level, name, number, _reason = line.split(None, 3)
            known[name, number] = level
    return known


def invocations(only):
    for run in sorted(HERE.glob('config/*/*/run')):
        case = run.parent
        if only in f'{case.parent.name}/{case.name}/':
            lines = [line for line in run.read_text().splitlines() if line.strip() and not line.startswith('#')]
            for number, line in enumerate(lines, 1):
                yield Invocation(case, number, shlex.split(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', required=True)
    parser.add_argument('--only', default='', help='cases whose AREA/NAME/ contains this')
    parser.add_argument('--show', type=int, default=0, help='print the first N differences in full')
    parser.add_argument('--jobs', type=int, default=2)
    args = parser.parse_args()
    program = str(pathlib.Path(args.program).resolve())
    todo = list(invocations(args.only))
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        list(pool.map(lambda invocation: invocation.run(program), todo))

    known, used, failures = known_differences(), set(), 0
    agree = dict.fromkeys(LEVELS, 0)
    for invocation in todo:
        level = invocation.difference()
        for agreed in LEVELS[:LEVELS.index(level)] if level else LEVELS:
            agree[agreed] += 1
        if level is None:
            continue
        keys = [(invocation.name, str(invocation.number)), (invocation.name, '*')]
        meant = [key for key in keys if known.get(key) == level]
        used.update(meant)
        if meant:
            continue
        failures += 1
        print(f'{level:5} {invocation.name} {invocation.number}: {shlex.join(invocation.args)}')
        if failures <= args.show:
            invocation.show()
    for key in [] if args.only else sorted(set(known) - used):
        failures += 1
        print(f'no difference any more: {known[key]} {" ".join(key)}')
    print(f'{len(todo)} invocations: ' + ', '.join(f'{level} {agree[level]} ({agree[level] * 100 / max(len(todo), 1):.1f} %)'
                                                  for level in LEVELS) + f', {failures} failures')
    return 1 if failures or not todo else 0


sys.exit(main())
