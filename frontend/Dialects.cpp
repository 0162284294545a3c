// The table of front ends.
#include "frontend/Frontend.h"
#include "frontend/controlm/Controlm.h"
#include "frontend/cron/Cron.h"
#include "frontend/jil/Format.h"
#include "frontend/jil/Jil.h"
#include "frontend/jil/Taken.h"

namespace hoist {

llvm::ArrayRef<Frontend> frontends() {
    static constexpr Frontend rows[] = {
#define DIALECT(space, name, dialect, layout)                                                      \
    {name,   ir::Dialect::dialect, space::sniff, space::read,                                      \
     layout, space::marks,         space::parts, space::keywords},
#include "frontend/Dialects.def"
#undef DIALECT
    };
    return rows;
}

} // namespace hoist
