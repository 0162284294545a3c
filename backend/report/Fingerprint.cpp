// Fingerprints: a hash of code, object and evidence, none of which moves with the lines.
#include "backend/report/Report.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/ADT/StringMap.h>
#include <llvm/Support/SHA1.h>

namespace hoist::report {

std::vector<std::string> fingerprints(Findings const& input) {
    std::vector<std::string> prints;
    prints.reserve(input.findings.size());
    llvm::StringMap<unsigned> seen;
    for (diag::Diagnostic const& finding : input.findings) {
        llvm::SHA1 hash;
        auto const add = [&](llvm::StringRef part) {
            hash.update(part);
            hash.update(llvm::StringRef("\0", 1));
        };
        auto const id = diag::info(finding.code).id;
        add({id.data(), id.size()});
        add(finding.object);
        add(!finding.evidence.empty() ? llvm::StringRef(finding.evidence)
            : finding.span.size() > 0 ? input.sources.text(finding.span)
                                      : llvm::StringRef(finding.message));
        std::string print =
            llvm::toHex(llvm::ArrayRef(hash.final()).take_front(12), /*LowerCase=*/true);
        unsigned const number = ++seen[print];
        if (number > 1)
            print += ":" + std::to_string(number);
        prints.push_back(std::move(print));
    }
    return prints;
}

} // namespace hoist::report
