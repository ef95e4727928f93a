#!/usr/bin/env python3
"""What goes wrong while tutti works, on the real program and real containers: it is killed at each step, its helpers are
killed, the disk is full, the registry lies. Afterwards the next command must do its work, and once all is taken down the
inventory (processes, mounts, links, rules, cgroups, files) must be what it was.

usage: run.py --program PATH [--only SUBSTRING] [--cycles N] [--steps N]

Kills come from strace, which sends SIGKILL at the N-th call of a kind in any process of ours: no hook in the program. Needs
root, busybox-static, strace; runs in a network and mount namespace of its own.
"""
import argparse, hashlib, http.server, json, os, pathlib, shutil, signal, subprocess, sys, tempfile, threading, time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True
import images  # noqa: E402

COMPOSE = '''
services:
  one:
    image: busybox
    command: sleep 1000
    stop_grace_period: 1s
    ports: ["127.0.0.1::80"]
    volumes: ["data:/data"]
    healthcheck: {test: "true", interval: 1s}
  two: {image: busybox, command: sleep 1000, depends_on: [one], restart: always}
volumes: {data: {}}
'''
# Where a start, an end or a record can be cut off.
KINDS = {'records': 'rename,renameat,renameat2', 'folders': 'mkdir,mkdirat', 'links': 'symlink,link',
         'messages': 'sendmsg,sendto', 'processes': 'clone,clone3,execve,execveat', 'mounts': 'move_mount,fsmount,open_tree',
         'namespaces': 'setns,unshare,pivot_root', 'removal': 'unlink,unlinkat,rmdir'}


