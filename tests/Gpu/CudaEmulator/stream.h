// A queue of work with a thread of its own: what is enqueued runs later, in order.
#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

class Stream
{
public:
    Stream() : worker_([this] { work(); }) {}

    ~Stream()
    {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            ends_ = true;
        }
        changed_.notify_all();
        worker_.join();
    }

    // the number of this piece of work
    long enqueue(std::function<void()> job)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        jobs_.push_back(std::move(job));
        changed_.notify_all();
        return ++enqueued_;
    }

    void wait(long number)
    {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return done_ >= number; });
    }

    bool is_done(long number)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        return done_ >= number;
    }

    void wait() { wait(enqueued_); }

private:
    void work()
    {
        std::unique_lock<std::mutex> lock(mutex_);
        for (;;)
        {
            changed_.wait(lock, [&] { return ends_ || !jobs_.empty(); });
            if (jobs_.empty()) return;
            auto job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job();
            lock.lock();
            done_++;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> jobs_;
    long enqueued_ = 0, done_ = 0;
    bool ends_ = false;
    std::thread worker_;
};
