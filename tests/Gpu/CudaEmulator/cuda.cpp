// A CUDA driver without a GPU: the functions of the driver API that Naf.Gpu calls, with their checks and their order of work, on the host.
// Tests change what it shows by emulatedSet and make calls fail by emulatedFail.
#include "blocks.h"
#include "memory.h"
#include "modules.h"
#include "stream.h"
#include <set>
#include <string>

#define API extern "C" __attribute__((visibility("default"))) int

namespace
{
enum { Ok = 0, Invalid = 1, OutOfMemory = 2, NoDevice = 100, InvalidDevice = 101, InvalidContext = 201, InvalidHandle = 400, NotFound = 500,
       NotReady = 600, OutOfResources = 701, TooLarge = 720 };

struct Event
{
    unsigned flags;
    Stream* stream;
    long number;
    std::chrono::steady_clock::time_point time;
};

struct Failure
{
    int status, after;
};

std::recursive_mutex mutex;
DeviceMemory memory;
std::map<std::string, long long> settings = {{"capability", 90}, {"driver", 12040}, {"units", 8}, {"devices", 1}, {"mode", 0}, {"init", 0}};
std::map<std::string, Failure> failures;
std::atomic<int> lost{0};
std::set<Stream*> streams;
std::set<Event*> events;
std::set<Module*> modules;
std::set<Function*> functions;
std::map<uintptr_t, size_t> pinned;
int retained = 0, context_object;
long long left_behind = 0;
unsigned launches = 0;
thread_local void* current = nullptr;

// the status that a test has asked for
int failure(const char* call)
{
    auto asked = failures.find(call);
    if (asked == failures.end() || asked->second.after-- > 0) return Ok;
    int status = asked->second.status;
    failures.erase(asked);
    return status;
}

bool is_lasting(int status) { return status >= 700 && status != OutOfResources && status != TooLarge; }

// what every call checks first: the context of this thread, faults of earlier work, failures that a test has asked for
int enter(const char* call)
{
    if (int status = failure(call))
    {
        if (is_lasting(status)) lost = status;
        return status;
    }
    if (current != &context_object || retained == 0) return InvalidContext;
    return lost;
}

#define ENTER(call)                                                                                                                    \
    std::lock_guard<std::recursive_mutex> lock(mutex);                                                                                 \
    if (int status = enter(call)) return status

bool is_pinned(const void* p, size_t bytes)
{
    auto after = pinned.upper_bound((uintptr_t)p);
    return after != pinned.begin() && (uintptr_t)p + bytes <= std::prev(after)->first + std::prev(after)->second;
}

int resident(const Function* f, int threads, size_t shared)
{
    int by_threads = 2048 / threads, by_shared = (int)(233472 / (shared + 1024));
    return std::min(std::min(by_threads, by_shared), 32);
}

// without the lock, which the work itself takes
void wait_all()
{
    std::unique_lock<std::recursive_mutex> lock(mutex);
    std::set<Stream*> all = streams;
    lock.unlock();
    for (Stream* stream : all) stream->wait();
}

int launch(Function* f, unsigned blocks, unsigned threads, unsigned shared, Stream* stream, void** parameters, bool cooperative)
{
    if (!functions.count(f) || !streams.count(stream)) return InvalidHandle;
    if (blocks == 0 || blocks > 0x7FFFFFFF || threads == 0 || threads > 1024 || (int)shared > f->most_shared) return Invalid;
    if (threads > f->kernel->most_threads) return OutOfResources;
    if (cooperative && (long long)blocks > resident(f, threads, shared) * settings["units"]) return TooLarge;
    // the values are taken now
    auto values = std::make_shared<std::vector<std::vector<char>>>();
    for (int i = 0; i < f->kernel->parameters; i++)
    {
        if (!parameters || !parameters[i]) return Invalid;
        values->emplace_back((char*)parameters[i], (char*)parameters[i] + f->kernel->sizes[i]);
    }
    Launch work = {f->module, f->kernel, nullptr, blocks, threads, shared, launches++};
    int asked = failure("kernel");
    stream->enqueue([=] {
        if (lost) return;
        std::vector<void*> pointers;
        int status = asked;
        for (int i = 0; i < work.kernel->parameters; i++)
        {
            pointers.push_back((*values)[i].data());
            std::lock_guard<std::recursive_mutex> lock(mutex);
            if (work.kernel->pointers[i] && !memory.holds(*(uintptr_t*)pointers[i], 1)) status = 700;
        }
        Launch started = work;
        started.parameters = pointers.data();
        if (status == 0) status = run_blocks(started, cooperative);
        std::lock_guard<std::recursive_mutex> lock(mutex);
        if (status == 0 && !memory.intact()) status = 700;
        if (status) lost = status;
    });
    return Ok;
}
}