class World:
    def __init__(self, args):
        self.args = args
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='tutti-faults-'))
        self.program = str(pathlib.Path(args.program).resolve())
        self.env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'HOME': str(self.top / 'home'), 'LANG': 'C.UTF-8',
                    'TUTTI_ROOT': str(self.top / 'root'), 'TUTTI_RUN': str(self.top / 'run'), 'COMPOSE_PROGRESS': 'quiet'}
        (self.top / 'home').mkdir()
        self.file = self.top / 'compose.yaml'
        self.file.write_text(COMPOSE)

    def tutti(self, *words, env=None, before=(), timeout=60):
        command = [*before, self.program, '--engine', 'embedded', *words]
        p = subprocess.Popen(command, cwd=self.top, env=env or self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            out, err = p.communicate()
            return 124, out.decode(errors='replace'), err.decode(errors='replace') + '(timed out)'
        return p.returncode, out.decode(errors='replace'), err.decode(errors='replace')

    def must(self, *words, **more):
        code, out, err = self.tutti(*words, **more)
        if code != 0:
            raise AssertionError(f'{" ".join(words)}: status {code}: {out}{err}')
        return out

    def project(self, *words):
        return ('-p', 'faults', '-f', str(self.file), *words)

    def processes(self):
        found = {}
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                line = pathlib.Path(f'/proc/{pid}/cmdline').read_bytes().replace(b'\0', b' ').decode(errors='replace')
                mine = str(self.top) in line or (line.startswith('tutti-shim') and str(self.top) in os.readlink(f'/proc/{pid}/root/..')) \
                    or (line.startswith('tutti-shim') and line.split()[2] in self.ids())
            except (OSError, IndexError):
                continue
            if mine and int(pid) != os.getpid() and 'tests/faults' not in line and 'strace' not in line:
                found[int(pid)] = line
        return found

    def ids(self):
        found = set()
        for folder in ('root/containers', 'run/containers'):
            if (self.top / folder).exists():
                found |= {name.removeprefix('.gone-').removeprefix('.new-') for name in os.listdir(self.top / folder)}
        return found

    def inventory(self):
        def lines(*command):
            return sorted(subprocess.run(command, capture_output=True, text=True).stdout.splitlines())
        files = []
        for folder in ('root', 'run'):
            for path, folders, names in os.walk(self.top / folder):
                files += [str(pathlib.Path(path, n).relative_to(self.top)) for n in names + folders]
        lasting = ('run/events', 'root/cache', 'run/locks', 'root/locks', 'root/places')  # logs, caches and lock files stay
        cgroups = []
        for path, folders, _ in os.walk('/sys/fs/cgroup'):
            cgroups += [f'{path}/{f}' for f in folders if '/tutti' in path and f in self.seen]
            if path.count('/') > 5:
                folders.clear()
        return {'processes': sorted(self.processes().values()), 'cgroups': cgroups,
                'mounts': [l for l in open('/proc/self/mountinfo').read().splitlines() if str(self.top) in l.split()[4]],
                'links': [l.split()[1].split('@')[0] for l in lines('ip', '-o', 'link')],
                'rules': lines('nft', 'list', 'ruleset'),
                'files': sorted(f for f in files if not f.startswith(lasting))}

    seen = set()

    def same_as(self, before):
        """What is there that was not, once the supervisors had the time to leave."""
        until = time.monotonic() + 20
        while True:
            now = self.inventory()
            extra = {k: [x for x in v if x not in before[k]] for k, v in now.items()}
            extra = {k: v for k, v in extra.items() if v}
            if not extra or time.monotonic() > until:
                return extra
            time.sleep(0.1)

    def settled(self, before):
        extra = self.same_as(before)
        if extra:
            raise AssertionError('left behind: ' + json.dumps(extra, indent=1)[:3000])

    def close(self):
        shutil.rmtree(self.top, ignore_errors=True)


def killed_at(world, kind, number, words):
    """True: the command was cut off there."""
    calls = KINDS[kind]
    log = world.top / 'strace'
    tracer = subprocess.Popen(['strace', '-f', '-qq', '-o', log, '-e', f'trace={calls}', '-e', f'inject={calls}:signal=KILL:when={number}',
                               world.program, '--engine', 'embedded', *words], cwd=world.top, env=world.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + 20
    main = None
    while time.monotonic() < until and tracer.poll() is None:  # until our program is gone; strace stays with the shims
        children = subprocess.run(['pgrep', '-P', str(tracer.pid)], capture_output=True, text=True).stdout.split()
        main = main or (children[0] if children else None)
        if main and not pathlib.Path(f'/proc/{main}').exists():
            break
        time.sleep(0.01)
    tracer.send_signal(signal.SIGTERM)
    try:
        tracer.wait(10)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()
    return 'killed by SIGKILL' in log.read_text(errors='replace')


def kills(world, words, prepare, kind):
    before = world.inventory()
    for number in range(1, world.args.steps + 1):
        prepare()
        world.seen |= world.ids()
        cut = killed_at(world, kind, number, words)
        world.seen |= world.ids()
        world.must(*world.project('up', '-d'))
        states = world.must(*world.project('ps', '--format', '{{.State}}')).split()
        assert states == ['running', 'running'], f'after a kill at {kind} {number}: {states}'
        world.seen |= world.ids()
        world.must(*world.project('down', '-t', '0', '-v'))
        world.settled(before)
        if not cut:
            return


def up_killed(world):
    for kind in KINDS:
        kills(world, world.project('up', '-d'), lambda: None, kind)


def down_killed(world):
    for kind in ('records', 'messages', 'removal'):
        kills(world, world.project('down', '-t', '0', '-v'), lambda: world.must(*world.project('up', '-d')), kind)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:  # it has just left by itself
        pass


def helpers_killed(world):
    before = world.inventory()
    world.must(*world.project('up', '-d'))
    world.seen |= world.ids()
    for _ in range(5):
        for pid, line in world.processes().items():
            if 'supervise' in line:
                kill(pid)
        assert world.must(*world.project('exec', '-T', 'one', 'echo', 'alive')) == 'alive\n'
    for pid, line in world.processes().items():
        if line.startswith('tutti-shim'):
            kill(pid)
    world.must(*world.project('up', '-d'))
    world.must(*world.project('down', '-t', '0', '-v'))
    world.settled(before)


def cycles(world):
    before = world.inventory()
    for _ in range(world.args.cycles):
        world.must(*world.project('up', '-d'))
        world.seen |= world.ids()
        world.must(*world.project('down', '-t', '0', '-v'))
    world.settled(before)


def disk_full(world):
    small = world.top / 'small'
    small.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=12m', 'none', small], check=True)
    env = dict(world.env, TUTTI_ROOT=str(small / 'root'))
    try:
        world.must('image', 'load', '-i', str(world.archive), env=env)
        filler = open(small / 'filler', 'wb')
        try:
            while True:
                filler.write(b'x' * 65536)
                filler.flush()
        except OSError:
            pass
        code, out, err = world.tutti(*world.project('up', '-d'), env=env)
        assert code != 0 and 'No space left on device' in err, (code, out, err)
        try:
            filler.close()
        except OSError:
            pass
        os.remove(small / 'filler')
        world.must(*world.project('up', '-d'), env=env)
        world.must(*world.project('down', '-t', '0', '-v'), env=env)
        left = [n for n in os.listdir(small / 'root/containers')]
        assert not left, left
        # An image that does not fit is not half there.
        with open(small / 'filler', 'wb') as filler:
            filler.write(b'x' * (9 << 20))
        world.must('image', 'rm', 'busybox', 'alpine', 'nginx:alpine', env=env)
        code, out, err = world.tutti('image', 'load', '-i', str(world.archive), env=env)
        if code != 0:
            assert 'No space left on device' in err, err
            assert 'busybox' not in world.must('image', 'ls', env=env)
    finally:
        subprocess.run(['umount', '-l', small], check=True)
        small.rmdir()


def lying_registry(world):
    layer = b'no archive at all'
    config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'config': {}, 'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(layer).hexdigest()]}}).encode()
    digest = lambda data: 'sha256:' + hashlib.sha256(data).hexdigest()
    manifest = json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
                           'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': digest(config), 'size': len(config)},
                           'layers': [{'mediaType': 'application/vnd.oci.image.layer.v1.tar', 'digest': digest(layer), 'size': len(layer)}]}).encode()
    lie = {'kind': ''}

    class Registry(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_GET(self):
            body, kind = b'', 'application/octet-stream'
            if '/manifests/' in self.path:
                body, kind = manifest, 'application/vnd.oci.image.manifest.v1+json'
            elif self.path.endswith(digest(config)):
                body = config
            elif self.path.endswith(digest(layer)):
                body = {'other': b'something else...', 'short': layer}.get(lie['kind'], layer)
            if lie['kind'] == 'error' and '/blobs/' in self.path:
                self.send_response(500)
                self.send_header('Content-Length', '0')
                self.end_headers()
                return
            self.send_response(200)
            self.send_header('Content-Type', kind)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            if lie['kind'] == 'short' and self.path.endswith(digest(layer)):
                self.wfile.write(body[:5])
                self.close_connection = True
                return
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Registry)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reference = f'127.0.0.1:{server.server_port}/liar'
    before = world.inventory()
    for kind, said in (('other', ''), ('short', ''), ('error', '500'), ('', 'damaged archive')):
        lie['kind'] = kind
        code, out, err = world.tutti('image', 'pull', reference, timeout=120)
        assert code != 0 and said in err and len(err.splitlines()) < 12, (kind, code, out, err)
        extra = {k: v for k, v in world.same_as(before).items()}
        assert not extra, (kind, extra)
    server.shutdown()


