// Work that several threads share.
#pragma once

#include <thread>
#include <vector>

namespace hoist {

/// Calls `work` once on each of so many threads, of which this one is the first, with the thread's
/// number from 0 on; at least once. Returns when all are done.
template <class Work>
void onThreads(size_t count, Work const& work) {
    std::vector<std::jthread> others;
    for (size_t i = 1; i < count; ++i)
        others.emplace_back([&work, i] { work(i); });
    work(size_t(0));
}

} // namespace hoist
