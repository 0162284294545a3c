// Template placeholders: `${NAME}`, `~{$NAME}~`, `%NAME%`, resolved from the site's defines.
#pragma once

#include "frontend/ir/Estate.h"
#include "frontend/jil/Vocabulary.h"

namespace hoist::jil {

/// The rule. A placeholder that has a value is replaced, in every attribute. One that has none is
/// carried as it stands; it is reported (P0006) where nothing can resolve it at run time: in names,
/// times, conditions, numbers, machines. In commands, files, profiles and other free text `${X}`
/// and `%X%` may be the shell's own variable and are no finding; `~{$X}~` is no shell's syntax and
/// is always reported. `$$X` and `$${X}` are global variables of the scheduler (JIL-162) and never
/// placeholders.
class Placeholders {
public:
    Placeholders(ir::Estate& target, diag::Diagnostics& findings)
        : estate(target), diags(findings) {}

    /// The value with everything resolved that can be. `where` is the value's span, `object` is
    /// named in findings. Returns `value` itself if nothing was replaced.
    llvm::StringRef resolve(llvm::StringRef value, Span where, ValueKind kind,
                            llvm::StringRef object);

private:
    ir::Estate& estate;
    diag::Diagnostics& diags;
};

} // namespace hoist::jil