CASES = [cycles, helpers_killed, up_killed, down_killed, disk_full, lying_registry]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('--program', required=True)
    ap.add_argument('--only', default='')
    ap.add_argument('--cycles', type=int, default=200)
    ap.add_argument('--steps', type=int, default=12, help='kills of each kind')
    ap.add_argument('--inside', action='store_true', help=argparse.SUPPRESS)
    args = ap.parse_args()
    if not args.inside:
        os.execvp('unshare', ['unshare', '--net', '--mount', sys.executable, *sys.argv, '--inside'])
    images.own_network()
    world = World(args)
    failed = 0
    try:
        world.archive = world.top / 'image.tar'
        images.image_archive(world.archive)
        world.must('image', 'load', '-i', str(world.archive))
        world.must(*world.project('up', '-d'))  # what stays from the first use on is no leftover
        world.must(*world.project('down', '-t', '0', '-v'))
        for case in CASES:
            if args.only not in case.__name__:
                continue
            start = time.monotonic()
            try:
                case(world)
                print(f'ok   {case.__name__} ({time.monotonic() - start:.0f} s)', flush=True)
            except AssertionError as error:
                failed += 1
                print(f'FAIL {case.__name__}: {error}', flush=True)
                world.tutti(*world.project('down', '-t', '0', '-v', '--remove-orphans'))
        return 1 if failed else 0
    finally:
        world.close()


sys.exit(main())
