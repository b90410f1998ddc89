// Runs the blocks of a launch: a block's threads are fibers that take turns at barriers. In an ordinary launch the blocks run one after
// the other, from the last to the first; in a cooperative launch each has its own OS thread, so that they may wait for each other.
#pragma once
#include "kernel.h"
#include <atomic>
#include <chrono>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <sched.h>
#include <sys/mman.h>
#include <thread>
#include <ucontext.h>
#include <vector>

struct Launch
{
    const EmulatedModule* module;
    const EmulatedKernel* kernel;
    void** parameters;
    unsigned blocks, threads, shared;
    unsigned number;   // of this launch
};

class BlockRunner
{
public:
    explicit BlockRunner(const Launch& launch) : launch_(launch), fibers_(launch.threads)
    {
        stacks_ = (char*)mmap(nullptr, launch.threads * StackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }

    ~BlockRunner() { munmap(stacks_, launch_.threads * StackBytes); }

    // 0 or the driver's status
    int run(unsigned block)
    {
        current_ = this;
        self_ = launch_.module->self();
        *self_ = {{0, 0, 0}, {block, 0, 0}, {launch_.threads, 1, 1}, {launch_.blocks, 1, 1}};
        unsigned char* shared = launch_.module->shared();
        // what nobody wrote is not a number, what is behind stays as it is
        memset(shared, 0xFF, launch_.shared);
        memset(shared + launch_.shared, Guard, GuardBytes);
        status_ = 0;
        for (Fiber& fiber : fibers_) fiber.state = New;
        for (unsigned phase = 0; status_ == 0; phase++)
        {
            unsigned waiting = 0;
            for (unsigned i = 0; i < launch_.threads && status_ == 0; i++)
            {
                // both orders come up, so that a missing barrier shows
                at_ = (phase + block + launch_.number) & 1 ? launch_.threads - 1 - i : i;
                if (fibers_[at_].state == Done) continue;
                resume();
                if (fibers_[at_].state == Waiting) waiting++;
            }
            if (waiting == 0) break;
            // some have ended and others wait for them
            if (status_ == 0 && waiting != launch_.threads) status_ = 719;
        }
        for (unsigned i = 0; i < GuardBytes && status_ == 0; i++)
            if (shared[launch_.shared + i] != Guard) status_ = 700;
        return status_;
    }

    static void barrier() { current_->leave(Waiting); }

    // a thread waits for another block; one that waits for long waits for ever
    static void spin()
    {
        auto now = std::chrono::steady_clock::now();
        Fiber& fiber = current_->fibers_[current_->at_];
        if (!fiber.spins) fiber.since = now;
        fiber.spins = true;
        if (now - fiber.since > std::chrono::seconds(20))
        {
            current_->status_ = 702;
            current_->leave(Done);
        }
        sched_yield();
    }

    static const EmulatedServices* services()
    {
        static const EmulatedServices all = {barrier, spin};
        return &all;
    }

private:
    static constexpr size_t StackBytes = 128 << 10;
    static constexpr unsigned GuardBytes = 256;
    static constexpr unsigned char Guard = 0xA5;
    enum State { New, Waiting, Done };

    struct Fiber
    {
        State state;
        bool spins;
        std::chrono::steady_clock::time_point since;
        ucontext_t start;
        jmp_buf place;
    };

    // a fiber starts by a context and goes on by a jump, which asks nothing of the kernel
    void resume()
    {
        Fiber& fiber = fibers_[at_];
        fiber.spins = false;
        self_->thread.x = at_;
        if (_setjmp(home_)) return;
        if (fiber.state != New) _longjmp(fiber.place, 1);
        getcontext(&fiber.start);
        fiber.start.uc_stack.ss_sp = stacks_ + at_ * StackBytes;
        fiber.start.uc_stack.ss_size = StackBytes;
        fiber.start.uc_link = nullptr;
        makecontext(&fiber.start, (void (*)())enter, 0);
        setcontext(&fiber.start);
    }

    void leave(State state)
    {
        Fiber& fiber = fibers_[at_];
        fiber.state = state;
        if (state == Done || !_setjmp(fiber.place)) _longjmp(home_, 1);
    }

    static void enter()
    {
        BlockRunner* runner = current_;
        runner->launch_.kernel->call(runner->launch_.parameters);
        runner->leave(Done);
    }

    static thread_local BlockRunner* current_;
    const Launch& launch_;
    std::vector<Fiber> fibers_;
    char* stacks_;
    EmulatedThread* self_ = nullptr;
    unsigned at_ = 0;
    int status_ = 0;
    jmp_buf home_;
};

thread_local BlockRunner* BlockRunner::current_;

inline int run_blocks(const Launch& launch, bool cooperative)
{
    std::atomic<int> status{0};
    if (cooperative)
    {
        std::vector<std::thread> threads;
        for (unsigned block = 0; block < launch.blocks; block++)
            threads.emplace_back([&, block] {
                if (int failed = BlockRunner(launch).run(block)) status = failed;
            });
        for (std::thread& thread : threads) thread.join();
        return status;
    }
    BlockRunner runner(launch);
    for (unsigned block = launch.blocks; block-- > 0 && status == 0;) status = runner.run(block);
    return status;
}
