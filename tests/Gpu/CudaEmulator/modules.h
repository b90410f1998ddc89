// "Cubins" and "PTX" of the emulated compiler: a shared object, as it is or in hexadecimal digits after the lines that PTX begins with.
#pragma once
#include "kernel.h"
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <elf.h>
#include <memory>
#include <string>
#include <unistd.h>

struct Module
{
    void* handle;
    const EmulatedModule* code;
};

struct Function
{
    const EmulatedModule* module;
    const EmulatedKernel* kernel;
    int most_shared = 48 << 10;
};

// the bytes of the shared object; empty when the image is neither
inline std::string image_bytes(const void* image)
{
    const char* text = (const char*)image;
    if (memcmp(text, ELFMAG, SELFMAG) == 0)
    {
        auto header = (const Elf64_Ehdr*)image;
        return std::string(text, header->e_shoff + header->e_shnum * header->e_shentsize);
    }
    const char* digits = strstr(text, "//hex ");
    if (strncmp(text, ".version", 8) != 0 || !digits) return "";
    std::string bytes;
    for (digits += 6; digits[0] && digits[1]; digits += 2) bytes += (char)std::stoi(std::string(digits, 2), nullptr, 16);
    return bytes;
}

// 0 or the driver's status
inline int load_module(const void* image, int capability, Module& module)
{
    bool is_ptx = memcmp(image, ELFMAG, SELFMAG) != 0;
    std::string bytes = image_bytes(image);
    if (bytes.empty()) return is_ptx && strncmp((const char*)image, ".version", 8) == 0 ? 218 : 200;
    char path[] = "/tmp/naf-emulated-XXXXXX";
    int file = mkstemp(path);
    if (file < 0) return 304;
    bool written = write(file, bytes.data(), bytes.size()) == (ssize_t)bytes.size();
    close(file);
    module.handle = written ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
    unlink(path);
    if (!module.handle) return 200;
    module.code = (const EmulatedModule*)dlsym(module.handle, "emulated_module");
    // a cubin is for one device, PTX for all that are newer
    bool fits = module.code && (is_ptx ? module.code->architecture <= capability : module.code->architecture == capability);
    if (fits) return 0;
    dlclose(module.handle);
    return module.code ? 209 : 200;
}
