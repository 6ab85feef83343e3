#!/usr/bin/env python3
"""Carries out config/Dockerfile without Docker, so that its steps are tested where there is no Docker daemon.

image.py build DIRECTORY              all of it, in a Debian made by debootstrap; the image is in DIRECTORY/rootfs/image
image.py assemble BINARY DIRECTORY    only what comes after the build, for this binary; the image is in DIRECTORY/image

'build' needs root, Debian's debootstrap and some ten minutes; the Swift toolchain is lent to the chroot instead of being
part of it. It prints the files of the image and tries the binary in it.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
# The Debian packages that the Swift image has and a minimal Debian has not, as far as a build needs them.
TOOLCHAIN_NEEDS = "binutils,ca-certificates,git,gcc,libc6-dev,libcurl4,libedit2,libgcc-12-dev,libncurses6,libsqlite3-0,libstdc++-12-dev,libxml2,libz3-4,tzdata"


def instructions():
    """The stages of the Dockerfile: lists of (instruction, rest of the line)."""
    stages, line = [], ""
    for raw in (TOP / "config/Dockerfile").read_text().splitlines():
        if raw.lstrip().startswith("#") or (not raw.strip() and not line):
            continue
        line += raw.rstrip("\\") + " " if raw.endswith("\\") else raw
        if raw.endswith("\\"):
            continue
        word, rest = line.split(None, 1)
        if word == "FROM":
            stages.append([])
        if stages:
            stages[-1].append((word, rest.strip()))
        line = ""
    return stages


def run(*command, **options):
    print("+", *command, flush=True)
    subprocess.run(command, check=True, **options)


def copy(sources, target, root):
    for source in sources:
        source = TOP / source
        if source.is_dir():
            shutil.copytree(source, root / target.lstrip("/"), dirs_exist_ok=True)
        else:
            shutil.copy2(source, root / target.lstrip("/"))


def build(directory):
    root = directory / "rootfs"
    mirror = "http://deb.debian.org/debian"
    if not (root / "etc/debian_version").exists():
        run("debootstrap", "--variant=minbase", f"--include={TOOLCHAIN_NEEDS}", "bookworm", root, mirror)
    toolchain = pathlib.Path(shutil.which("swift")).resolve().parents[2]
    lent = [toolchain] + [path for path in map(pathlib.Path, ["/opt/swift-packages"]) if path.is_dir()]
    mounts = [("/proc", "proc"), ("/dev", "dev")] + [(str(path), str(path).lstrip("/")) for path in lent]
    for file in ["/etc/resolv.conf", "/etc/gitconfig"]:
        if os.path.exists(file):
            shutil.copy2(file, root / file.lstrip("/"))
    script = ["set -e"]
    for source, target in mounts:
        (root / target).mkdir(parents=True, exist_ok=True)
        script.append(f"mount --rbind {source} {root / target}")
    workdir = "/"
    for word, rest in instructions()[0]:
        if word == "WORKDIR":
            workdir = rest
            (root / workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "COPY":
            *sources, target = rest.split()
            copy(sources, os.path.join(workdir, target.removeprefix("./")), root)
        elif word == "RUN":
            # A mount namespace for each step: what is lent is gone when it ends, however it ends.
            step = f"exec chroot {root} /bin/sh -c 'cd {workdir} && eval \"$STEP\"'"
            path = f"{toolchain}/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            environment = {"PATH": path, "HOME": "/root", "STEP": rest, "DEBIAN_FRONTEND": "noninteractive"}
            print("RUN", rest, flush=True)
            run("unshare", "--mount", "--pid", "--fork", "/bin/sh", "-c", "\n".join(script + [step]), env=environment)
    return root / "image"


def assemble(binary, directory):
    """The steps after 'swift build', with the directory in place of / wherever they write or read what was built."""
    steps = [rest for word, rest in instructions()[0] if word == "RUN"]
    after = next(number for number, step in enumerate(steps) if step.startswith("swift build")) + 1
    for step in steps[after:]:
        step = step.replace(".build/release/redis-amb", str(binary)).replace("/image", str(directory / "image"))
        subprocess.run(["/bin/sh", "-ec", step], check=True)
    return directory / "image"


def try_out(image):
    files = sorted(path for path in image.rglob("*") if path.is_file())
    for path in files:
        print(f"{path.stat().st_size:>10}  /{path.relative_to(image)}")
    print(f"{sum(path.stat().st_size for path in files):>10}  in all")
    settings = dict(instructions()[-1])
    user, entrypoint = settings["USER"], json.loads(settings["ENTRYPOINT"])
    # A container has /proc.
    (image / "proc").mkdir(exist_ok=True)
    command = f"mount --rbind /proc {image}/proc && exec chroot --userspec={user} {image} {' '.join(entrypoint)}"
    run("unshare", "--mount", "/bin/sh", "-c", f"{command} check --primary redis-primary")


match sys.argv[1:]:
    case ["build", directory]:
        try_out(build(pathlib.Path(directory).resolve()))
    case ["assemble", binary, directory]:
        assemble(pathlib.Path(binary).resolve(), pathlib.Path(directory).resolve())
    case _:
        sys.exit(__doc__)
