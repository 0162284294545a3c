// Delta debugging of an estate: takes parts out while a question stays answered with yes.
//
// Statements go first, then attributes, then operands of conditions, and all of that again until
// nothing goes: without an attribute another statement may not be needed any more. Of each kind,
// halves are tried before quarters, and single parts last, over and over until a whole round takes
// nothing out; so the result is 1-minimal: without any one statement the answer is no.
//
// It costs about k · log(n / k) tries for k parts that are needed of n, and each try reads what is
// left; the first tries, on an estate of ten thousand jobs, are the dear ones. So the question
// first tries the statements that the finding points at.
#pragma once

#include "frontend/Frontend.h"

#include <llvm/ADT/ArrayRef.h>
#include <llvm/ADT/STLFunctionalExtras.h>

#include <string>
#include <vector>

namespace hoist {

struct EstateFile {
    std::string path, text;
    Frontend const* frontend = nullptr;
};

class Reduction {
public:
    using Question = llvm::function_ref<bool(std::vector<EstateFile> const&)>;
    /// A file of the estate, and bytes in it.
    struct Place {
        size_t file = 0;
        ByteRange range;
    };

    /// `budget`: how many tries. The question must be answered with yes for `estate`.
    Reduction(std::vector<EstateFile> estate, Question shows, unsigned budget)
        : files(std::move(estate)), question(shows), left(budget) {}

    /// `hints`: what is probably needed.
    void run(llvm::ArrayRef<Place> hints);

    std::vector<EstateFile> const& estate() const { return files; }
    size_t statements() const;
    unsigned tries() const { return tried; }
    /// False when the budget ended before all single parts had been tried.
    bool isMinimal() const { return left > 0; }

private:
    struct Choice {
        size_t file;
        Part part;
    };
    std::vector<Choice> choices(Part::Level level) const;
    std::vector<EstateFile> without(std::vector<Choice> const& choices,
                                    std::vector<bool> const& gone) const;
    bool tryWithout(std::vector<Choice> const& choices, std::vector<bool> const& gone);
    bool reduceLevel(Part::Level level);
    bool reduceOperands();
    void keepOnly(llvm::ArrayRef<Place> hints);

    std::vector<EstateFile> files;
    Question question;
    unsigned left, tried = 0;
};

} // namespace hoist
