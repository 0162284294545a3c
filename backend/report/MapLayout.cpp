// A layered layout, applied level by level: the members of a box, the boxes around them, then the
// workflows of the estate. On each level:
//
// 1. Connected components are laid out one by one, and packed into rows, large ones first.
// 2. In a component a node's column is the length of the longest path that leads to it. Arrows that
//    would go back (of a circle, in the order of a depth-first search) are left out for that.
// 3. Inside a column nodes stand at the mean height of those before them: two sweeps, which is what
//    costs least and removes most crossings.
// 4. A column that would be far higher than the picture is wide is folded into several.
#include "backend/report/MapLayout.h"

#include <llvm/ADT/DenseSet.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hoist::report {
namespace {

constexpr double gapX = 56, gapY = 14, gapBetween = 40, header = 30, margin = 16;
constexpr double nodeHeight = 30;
constexpr double aspect = 1.7; ///< of a screen
constexpr size_t longestLabel = 28;

using Arrows = std::vector<std::pair<uint32_t, uint32_t>>;

class Level {
public:
    Level(std::vector<Area>& given, Arrows const& arrows)
        : items(given), after(items.size()), before(items.size()), column(items.size()) {
        for (auto const& [from, to] : arrows)
            if (from != to) {
                after[from].push_back(to);
                before[to].push_back(from);
            }
    }

    std::pair<double, double> run() {
        std::vector<Block> blocks = components();
        double area = 0;
        for (Block& block : blocks) {
            arrange(block);
            area += (block.width + gapBetween) * (block.height + gapBetween);
        }
        std::stable_sort(blocks.begin(), blocks.end(),
                         [](Block const& a, Block const& b) { return a.height > b.height; });
        return pack(blocks, std::sqrt(area * aspect));
    }

private:
    struct Block {
        std::vector<uint32_t> nodes; ///< in an order in which arrows go forward
        double width = 0, height = 0;
    };

    /// Each component in the order of a depth-first search, by its first node.
    std::vector<Block> components() {
        std::vector<uint32_t> parent(items.size());
        std::iota(parent.begin(), parent.end(), 0);
        auto const find = [&](uint32_t at) {
            while (parent[at] != at)
                at = parent[at] = parent[parent[at]];
            return at;
        };
        for (uint32_t i = 0; i < items.size(); ++i)
            for (uint32_t const to : after[i])
                if (uint32_t const a = find(i), b = find(to); a != b)
                    parent[std::max(a, b)] = std::min(a, b);
        std::vector<uint32_t> const order = topological();
        std::vector<int64_t> blockOf(items.size(), -1);
        std::vector<Block> blocks;
        for (uint32_t i = 0; i < items.size(); ++i) // numbered by first node, filled in order
            if (find(i) == i) {
                blockOf[i] = static_cast<int64_t>(blocks.size());
                blocks.emplace_back();
            }
        for (uint32_t const node : order)
            blocks[static_cast<size_t>(blockOf[find(node)])].nodes.push_back(node);
        return blocks;
    }

    /// Reverse postorder of a depth-first search, without recursion.
    std::vector<uint32_t> topological() {
        std::vector<uint32_t> post;
        post.reserve(items.size());
        std::vector<bool> seen(items.size());
        std::vector<std::pair<uint32_t, size_t>> stack;
        for (size_t turn = items.size(); turn-- > 0;) { // from the last: the first come out first
            auto const root = static_cast<uint32_t>(turn);
            if (seen[root])
                continue;
            seen[root] = true;
            stack.emplace_back(root, 0);
            while (!stack.empty()) {
                auto& [node, next] = stack.back();
                if (next == after[node].size()) {
                    post.push_back(node);
                    stack.pop_back();
                    continue;
                }
                uint32_t const to = after[node][next++];
                if (!seen[to]) {
                    seen[to] = true;
                    stack.emplace_back(to, 0);
                }
            }
        }
        std::reverse(post.begin(), post.end());
        position.resize(items.size());
        for (uint32_t i = 0; i < post.size(); ++i)
            position[post[i]] = i;
        return post;
    }

