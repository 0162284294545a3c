// Reads Control-M text into an estate, for tests.
#pragma once

#include "frontend/controlm/Controlm.h"

#include <string>
#include <vector>

namespace hoist::controlm {

struct Read {
    ir::Estate estate;
    diag::Diagnostics diags;
    FileId file;

    explicit Read(std::string text, std::string path = "a.xml") {
        file = *estate.sources.add(std::move(path), std::move(text));
        controlm::read(file, estate, diags);
        diags.sort();
    }

    /// "P3013@text;…" in order.
    std::string codes() const {
        std::string out;
        for (auto const& d : diags.all())
            out +=
                std::string(diag::info(d.code).id) + "@" + estate.sources.text(d.span).str() + ";";
        return out;
    }
    ir::Job const* find(llvm::StringRef name) const {
        for (ir::Job const& job : estate.jobs)
            if (job.name == name)
                return &job;
        return nullptr;
    }
    std::string condition(llvm::StringRef name) const {
        ir::Job const* const job = find(name);
        return job && job->condition ? estate.conditions.print(job->condition.expr) : "";
    }
    /// Constructs that stand nowhere, or neither have a fate nor a job that could give them one.
    size_t lost() const {
        size_t count = 0;
        for (ir::ConstructId const id : estate.constructs.ids())
            count += !estate.constructs[id].span.isValid() ||
                     (estate.constructs[id].fate == diag::Fidelity::none &&
                      !estate.constructs[id].owner && !isOfCalendar(id));
        return count;
    }
    /// Constructs of a kind, as they stand in the file.
    std::vector<std::string> texts(llvm::StringRef kind) const {
        std::vector<std::string> found;
        for (ir::ConstructId const id : estate.constructs.ids())
            if (estate.constructs.text(estate.constructs[id].kind) == kind)
                found.push_back(estate.sources.text(estate.constructs[id].span).str());
        return found;
    }

private:
    bool isOfCalendar(ir::ConstructId id) const {
        for (ir::Calendar const& calendar : estate.calendars) {
            if (calendar.statement == id)
                return true;
            for (ir::ConstructId const part : calendar.constructs)
                if (part == id)
                    return true;
        }
        return false;
    }
};

inline std::string folder(std::string const& inside) {
    return "<DEFTABLE>\n<FOLDER FOLDER_NAME=\"F\">\n" + inside + "\n</FOLDER>\n</DEFTABLE>\n";
}

} // namespace hoist::controlm
