// CUDA's run-time compiler without CUDA: it has the C++ compiler make a shared object from the source after prelude.h.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <unistd.h>

#define API extern "C" __attribute__((visibility("default"))) int

namespace
{
enum { Ok = 0, InvalidProgram = 4, InvalidOption = 5, CompilationFailed = 6 };

struct Program
{
    std::string source, binary, log;
    bool is_ptx = false;
};

int version = 12040;
std::set<int> architectures = {70, 80, 90};

std::string folder()
{
    Dl_info info;
    dladdr((void*)&folder, &info);
    std::string path = info.dli_fname;
    return path.substr(0, path.rfind('/'));
}

// what a command prints, and whether it succeeded
bool run(const std::string& command, std::string& output)
{
    FILE* pipe = popen((command + " 2>&1").c_str(), "r");
    if (!pipe) return false;
    char buffer[4096];
    for (size_t count; (count = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, count);
    return pclose(pipe) == 0;
}

std::string read(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

// the table of kernels, read from the preprocessed source
std::string table(const std::string& preprocessed)
{
    static const std::regex pattern(R"(EMULATED_GLOBAL\s+EMULATED_BOUNDS\(([^)]*)\)\s*void\s+(\w+)\s*\()");
    std::string kernels;
    for (std::sregex_iterator kernel(preprocessed.begin(), preprocessed.end(), pattern), end; kernel != end; ++kernel)
        kernels += "EMULATED_KERNEL(" + (*kernel)[2].str() + ", (" + (*kernel)[1].str() + "))\n";
    return "\nstatic const EmulatedKernel emulated_kernels[] = {\n" + kernels + "{}};\nEMULATED_MODULE(emulated_kernels)\n";
}

bool compile(Program& program, int architecture)
{
    char place[] = "/tmp/naf-nvrtc-XXXXXX";
    if (!mkdtemp(place)) return false;
    std::string source = std::string(place) + "/kernel.cpp", object = std::string(place) + "/kernel.so", preprocessed;
    std::ofstream(source) << program.source;
    std::string named = "-x c++ -std=c++17 -DEMULATED_ARCHITECTURE=" + std::to_string(architecture) + " " + source;
    bool done = run("c++ -E -P '-D__global__=EMULATED_GLOBAL' '-D__launch_bounds__(n)=EMULATED_BOUNDS(n)' " + named, preprocessed);
    if (done)
    {
        std::ofstream(source, std::ios::app) << table(preprocessed);
        done = run("c++ -O1 -shared -fPIC -w -fvisibility=hidden -fno-gnu-unique -ffp-contract=off -o " + object + " -include " + folder()
                       + "/prelude.h " + named + " -lm", program.log);
    }
    else program.log = preprocessed;
    if (done) program.binary = read(object);
    unlink(source.c_str());
    unlink(object.c_str());
    rmdir(place);
    return done;
}
}

// version (12040 is 12.4)
API emulatedCompilerSet(int shown) { version = shown; return Ok; }

API nvrtcVersion(int* major, int* minor)
{
    *major = version / 1000;
    *minor = version % 1000 / 10;
    return Ok;
}

API nvrtcGetNumSupportedArchs(int* count) { *count = (int)architectures.size(); return Ok; }

API nvrtcGetSupportedArchs(int* all)
{
    for (int architecture : architectures) *all++ = architecture;
    return Ok;
}

extern "C" __attribute__((visibility("default"))) const char* nvrtcGetErrorString(int status)
{
    return status == InvalidOption ? "NVRTC_ERROR_INVALID_OPTION" : status == CompilationFailed ? "NVRTC_ERROR_COMPILATION" : "NVRTC_ERROR";
}

API nvrtcCreateProgram(Program** program, const char* source, const char*, int, const char**, const char**)
{
    *program = new Program{source};
    return Ok;
}

API nvrtcDestroyProgram(Program** program)
{
    delete *program;
    *program = nullptr;
    return Ok;
}

API nvrtcCompileProgram(Program* program, int count, const char** options)
{
    int architecture = 0;
    for (int i = 0; i < count; i++)
    {
        std::smatch target;
        std::string option = options[i];
        if (std::regex_match(option, target, std::regex("--gpu-architecture=(sm|compute)_([0-9]+)")))
        {
            program->is_ptx = target[1] == "compute";
            architecture = std::stoi(target[2]);
        }
        else if (option != "--std=c++17") return InvalidOption;
    }
    if (!architectures.count(architecture)) return InvalidOption;
    return compile(*program, architecture) ? Ok : CompilationFailed;
}

API nvrtcGetCUBINSize(Program* program, size_t* size)
{
    *size = program->is_ptx ? 0 : program->binary.size();
    return program->binary.empty() ? InvalidProgram : Ok;
}

API nvrtcGetCUBIN(Program* program, char* cubin)
{
    memcpy(cubin, program->binary.data(), program->binary.size());
    return Ok;
}

API nvrtcGetPTXSize(Program* program, size_t* size)
{
    *size = strlen(".version 8.4\n//hex ") + 2 * program->binary.size() + 1;
    return program->binary.empty() ? InvalidProgram : Ok;
}

API nvrtcGetPTX(Program* program, char* ptx)
{
    ptx += sprintf(ptx, ".version 8.4\n//hex ");
    for (unsigned char byte : program->binary) ptx += sprintf(ptx, "%02x", byte);
    return Ok;
}

API nvrtcGetProgramLogSize(Program* program, size_t* size) { *size = program->log.size() + 1; return Ok; }

API nvrtcGetProgramLog(Program* program, char* log) { strcpy(log, program->log.c_str()); return Ok; }