// memory, foreign (bytes that others hold), capability, driver, units, devices, mode, init
API emulatedSet(const char* what, long long value)
{
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (!strcmp(what, "memory")) memory.total = value;
    else if (!strcmp(what, "foreign")) memory.foreign = value;
    else settings[what] = value;
    return Ok;
}

// a call by its name (or "kernel") fails once with a status, after some calls that do not
API emulatedFail(const char* call, int status, int after)
{
    std::lock_guard<std::recursive_mutex> lock(mutex);
    failures[call] = {status, after};
    return Ok;
}

// buffers, pinned blocks, streams, events, modules that are alive
API emulatedAlive()
{
    std::lock_guard<std::recursive_mutex> lock(mutex);
    return (int)(memory.count() + pinned.size() + streams.size() + events.size() + modules.size());
}

// what was alive when contexts ended
API emulatedLeftBehind()
{
    std::lock_guard<std::recursive_mutex> lock(mutex);
    return (int)left_behind;
}

API cuInit(unsigned flags) { return flags ? Invalid : (int)settings["init"]; }

API cuDriverGetVersion(int* version) { *version = (int)settings["driver"]; return Ok; }

API cuDeviceGetCount(int* count) { *count = (int)settings["devices"]; return Ok; }

API cuDeviceGet(int* device, int ordinal)
{
    *device = ordinal;
    return ordinal >= 0 && ordinal < settings["devices"] ? Ok : InvalidDevice;
}

API cuDeviceGetName(char* name, int length, int) { return snprintf(name, length, "Emulated GPU") > 0 ? Ok : Invalid; }

API cuDeviceTotalMem_v2(size_t* bytes, int) { *bytes = memory.total; return Ok; }

API cuDeviceGetAttribute(int* value, int attribute, int)
{
    switch (attribute)
    {
        case 1: *value = 1024; return Ok;
        case 8: *value = 48 << 10; return Ok;
        case 16: *value = (int)settings["units"]; return Ok;
        case 20: *value = (int)settings["mode"]; return Ok;
        case 75: *value = (int)settings["capability"] / 10; return Ok;
        case 76: *value = (int)settings["capability"] % 10; return Ok;
        case 95: *value = 1; return Ok;
        case 97: *value = 232448; return Ok;
        default: return Invalid;
    }
}

API cuDevicePrimaryCtxRetain(void** context, int device)
{
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (int status = failure("cuDevicePrimaryCtxRetain")) return status;
    if (device < 0 || device >= settings["devices"]) return InvalidDevice;
    // a fault stays with the process
    if (lost) return lost;
    retained++;
    *context = &context_object;
    return Ok;
}

API cuDevicePrimaryCtxRelease_v2(int)
{
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (retained == 0) return InvalidContext;
    if (--retained > 0) return Ok;
    left_behind += emulatedAlive();
    memory.clear();
    return Ok;
}

API cuCtxSetCurrent(void* context)
{
    current = context;
    return context == nullptr || (context == &context_object && retained > 0) ? Ok : InvalidContext;
}

API cuMemAlloc_v2(uintptr_t* address, size_t bytes)
{
    ENTER("cuMemAlloc_v2");
    if (bytes == 0) return Invalid;
    *address = memory.allocate(bytes);
    return *address ? Ok : OutOfMemory;
}

API cuMemFree_v2(uintptr_t address)
{
    wait_all();
    std::lock_guard<std::recursive_mutex> lock(mutex);
    bool freed = memory.free(address);
    if (int status = enter("cuMemFree_v2")) return status;
    return freed ? Ok : Invalid;
}

API cuMemAllocHost_v2(void** memory, size_t bytes)
{
    ENTER("cuMemAllocHost_v2");
    *memory = malloc(bytes);
    pinned[(uintptr_t)*memory] = bytes;
    return Ok;
}

API cuMemFreeHost(void* memory)
{
    wait_all();
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (!pinned.erase((uintptr_t)memory)) return Invalid;
    free(memory);
    return Ok;
}