    void arrange(Block& block) {
        size_t columns = 1;
        for (uint32_t const node : block.nodes) {
            for (uint32_t const from : before[node])
                if (position[from] < position[node])
                    column[node] = std::max(column[node], column[from] + 1);
            columns = std::max(columns, column[node] + 1);
        }
        std::vector<std::vector<uint32_t>> byColumn(columns);
        double area = 0;
        for (uint32_t const node : block.nodes) {
            byColumn[column[node]].push_back(node);
            area += (items[node].width + gapX) * (items[node].height + gapY);
        }
        straighten(byColumn);
        double const highest = std::max(480.0, std::sqrt(area / aspect) * 1.5);
        for (auto const& nodes : byColumn)
            stack(block, nodes, highest);
        block.width -= gapX;
        centre(block);
    }

    /// Two sweeps: by the mean place of those before, then of those behind.
    void straighten(std::vector<std::vector<uint32_t>>& byColumn) {
        rank.resize(items.size());
        for (auto const& nodes : byColumn)
            number(nodes);
        for (size_t i = 1; i < byColumn.size(); ++i)
            sortBy(byColumn[i], before);
        for (size_t i = byColumn.size() - 1; i-- > 0;)
            sortBy(byColumn[i], after);
    }
    void number(std::vector<uint32_t> const& nodes) {
        for (size_t i = 0; i < nodes.size(); ++i)
            rank[nodes[i]] = (static_cast<double>(i) + 0.5) / static_cast<double>(nodes.size());
    }
    void sortBy(std::vector<uint32_t>& nodes, std::vector<std::vector<uint32_t>> const& side) {
        std::vector<std::pair<double, uint32_t>> keyed;
        keyed.reserve(nodes.size());
        for (uint32_t const node : nodes) {
            double sum = 0;
            for (uint32_t const other : side[node])
                sum += rank[other];
            keyed.emplace_back(side[node].empty() ? rank[node]
                                                  : sum / static_cast<double>(side[node].size()),
                               node);
        }
        std::stable_sort(keyed.begin(), keyed.end(),
                         [](auto const& a, auto const& b) { return a.first < b.first; });
        for (size_t i = 0; i < nodes.size(); ++i)
            nodes[i] = keyed[i].second;
        number(nodes);
    }

    /// Puts a column to the right of what the block holds; a high one becomes several. `x`, `y` are
    /// relative to the block until `pack`.
    void stack(Block& block, std::vector<uint32_t> const& nodes, double highest) {
        double y = 0, width = 0;
        size_t first = 0;
        auto const close = [&](size_t end) {
            for (size_t i = first; i < end; ++i) {
                items[nodes[i]].x = block.width;
                // Half of what is free goes above: `centre` finishes it.
                heights.emplace_back(nodes[i], y - gapY);
            }
            block.height = std::max(block.height, y - gapY);
            block.width += width + gapX;
            y = width = 0;
            first = end;
        };
        for (size_t i = 0; i < nodes.size(); ++i) {
            Area& item = items[nodes[i]];
            if (i > first && y + item.height > highest)
                close(i);
            item.y = y;
            y += item.height + gapY;
            width = std::max(width, item.width);
        }
        close(nodes.size());
    }
    void centre(Block const& block) {
        for (auto const& [node, height] : heights)
            items[node].y += (block.height - height) / 2;
        heights.clear();
    }

    std::pair<double, double> pack(std::vector<Block> const& blocks, double wide) {
        double x = 0, y = 0, rowHeight = 0, width = 0;
        for (Block const& block : blocks) {
            if (x > 0 && x + block.width > wide) {
                y += rowHeight + gapBetween;
                x = rowHeight = 0;
            }
            for (uint32_t const node : block.nodes) {
                items[node].x += x;
                items[node].y += y;
            }
            width = std::max(width, x + block.width);
            rowHeight = std::max(rowHeight, block.height);
            x += block.width + gapBetween;
        }
        return {width, y + rowHeight};
    }

    std::vector<Area>& items;
    std::vector<std::vector<uint32_t>> after, before;
    std::vector<size_t> column;
    std::vector<uint32_t> position;
    std::vector<double> rank;
    std::vector<std::pair<uint32_t, double>> heights; ///< node → height of its column
};

class Layout {
public:
    Layout(ir::Estate const& model, std::vector<migration::Dependency> const& found)
        : estate(model), depth(estate.jobs.size()), slot(estate.jobs.size()),
          arrows(estate.groups.size()) {
        result.jobs.resize(estate.jobs.size());
        result.workflows.resize(estate.workflows.size());
        for (ir::Workflow const& workflow : estate.workflows)
            for (ir::JobId id : workflow.jobs)
                if (estate.jobs[id].box)
                    depth[id.value] = depth[estate.jobs[id].box.value] + 1;
        for (ir::Group const& group : estate.groups)
            for (uint32_t i = 0; i < group.members.size(); ++i)
                slot[group.members[i].value] = i;
        for (migration::Dependency const& each : found)
            if (each.producer && each.from == each.to)
                lift(each.producer, each.consumer);
            else if (each.producer && each.from && each.to)
                between.emplace_back(each.from.value, each.to.value);
    }

