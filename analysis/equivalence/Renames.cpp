// Pairs jobs by what they say: first where they stand, then alone, then boxes by their members.
#include "analysis/equivalence/Renames.h"

#include "analysis/equivalence/IrHash.h"

#include <algorithm>
#include <functional>
#include <set>

namespace hoist::equivalence {
namespace {

using Names = std::map<std::string, std::string>;

class Renames {
public:
    Renames(ir::Estate const& older, ir::Estate const& newer)
        : before{older, valuesOf(older), {}}, after{newer, valuesOf(newer), {}} {
        collect(before, newer);
        collect(after, older);
    }

    Names find() {
        // First what stands where it stood and waits for what it waited for; then what moved along
        // with others.
        match([](Side const& side, ir::JobId id, Names const*) { return textOf(side, id, true); });
        match([](Side const& side, ir::JobId id, Names const*) {
            return side.estate.isGroup(id) ? std::string() : textOf(side, id, false);
        });
        for (size_t known = SIZE_MAX; known != found.size();) {
            known = found.size();
            match([](Side const& side, ir::JobId id, Names const* names) {
                return side.estate.isGroup(id) ? boxText(side, id, names) : std::string();
            });
        }
        return std::move(found);
    }

private:
    struct Side {
        ir::Estate const& estate;
        llvm::StringMap<Values> values;
        std::vector<ir::JobId> open; ///< without a partner yet
    };

    static void collect(Side& side, ir::Estate const& other) {
        for (ir::JobId id : side.estate.jobs.ids()) {
            llvm::StringRef const name = side.estate.jobs[id].name;
            if (!other.jobByName.contains(name) && side.estate.jobByName.lookup(name) == id)
                side.open.push_back(id);
        }
    }

    /// Everything that a job says but its name; with `context` also where it is and what it waits
    /// for.
    static std::string textOf(Side const& side, ir::JobId id, bool context) {
        auto const it = side.values.find(side.estate.jobs[id].name);
        std::string text = side.estate.isGroup(id) ? "box\n" : "job\n";
        if (it == side.values.end())
            return {};
        for (auto const& [key, list] : it->second)
            if (context || (key != "box" && key != "condition" && key != "box_success" &&
                            key != "box_failure"))
                for (std::string const& value : list)
                    text += key + "=" + value + "\n";
        return text;
    }

    /// The same with its members' names, those of the older version as they are now.
    static std::string boxText(Side const& side, ir::JobId id, Names const* names) {
        std::vector<std::string> members;
        for (ir::JobId member : side.estate.groups[side.estate.jobs[id].group].members) {
            std::string name = side.estate.jobs[member].name.str();
            if (names)
                if (auto const it = names->find(name); it != names->end())
                    name = it->second;
            members.push_back(std::move(name));
        }
        if (members.empty())
            return {};
        std::sort(members.begin(), members.end());
        std::string text = textOf(side, id, false);
        for (std::string const& member : members)
            text += "member=" + member + "\n";
        return text;
    }

    /// Pairs those whose text is the same and occurs once on either side; an empty text pairs
    /// nothing.
    void match(std::function<std::string(Side const&, ir::JobId, Names const*)> const& text) {
        struct Group {
            std::vector<ir::JobId> before, after;
        };
        std::map<std::string, Group> groups;
        for (ir::JobId id : before.open)
            groups[text(before, id, &found)].before.push_back(id);
        for (ir::JobId id : after.open)
            groups[text(after, id, nullptr)].after.push_back(id);
        for (auto const& [key, group] : groups)
            if (!key.empty() && group.before.size() == 1 && group.after.size() == 1)
                taken.insert(found[before.estate.jobs[group.before.front()].name.str()] =
                                 after.estate.jobs[group.after.front()].name.str());
        std::erase_if(before.open, [&](ir::JobId id) {
            return found.contains(before.estate.jobs[id].name.str());
        });
        std::erase_if(after.open, [&](ir::JobId id) {
            return taken.contains(after.estate.jobs[id].name.str());
        });
    }

    Side before, after;
    Names found;
    std::set<std::string> taken; ///< the new names in `found`
};

} // namespace

std::map<std::string, std::string> findRenames(ir::Estate const& before, ir::Estate const& after) {
    return Renames(before, after).find();
}

} // namespace hoist::equivalence
