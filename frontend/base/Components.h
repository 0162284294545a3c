// What lies on circles of a directed graph.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace hoist {

/// The strongly connected components of a graph of the nodes 0 to `count` - 1, by Tarjan's
/// algorithm: linear, and without recursion, as a chain can be as long as the estate.
/// `next(node, i)` is the node that the i-th arrow from `node` leads to, nothing behind the last.
/// `take(members)` gets each component when all that can be reached from it has been taken.
template <class Next, class Take>
void forEachComponent(uint32_t count, Next next, Take take) {
    std::vector<uint32_t> low(count), number(count, 0), stack, members;
    std::vector<bool> onStack(count, false);
    struct Frame {
        uint32_t node;
        size_t arrow = 0;
    };
    std::vector<Frame> frames;
    uint32_t counter = 0;
    auto const enter = [&](uint32_t node) {
        number[node] = low[node] = ++counter;
        stack.push_back(node);
        onStack[node] = true;
        frames.push_back({node});
    };
    for (uint32_t root = 0; root < count; ++root) {
        if (number[root] != 0)
            continue;
        enter(root);
        while (!frames.empty()) {
            uint32_t const node = frames.back().node;
            std::optional<uint32_t> const to = next(node, frames.back().arrow++);
            if (to) {
                if (number[*to] == 0)
                    enter(*to);
                else if (onStack[*to])
                    low[node] = std::min(low[node], number[*to]);
                continue;
            }
            frames.pop_back();
            if (!frames.empty())
                low[frames.back().node] = std::min(low[frames.back().node], low[node]);
            if (low[node] != number[node])
                continue;
            members.clear();
            do {
                members.push_back(stack.back());
                onStack[stack.back()] = false;
                stack.pop_back();
            } while (members.back() != node);
            take(members);
        }
    }
}

} // namespace hoist