    MapLayout run(std::vector<double> const& outsideWidths,
                  std::vector<std::pair<uint32_t, ir::WorkflowId>> const& arrowsOutside) {
        for (ir::Workflow const& workflow : estate.workflows)
            for (size_t i = workflow.jobs.size(); i-- > 0;) // members before their box
                size(workflow.jobs[i]);
        std::vector<Area> items;
        for (ir::Workflow const& workflow : estate.workflows)
            items.push_back(result.jobs[workflow.root.value]);
        auto const first = static_cast<uint32_t>(items.size());
        for (double const width : outsideWidths)
            items.push_back({0, 0, width, nodeHeight});
        for (auto const& [from, to] : arrowsOutside)
            between.emplace_back(first + from, to.value);
        std::sort(between.begin(), between.end());
        between.erase(std::unique(between.begin(), between.end()), between.end());
        place(items, between);
        for (ir::WorkflowId id : estate.workflows.ids())
            result.workflows[id.value] = items[id.value];
        result.outside.assign(items.begin() + first, items.end());
        for (ir::WorkflowId id : estate.workflows.ids())
            for (ir::JobId jobId : estate.workflows[id].jobs) { // a box before its members
                Area& area = result.jobs[jobId.value];
                ir::JobId const box = estate.jobs[jobId].box;
                Area const& around = box ? result.jobs[box.value] : items[id.value];
                area.x = around.x + (box ? area.x : 0);
                area.y = around.y + (box ? area.y : 0);
            }
        return std::move(result);
    }

private:
    /// A dependency between jobs is an arrow between members of the innermost box around both.
    void lift(ir::JobId from, ir::JobId to) {
        while (from != to && depth[from.value] > depth[to.value])
            from = estate.jobs[from].box;
        while (from != to && depth[to.value] > depth[from.value])
            to = estate.jobs[to].box;
        while (from != to && estate.jobs[from].box != estate.jobs[to].box) {
            from = estate.jobs[from].box;
            to = estate.jobs[to].box;
        }
        if (ir::JobId const box = estate.jobs[from].box; from != to && box)
            arrows[estate.jobs[box].group.value].emplace_back(slot[from.value], slot[to.value]);
    }

    void size(ir::JobId id) {
        ir::Job const& job = estate.jobs[id];
        Area& area = result.jobs[id.value];
        area.width = widthOf(job.name);
        area.height = nodeHeight;
        if (!job.group || estate.groups[job.group].members.empty())
            return;
        std::vector<ir::JobId> const& members = estate.groups[job.group].members;
        std::vector<Area> items;
        for (ir::JobId member : members)
            items.push_back(result.jobs[member.value]);
        auto const [width, height] = place(items, arrows[job.group.value]);
        for (size_t i = 0; i < members.size(); ++i) {
            items[i].x += margin;
            items[i].y += header;
            result.jobs[members[i].value] = items[i];
        }
        area.width = std::max(area.width, width + 2 * margin);
        area.height = height + header + margin;
    }

    ir::Estate const& estate;
    std::vector<uint32_t> depth, slot;
    std::vector<Arrows> arrows; ///< by box, between the places of its members
    Arrows between;             ///< of workflows, and what stands outside
    MapLayout result;
};

} // namespace

std::pair<double, double> place(std::vector<Area>& items, Arrows const& arrows) {
    return items.empty() ? std::pair(0.0, 0.0) : Level(items, arrows).run();
}

MapLayout layOut(ir::Estate const& estate, std::vector<migration::Dependency> const& found,
                 std::vector<double> const& outsideWidths,
                 std::vector<std::pair<uint32_t, ir::WorkflowId>> const& arrowsOutside) {
    return Layout(estate, found).run(outsideWidths, arrowsOutside);
}

double widthOf(llvm::StringRef name) {
    return 24 + 7.2 * static_cast<double>(std::min(name.size(), longestLabel));
}

} // namespace hoist::report
