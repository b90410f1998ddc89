// The emulated device's memory, on the host: filled with not-a-number at birth, with guards that show what is written beside a buffer.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

class DeviceMemory
{
public:
    long long total = 1LL << 30, taken = 0;
    // bytes that others hold
    long long foreign = 0;

    uintptr_t allocate(size_t bytes)
    {
        if (bytes == 0 || taken + foreign + (long long)bytes > total) return 0;
        size_t room = (bytes + 2 * GuardBytes + 255) / 256 * 256;
        char* start = (char*)aligned_alloc(256, room);
        memset(start, 0xFF, room);
        memset(start, Guard, GuardBytes);
        memset(start + GuardBytes + bytes, Guard, GuardBytes);
        blocks_[(uintptr_t)start + GuardBytes] = bytes;
        taken += bytes;
        return (uintptr_t)start + GuardBytes;
    }

    bool free(uintptr_t address)
    {
        auto block = blocks_.find(address);
        if (block == blocks_.end()) return false;
        taken -= block->second;
        ::free((char*)address - GuardBytes);
        blocks_.erase(block);
        return true;
    }

    // whether the bytes lie within one buffer
    bool holds(uintptr_t address, size_t bytes) const
    {
        auto after = blocks_.upper_bound(address);
        if (after == blocks_.begin()) return false;
        auto block = std::prev(after);
        return address + bytes <= block->first + block->second;
    }

    bool intact() const
    {
        for (auto& block : blocks_)
            for (size_t i = 0; i < GuardBytes; i++)
                if (((unsigned char*)block.first)[block.second + i] != Guard || ((unsigned char*)block.first)[-(long)i - 1] != Guard) return false;
        return true;
    }

    size_t count() const { return blocks_.size(); }

    void clear()
    {
        while (!blocks_.empty()) free(blocks_.begin()->first);
    }

private:
    static constexpr size_t GuardBytes = 256;
    static constexpr unsigned char Guard = 0xA5;
    std::map<uintptr_t, size_t> blocks_;
};