// pinned memory is read when the copy comes up, other memory at once
API cuMemcpyHtoDAsync_v2(uintptr_t to, const void* from, size_t bytes, Stream* stream)
{
    ENTER("cuMemcpyHtoDAsync_v2");
    if (!streams.count(stream)) return InvalidHandle;
    if (!memory.holds(to, bytes)) return Invalid;
    if (is_pinned(from, bytes)) stream->enqueue([=] { if (!lost) memcpy((void*)to, from, bytes); });
    else
    {
        std::string copy((const char*)from, bytes);
        stream->enqueue([=] { if (!lost) memcpy((void*)to, copy.data(), copy.size()); });
    }
    return Ok;
}

API cuMemcpyDtoHAsync_v2(void* to, uintptr_t from, size_t bytes, Stream* stream)
{
    ENTER("cuMemcpyDtoHAsync_v2");
    if (!streams.count(stream)) return InvalidHandle;
    if (!memory.holds(from, bytes)) return Invalid;
    stream->enqueue([=] { if (!lost) memcpy(to, (void*)from, bytes); });
    return Ok;
}

API cuMemcpyDtoDAsync_v2(uintptr_t to, uintptr_t from, size_t bytes, Stream* stream)
{
    ENTER("cuMemcpyDtoDAsync_v2");
    if (!streams.count(stream)) return InvalidHandle;
    if (!memory.holds(to, bytes) || !memory.holds(from, bytes)) return Invalid;
    stream->enqueue([=] { if (!lost) memmove((void*)to, (void*)from, bytes); });
    return Ok;
}

API cuMemsetD8Async(uintptr_t to, unsigned char value, size_t bytes, Stream* stream)
{
    ENTER("cuMemsetD8Async");
    if (!streams.count(stream)) return InvalidHandle;
    if (!memory.holds(to, bytes)) return Invalid;
    stream->enqueue([=] { if (!lost) memset((void*)to, value, bytes); });
    return Ok;
}

API cuModuleLoadDataEx(Module** module, const void* image, unsigned count, int* options, void** values)
{
    ENTER("cuModuleLoadDataEx");
    auto loaded = std::make_unique<Module>();
    int status = load_module(image, (int)settings["capability"], *loaded);
    if (status)
    {
        char* log = nullptr;
        size_t room = 0;
        for (unsigned i = 0; i < count; i++)
            if (options[i] == 5) log = (char*)values[i];
            else if (options[i] == 6) room = (size_t)values[i];
        if (log && room) snprintf(log, room, "emulated driver: the image does not fit this device (status %d)", status);
        return status;
    }
    loaded->code->bind(BlockRunner::services());
    modules.insert(*module = loaded.release());
    return Ok;
}

API cuModuleUnload(Module* module)
{
    wait_all();
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (!modules.erase(module)) return InvalidHandle;
    for (auto f = functions.begin(); f != functions.end();)
        if ((*f)->module == module->code) { delete *f; f = functions.erase(f); }
        else f++;
    dlclose(module->handle);
    delete module;
    return Ok;
}

API cuModuleGetFunction(Function** function, Module* module, const char* name)
{
    ENTER("cuModuleGetFunction");
    if (!modules.count(module)) return InvalidHandle;
    for (const EmulatedKernel* kernel = module->code->kernels; kernel->name; kernel++)
        if (!strcmp(kernel->name, name))
        {
            functions.insert(*function = new Function{module->code, kernel});
            return Ok;
        }
    return NotFound;
}

API cuFuncGetAttribute(int* value, int attribute, Function* function)
{
    ENTER("cuFuncGetAttribute");
    if (!functions.count(function)) return InvalidHandle;
    *value = 0;
    return attribute == 1 ? Ok : Invalid;
}

API cuFuncSetAttribute(Function* function, int attribute, int value)
{
    ENTER("cuFuncSetAttribute");
    if (!functions.count(function)) return InvalidHandle;
    if (attribute != 8 || value < 0 || value > 232448) return Invalid;
    function->most_shared = value;
    return Ok;
}

API cuLaunchKernel(Function* f, unsigned blocks, unsigned y, unsigned z, unsigned threads, unsigned v, unsigned w, unsigned shared,
                   Stream* stream, void** parameters, void** extra)
{
    ENTER("cuLaunchKernel");
    return y * z * v * w != 1 || extra ? Invalid : launch(f, blocks, threads, shared, stream, parameters, false);
}

