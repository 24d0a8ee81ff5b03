"""Whether this host's KVM really runs guests, as options of nova-compute in /run/fournines-found/virtualization.conf.

A processor may have it, /dev/kvm may open, and guests still hang: so one is started, first without it, then with it. It
is a boot sector that switches the processor to 64 bit, writes to memory there, and says so by a port. Where it takes
several times as long with KVM as without, KVM is of no use: a nested one ran this guest in 11 s instead of 0.2 s, and
hangs kernels. Asked once a boot: what is in /run is gone with it.
"""

import os
import struct
import subprocess
import sys
import tempfile
import time

FOUND = "/run/fournines-found/virtualization.conf"
KVM = "/dev/kvm"
_SAID = 0x2A
EXIT = (_SAID << 1) | 1
"""What qemu's isa-debug-exit makes of it."""
_PORT = 0xF4
_SLOWER = 5
_LEAST = 2.0
"""Seconds that KVM is given in any case."""


def boot_sector() -> bytes:
    """512 bytes: real mode, page tables at 0x1000 that map the first 2 MiB, long mode, `out`."""
    gdt_at = 0x7C00 + 0x100
    code16 = bytes.fromhex(
        "fa"  # cli
        "31c0"  # xor ax, ax
        "8ed8"  # mov ds, ax
        "8ec0"  # mov es, ax
        "bf0010"  # mov di, 0x1000
        "b90018"  # mov cx, 0x1800
        "fc"  # cld
        "f3ab"  # rep stosw: 12 KiB of zeros
        "c70600100320"  # mov word [0x1000], 0x2003: PML4 -> 0x2000
        "c70600200330"  # mov word [0x2000], 0x3003: PDPT -> 0x3000
        "c70600308300"  # mov word [0x3000], 0x0083: 2 MiB page at 0
    )
    code16 += b"\x0f\x01\x16" + struct.pack("<H", gdt_at + 0x18)  # lgdt [gdtr]
    code16 += bytes.fromhex(
        "0f20e0"  # mov eax, cr4
        "6683c820"  # or eax, 1 << 5: PAE
        "0f22e0"  # mov cr4, eax
        "66b800100000"  # mov eax, 0x1000
        "0f22d8"  # mov cr3, eax
        "66b9800000c0"  # mov ecx, EFER
        "0f32"  # rdmsr
        "660d00010000"  # or eax, 1 << 8: long mode
        "0f30"  # wrmsr
        "0f20c0"  # mov eax, cr0
        "660d01000080"  # or eax, paging and protection
        "0f22c0"  # mov cr0, eax
    )
    code64_at = 0x7C00 + len(code16) + 5
    code16 += b"\xea" + struct.pack("<HH", code64_at, 8)  # jmp 8:code64
    code64 = bytes.fromhex(
        "48b8efcdab8967452301"  # mov rax, 0x0123456789abcdef
        "48a30080000000000000"  # mov [0x8000], rax
        "4831db"  # xor rbx, rbx
        "488b1c2500800000"  # mov rbx, [0x8000]
        "4839d8"  # cmp rax, rbx
        "7504"  # jne over the next two
    )
    code64 += bytes([0xB0, _SAID, 0xE6, _PORT])  # mov al, 0x2a; out 0xf4, al
    code64 += bytes.fromhex("f4ebfd")  # hlt; jmp to it
    gdt = struct.pack("<QQQ", 0, 0x00209A0000000000, 0x0000920000000000) + struct.pack("<HI", 23, gdt_at)
    code = code16 + code64
    assert len(code) <= 0x100  # noqa: S101
    return (code.ljust(0x100, b"\0") + gdt).ljust(510, b"\0") + b"\x55\xaa"


def runs(accelerator: str, bound: float) -> "float | None":
    """Seconds in which qemu runs that guest with that accelerator; None: not within the bound."""
    start = time.monotonic()
    with tempfile.NamedTemporaryFile(suffix=".img") as disk:
        disk.write(boot_sector().ljust(1 << 20, b"\0"))
        disk.flush()
        argv = [
            *("qemu-system-x86_64", "-accel", accelerator, "-machine", "pc", "-m", "32", "-display", "none"),
            *(
                "-nodefaults",
                "-no-user-config",
                "-no-reboot",
                "-drive",
                f"file={disk.name},format=raw,if=ide,snapshot=on",
            ),
            *("-device", f"isa-debug-exit,iobase={_PORT:#x},iosize=4"),
        ]
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=bound, check=False)
        except (subprocess.TimeoutExpired, OSError):
            return None
        return time.monotonic() - start if done.returncode == EXIT else None


def options(kvm: bool) -> str:
    """Without KVM, a guest's translated code takes 32 MB at most, and its processor is what qemu can do."""
    chosen = {"virt_type": "kvm"} if kvm else {"virt_type": "qemu", "cpu_mode": "none", "tb_cache_size": "32"}
    return "[libvirt]\n" + "".join(f"{key} = {value}\n" for key, value in chosen.items())


def main() -> None:
    if os.path.exists(FOUND):
        return
    emulated = runs("tcg", 60)
    if emulated is None:
        sys.exit("qemu runs no guest on this host, not even by its own emulation")
    kvm = os.path.exists(KVM) and runs("kvm", max(_LEAST, _SLOWER * emulated)) is not None
    os.makedirs(os.path.dirname(FOUND), exist_ok=True)
    with open(f"{FOUND}.new", "w") as file:
        file.write(options(kvm))
    os.rename(f"{FOUND}.new", FOUND)
    print(f"guests run by {'KVM' if kvm else 'emulation'}")


if __name__ == "__main__":
    main()
