#include "embedded/shim/program.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "os/file.h"

// The built program, taken in by the assembler.
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    "tutti_shim_begin:\n"
    ".incbin \"" TUTTI_SHIM_FILE
    "\"\n"
    "tutti_shim_end:\n"
    ".byte 0\n"
    ".text\n");

extern "C" const char tutti_shim_begin[];
extern "C" const char tutti_shim_end[];

namespace tutti::embedded::shim {

using base::cat;

std::string_view shim_program_bytes() {
    return {tutti_shim_begin, static_cast<std::size_t>(tutti_shim_end - tutti_shim_begin)};
}

// The linker's hash of the content (--build-id), so it need not be computed at each start.
static std::string build_id(std::string_view elf) {
    Elf64_Ehdr head;
    std::memcpy(&head, elf.data(), sizeof head);
    for (unsigned i = 0; i < head.e_phnum; ++i) {
        Elf64_Phdr part;
        std::memcpy(&part, elf.data() + head.e_phoff + i * head.e_phentsize, sizeof part);
        if (part.p_type != PT_NOTE) continue;
        for (std::size_t at = part.p_offset; at + sizeof(Elf64_Nhdr) <= part.p_offset + part.p_filesz;) {
            Elf64_Nhdr note;
            std::memcpy(&note, elf.data() + at, sizeof note);
            const std::size_t name = at + sizeof note, value = name + (note.n_namesz + 3u) / 4 * 4;
            if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4)
                return base::to_hex({reinterpret_cast<const unsigned char*>(elf.data()) + value, note.n_descsz});
            at = value + (note.n_descsz + 3u) / 4 * 4;
        }
    }
    throw base::Error(base::ErrorKind::internal, "the shim's program carries no build id");
}

std::string shim_program_path(const std::string& run_dir) {
    const std::string_view bytes = shim_program_bytes();
    static const std::string id = build_id(bytes);
    std::string path = cat(run_dir, "/shim-", std::string_view(id).substr(0, 20));
    struct stat st {};
    if (::stat(path.c_str(), &st) == 0 && static_cast<std::size_t>(st.st_size) == bytes.size()) return path;
    os::make_folders(run_dir);
    os::write_file(path, bytes, 0555);
    return path;
}

static os::Fd sealed_copy() {
    os::Fd fd(::memfd_create("tutti-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) base::throw_errno("making a sealed copy of the shim's program");
    os::write_all(fd, shim_program_bytes());
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        base::throw_errno("sealing the copy of the shim's program");
    return fd;
}

os::Fd open_shim_program(const std::string& run_dir) {
    const std::string path = shim_program_path(run_dir);
    os::Fd mount(
        static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
    struct {
        std::uint64_t set, clear, propagation, userns;
    } attributes{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, 0, 0, 0};
    if (mount && ::syscall(SYS_mount_setattr, mount.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0)
        return mount;
    return sealed_copy();
}

}  // namespace tutti::embedded::shim
