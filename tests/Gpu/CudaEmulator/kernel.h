// What a compiled kernel is to the emulated driver: the table that prelude.h makes and modules.h reads.
#pragma once

struct EmulatedDim { unsigned x, y, z; };

// of the running thread; the driver sets it before each switch to a thread
struct EmulatedThread
{
    EmulatedDim thread, block, threads, blocks;
};

// what a kernel calls
struct EmulatedServices
{
    void (*barrier)();
    void (*spin)();
};

struct EmulatedKernel
{
    const char* name;
    void (*call)(void** parameters);
    int parameters;
    const unsigned* sizes;
    const bool* pointers;
    unsigned most_threads;   // __launch_bounds__
};

struct EmulatedModule
{
    int architecture;
    const EmulatedKernel* kernels;   // the last has no name
    void (*bind)(const EmulatedServices*);
    EmulatedThread* (*self)();       // of the calling OS thread
    unsigned char* (*shared)();      // of the calling OS thread
};
