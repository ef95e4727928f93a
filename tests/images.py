"""What the runs on real containers share: an image out of busybox alone, and a network namespace of their own."""
import hashlib, io, json, os, pathlib, subprocess, tarfile, tempfile


def image_archive(path):
    """A Docker archive of one image out of busybox alone, under the names that the scenarios use."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode='w') as tar:
        def add(name, kind=tarfile.DIRTYPE, data=b'', mode=0o755, link=''):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.size, info.linkname, info.mtime = kind, mode, len(data), link, 1_700_000_000
            tar.addfile(info, io.BytesIO(data))
        for folder in ('bin', 'etc', 'tmp', 'root', 'var', 'home', 'srv', 'data'):
            add(folder, mode=0o1777 if folder == 'tmp' else 0o755)
        add('bin/busybox', tarfile.REGTYPE, pathlib.Path('/bin/busybox').read_bytes())
        for applet in subprocess.run(['/bin/busybox', '--list'], capture_output=True, text=True).stdout.split():
            if applet != 'busybox':
                add(f'bin/{applet}', tarfile.SYMTYPE, mode=0o777, link='busybox')
        add('etc/passwd', tarfile.REGTYPE, b'root:x:0:0:root:/root:/bin/sh\nweb:x:101:102:web:/home:/bin/sh\n', 0o644)
        add('etc/group', tarfile.REGTYPE, b'root:x:0:\nweb:x:102:\n', 0o644)
        add('data/seed', tarfile.REGTYPE, b'from the image\n', 0o644)
    body = layer.getvalue()
    diff = hashlib.sha256(body).hexdigest()
    config = json.dumps({
        'architecture': {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(os.uname().machine, os.uname().machine), 'os': 'linux',
        'created': '2026-01-01T00:00:00Z',
        'config': {'Env': ['PATH=/bin', 'FROM_IMAGE=yes'], 'Cmd': ['sh']},
        'rootfs': {'type': 'layers', 'diff_ids': [f'sha256:{diff}']}, 'history': [{'created_by': 'busybox'}]}).encode()
    name = hashlib.sha256(config).hexdigest()
    manifest = json.dumps([{'Config': f'{name}.json', 'RepoTags': ['alpine:latest', 'busybox:latest', 'nginx:alpine'],
                            'Layers': ['layer.tar']}]).encode()
    with tarfile.open(path, 'w') as tar:
        for file, data in ((f'{name}.json', config), ('layer.tar', body), ('manifest.json', manifest)):
            info = tarfile.TarInfo(file)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def own_network():
    """Of the namespace that we were started in: its loopback, and a sysfs that shows it."""
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    # A sysfs of this namespace, as its net/ follows the namespace of the mount; the cgroups below it come along.
    with tempfile.TemporaryDirectory() as aside:
        subprocess.run(f'mount --rbind /sys/fs/cgroup {aside} && mount -t sysfs sysfs /sys && '
                       f'mount --rbind {aside} /sys/fs/cgroup; umount -l {aside}', shell=True, check=False)
