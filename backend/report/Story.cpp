// Finds the job that a line of a story is about.
#include "backend/report/Story.h"

#include <llvm/ADT/SmallVector.h>

namespace hoist::report {

void addStory(diag::Builder& finding, ir::Estate const& estate,
              std::vector<std::string> const& story) {
    for (std::string const& line : story) {
        auto const [side, event] = llvm::StringRef(line).split(':');
        diag::Step step{{}, side.str(), line};
        llvm::SmallVector<llvm::StringRef, 16> words;
        event.split(words, ' ', -1, false);
        for (llvm::StringRef const word : words)
            if (auto const job = estate.jobByName.find(word); job != estate.jobByName.end()) {
                step.span = estate.jobs[job->second].nameSpan;
                break;
            }
        finding.step(std::move(step));
    }
}

} // namespace hoist::report