API cuLaunchCooperativeKernel(Function* f, unsigned blocks, unsigned y, unsigned z, unsigned threads, unsigned v, unsigned w,
                              unsigned shared, Stream* stream, void** parameters)
{
    ENTER("cuLaunchCooperativeKernel");
    return y * z * v * w != 1 ? Invalid : launch(f, blocks, threads, shared, stream, parameters, true);
}

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Function* f, int threads, size_t shared)
{
    ENTER("cuOccupancyMaxActiveBlocksPerMultiprocessor");
    if (!functions.count(f)) return InvalidHandle;
    if (threads < 1) return Invalid;
    *blocks = threads > (int)f->kernel->most_threads || (long)shared > f->most_shared ? 0 : resident(f, threads, shared);
    return Ok;
}

API cuStreamCreate(Stream** stream, unsigned)
{
    ENTER("cuStreamCreate");
    streams.insert(*stream = new Stream());
    return Ok;
}

API cuStreamSynchronize(Stream* stream)
{
    {
        ENTER("cuStreamSynchronize");
        if (!streams.count(stream)) return InvalidHandle;
    }
    stream->wait();
    return lost;
}

API cuStreamDestroy_v2(Stream* stream)
{
    {
        std::lock_guard<std::recursive_mutex> lock(mutex);
        if (!streams.erase(stream)) return InvalidHandle;
    }
    delete stream;
    return Ok;
}

API cuEventCreate(Event** event, unsigned flags)
{
    ENTER("cuEventCreate");
    events.insert(*event = new Event{flags, nullptr, 0, {}});
    return Ok;
}

API cuEventRecord(Event* event, Stream* stream)
{
    ENTER("cuEventRecord");
    if (!events.count(event) || !streams.count(stream)) return InvalidHandle;
    event->stream = stream;
    event->number = stream->enqueue([=] { event->time = std::chrono::steady_clock::now(); });
    return Ok;
}

API cuEventSynchronize(Event* event)
{
    {
        ENTER("cuEventSynchronize");
        if (!events.count(event)) return InvalidHandle;
    }
    if (event->stream) event->stream->wait(event->number);
    return lost;
}

API cuEventElapsedTime(float* milliseconds, Event* from, Event* to)
{
    ENTER("cuEventElapsedTime");
    if (!events.count(from) || !events.count(to) || !from->stream || !to->stream || ((from->flags | to->flags) & 2)) return InvalidHandle;
    if (!from->stream->is_done(from->number) || !to->stream->is_done(to->number)) return NotReady;
    *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
    return Ok;
}

API cuEventDestroy_v2(Event* event)
{
    wait_all();
    std::lock_guard<std::recursive_mutex> lock(mutex);
    if (!events.erase(event)) return InvalidHandle;
    delete event;
    return Ok;
}

API cuGetErrorName(int status, const char** name)
{
    switch (status)
    {
        case Invalid: *name = "CUDA_ERROR_INVALID_VALUE"; return Ok;
        case OutOfMemory: *name = "CUDA_ERROR_OUT_OF_MEMORY"; return Ok;
        case InvalidContext: *name = "CUDA_ERROR_INVALID_CONTEXT"; return Ok;
        case 46: *name = "CUDA_ERROR_DEVICE_UNAVAILABLE"; return Ok;
        case 200: *name = "CUDA_ERROR_INVALID_IMAGE"; return Ok;
        case 209: *name = "CUDA_ERROR_NO_BINARY_FOR_GPU"; return Ok;
        case 214: *name = "CUDA_ERROR_ECC_UNCORRECTABLE"; return Ok;
        case 700: *name = "CUDA_ERROR_ILLEGAL_ADDRESS"; return Ok;
        case OutOfResources: *name = "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"; return Ok;
        case 702: *name = "CUDA_ERROR_LAUNCH_TIMEOUT"; return Ok;
        case 719: *name = "CUDA_ERROR_LAUNCH_FAILED"; return Ok;
        case TooLarge: *name = "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE"; return Ok;
        case 803: *name = "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"; return Ok;
        default: *name = nullptr; return Invalid;
    }
}

API cuGetErrorString(int, const char** words) { *words = "as emulated"; return Ok; }
